import Reactor
import TestKit
import Testing
import Wire

struct SimulatedNetworkTests {
    private let sip = SocketAddress(ip: .anyIPv4, port: 5060)

    /// Sends numbered datagrams one a millisecond; says what arrived and when.
    private func datagramTrace(_ seed: UInt64, over quality: BadNetwork) throws -> [String] {
        let simulation = Simulation(seed: seed, over: quality)
        let (alice, bob) = (simulation.host("10.0.0.1"), simulation.host("10.0.0.2"))
        let start = simulation.loop.now
        var trace: [String] = []
        let receiver = try bob.openDatagram(on: sip) { bytes, source in
            trace.append("\((simulation.loop.now - start).wholeNanoseconds) \(source) \(bytes)")
        }
        let sender = try alice.openDatagram(on: sip) { _, _ in }
        let target = try #require(SocketAddress("10.0.0.2:5060"))
        for number in 0..<200 {
            simulation.loop.schedule(after: .milliseconds(number)) { sender.send([UInt8(number)], to: target) }
        }
        simulation.loop.runUntilIdle()
        sender.close()
        receiver.close()
        try simulation.checkNothingIsLeft()
        return trace
    }

    @Test func `one seed gives one trace, another seed another`() throws {
        let traces = try (1...10).map { try datagramTrace($0, over: .terrible) }
        #expect(try traces == (1...10).map { try datagramTrace($0, over: .terrible) })
        #expect(Set(traces).count == 10)
    }

    @Test func `a perfect network delivers all in order, a terrible one loses, doubles and reorders`() throws {
        let perfect = try datagramTrace(1, over: .perfect)
        #expect(perfect.count == 200)
        #expect(perfect.first == "1000000 10.0.0.1:5060 [0]")
        let numbers = try datagramTrace(1, over: .terrible).compactMap { $0.split(separator: " ").last }
        #expect((120..<195).contains(Set(numbers).count))
        #expect(Set(numbers).count < numbers.count)
        #expect(numbers != numbers.sorted())
    }

    @Test func `a partition stops datagrams until it is healed`() throws {
        let simulation = Simulation(seed: 1)
        let (alice, bob) = (simulation.host("10.0.0.1"), simulation.host("10.0.0.2"))
        var received: [UInt8] = []
        _ = try bob.openDatagram(on: sip) { bytes, _ in received += bytes }
        let sender = try alice.openDatagram(on: sip) { _, _ in }
        let target = try #require(SocketAddress("10.0.0.2:5060"))
        for number in UInt8(0)..<3 {
            if number == 1 { simulation.network.partition(alice, bob) }
            if number == 2 { simulation.network.heal(alice, bob) }
            sender.send([number], to: target)
            simulation.loop.advance(by: .seconds(1))
        }
        #expect(received == [0, 2])
    }

    @Test func `addresses belong to their host and can be bound once`() throws {
        let host = Simulation(seed: 1)
        let alice = host.host("10.0.0.1", "2001:db8::1")
        let socket = try alice.openDatagram(on: sip) { _, _ in }
        let specific = try #require(SocketAddress("10.0.0.1:5060"))
        let foreign = try #require(SocketAddress("10.0.0.2:5060"))
        #expect(throws: NetworkError.addressInUse) { try alice.openDatagram(on: specific) { _, _ in } }
        #expect(throws: NetworkError.addressNotAvailable) { try alice.openDatagram(on: foreign) { _, _ in } }
        #expect(throws: Never.self) {
            try alice.openDatagram(on: #require(SocketAddress("[2001:db8::1]:5060"))) { _, _ in }
        }
        socket.close()
        #expect(throws: Never.self) { try alice.openDatagram(on: specific) { _, _ in } }
    }

    @Test(arguments: Seeds.some(30), [BadNetwork.perfect, .terrible])
    func `a stream delivers every byte in order in pieces of its own choosing`(
        seed: UInt64, quality: BadNetwork
    ) throws {
        let simulation = Simulation(seed: seed, over: quality)
        let (alice, bob) = (simulation.host("10.0.0.1"), simulation.host("10.0.0.2"))
        let payload = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var server = Transcript()
        var client = Transcript()
        let listener = try bob.listen(on: sip) { connection in
            connection.send(Array(payload.prefix(100)))
            connection.handler = { server.note($0) }
        }
        let connection = alice.connect(to: try #require(SocketAddress("10.0.0.2:5060")))
        connection.handler = { client.note($0) }
        for start in stride(from: 0, to: payload.count, by: 500) {
            connection.send(Array(payload[start..<start + 500]))
            simulation.loop.advance(by: .milliseconds(3))
        }
        simulation.loop.advance(by: .seconds(60))
        connection.close()
        simulation.loop.runUntilIdle()
        #expect(server.received == payload)
        #expect(client.received == Array(payload.prefix(100)))
        #expect((client.openings, client.closings, client.closed) == (1, 1, .local))
        #expect((server.closings, server.closed) == (1, .remote))
        listener.close()
        try simulation.checkNothingIsLeft()
    }

    @Test func `connecting is refused without a listener and times out without an answer`() throws {
        let simulation = Simulation(seed: 1)
        let (alice, bob) = (simulation.host("10.0.0.1"), simulation.host("10.0.0.2"))
        var refused = Transcript()
        var silent = Transcript()
        let target = try #require(SocketAddress("10.0.0.2:5060"))
        alice.connect(to: target).handler = { refused.note($0) }
        simulation.loop.advance(by: .seconds(1))
        #expect(refused.closed == .failed(.refused))
        simulation.network.partition(alice, bob)
        let start = simulation.loop.now
        alice.connect(to: target).handler = { silent.note($0) }
        simulation.loop.runUntilIdle()
        #expect(silent.closed == .failed(.timedOut))
        #expect(simulation.loop.now - start == NetworkLimits().connectTimeout)
        try simulation.checkNothingIsLeft()
    }

    @Test func `a stream waits out a partition, and gives up a long one`() throws {
        let simulation = Simulation(seed: 9)
        let (alice, bob) = (simulation.host("10.0.0.1"), simulation.host("10.0.0.2"))
        var server = Transcript()
        var client = Transcript()
        _ = try bob.listen(on: sip) { $0.handler = { server.note($0) } }
        let connection = alice.connect(to: try #require(SocketAddress("10.0.0.2:5060")))
        connection.handler = { client.note($0) }
        simulation.loop.advance(by: .seconds(1))
        simulation.network.partition(alice, bob)
        connection.send([1, 2])
        simulation.loop.advance(by: .seconds(120))
        #expect(server.received.isEmpty)
        #expect(connection.queuedBytes == 2)
        simulation.network.heal(alice, bob)
        simulation.loop.advance(by: .seconds(2))
        #expect(server.received == [1, 2])
        simulation.network.partition(alice, bob)
        connection.send([3])
        simulation.loop.advance(by: .seconds(3600))
        #expect(client.closed == .failed(.timedOut))
    }

    @Test(arguments: [false, true]) func `a restart kills every socket of the host`(announcing: Bool) throws {
        let simulation = Simulation(seed: 2)
        let (alice, bob) = (simulation.host("10.0.0.1"), simulation.host("10.0.0.2"))
        var server = Transcript()
        var client = Transcript()
        _ = try bob.listen(on: sip) { $0.handler = { server.note($0) } }
        _ = try bob.openDatagram(on: sip) { _, _ in }
        let connection = alice.connect(to: try #require(SocketAddress("10.0.0.2:5060")))
        connection.handler = { client.note($0) }
        simulation.loop.advance(by: .seconds(1))
        bob.restart(announcing: announcing)
        #expect(bob.openSockets == 0)
        simulation.loop.advance(by: .seconds(1))
        #expect((client.closed != nil) == announcing)
        connection.send([1])
        simulation.loop.advance(by: .seconds(1))
        #expect(client.closed == .failed(.reset))
        #expect(server.closings == 0)
        #expect(throws: Never.self) { try bob.listen(on: sip) { _ in } }
    }

    @Test func `names and numbers are resolved in a later turn`() throws {
        let simulation = Simulation(seed: 1)
        let alice = simulation.host("10.0.0.1")
        let address = try #require(IPAddress("10.0.0.9"))
        simulation.network.names["sip.example"] = [address]
        var answers: [[IPAddress]] = []
        alice.resolve("SIP.example") { answers.append($0) }
        simulation.loop.runReady()
        alice.resolve("10.0.0.9") { answers.append($0) }
        simulation.loop.runReady()
        alice.resolve("nowhere.example") { answers.append($0) }
        #expect(answers.count == 2)
        simulation.loop.runReady()
        #expect(answers == [[address], [address], []])
    }
}
