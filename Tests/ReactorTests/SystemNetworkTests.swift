import Reactor
import Testing
import Wire

struct SystemNetworkTests {
    private let loop: ControlLoop
    private let network: SystemNetwork
    private let local: SocketAddress

    init() throws {
        loop = try ControlLoop()
        network = SystemNetwork(loop: loop)
        local = SocketAddress(ip: .loopbackIPv4, port: 0)
    }

    @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
    func `datagrams come and go, empty and large`(address: String) throws {
        let local = try #require(SocketAddress(address))
        let sizes = [0, 1, 1400, 60_000]
        var echoed: [Int] = []
        weak var server: (any DatagramSocket)?
        server = try network.openDatagram(on: local) { bytes, source in server?.send(bytes, to: source) }
        let serverAddress = try #require(server?.localAddress)
        let client = try network.openDatagram(on: local) { bytes, source in
            #expect(source == serverAddress)
            echoed.append(bytes.count)
            if echoed.count == sizes.count { loop.stop() }
        }
        for size in sizes { client.send([UInt8](repeating: 7, count: size), to: serverAddress) }
        run(loop)
        #expect(echoed == sizes)
    }

    @Test func `a port in use is refused, and free again once closed`() throws {
        let first = try network.openDatagram(on: local) { _, _ in }
        let address = first.localAddress
        #expect(throws: NetworkError.addressInUse) { try network.openDatagram(on: address) { _, _ in } }
        let listener = try network.listen(on: local) { _ in }
        #expect(throws: NetworkError.addressInUse) { try network.listen(on: listener.localAddress) { _ in } }
        first.close()
        loop.schedule(after: .milliseconds(1)) {
            #expect(throws: Never.self) { try network.openDatagram(on: address) { _, _ in } }
            loop.stop()
        }
        run(loop)
        #expect(loop.openHandles == 0)
    }

    @Test func `an address of another machine cannot be bound`() throws {
        let foreign = try #require(SocketAddress("192.0.2.1:5060"))
        #expect(throws: NetworkError.addressNotAvailable) { try network.openDatagram(on: foreign) { _, _ in } }
        #expect(throws: NetworkError.addressNotAvailable) { try network.listen(on: foreign) { _ in } }
    }

    @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
    func `a stream carries everything both ways and ends once at each side`(address: String) throws {
        let payload = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var serverEvents = Transcript()
        var clientEvents = Transcript()
        let listener = try network.listen(on: #require(SocketAddress(address))) { connection in
            connection.handler = { event in
                serverEvents.note(event)
                if case .received(let bytes) = event { connection.send(bytes) }
            }
        }
        let client = network.connect(to: listener.localAddress)
        client.send(payload)
        client.handler = { event in
            clientEvents.note(event)
            if clientEvents.received.count == payload.count { client.close() }
        }
        loop.schedule(after: .milliseconds(200)) { checkEnd() }
        func checkEnd() {
            guard serverEvents.closed == nil || clientEvents.closed == nil else { return loop.stop() }
            loop.schedule(after: .milliseconds(5)) { checkEnd() }
        }
        run(loop)
        #expect(clientEvents.received == payload)
        #expect(serverEvents.received == payload)
        #expect(clientEvents.openings == 1)
        #expect(clientEvents.closed == .local)
        #expect(serverEvents.closed == .remote)
        #expect(clientEvents.closings == 1 && serverEvents.closings == 1)
    }

    @Test func `connecting where nobody listens is refused, in a later turn`() throws {
        let listener = try network.listen(on: local) { _ in }
        let address = listener.localAddress
        listener.close()
        var events = Transcript()
        loop.schedule(after: .milliseconds(1)) {
            let connection = network.connect(to: address)
            connection.handler = { event in
                events.note(event)
                loop.stop()
            }
            #expect(events.closed == nil)
        }
        run(loop)
        #expect(events.closed == .failed(.refused))
        #expect(events.openings == 0)
    }

    @Test func `a peer that does not read is cut off at the limit`() throws {
        var limits = NetworkLimits()
        limits.queuedBytesPerConnection = 100_000
        let network = SystemNetwork(loop: loop, limits: limits)
        var largestQueue = 0
        var reason: StreamCloseReason?
        let listener = try network.listen(on: local) { connection in
            connection.handler = { event in
                if case .closed(let why) = event {
                    reason = why
                    loop.stop()
                }
            }
            func flood() {
                guard reason == nil else { return }
                connection.send([UInt8](repeating: 1, count: 10_000))
                largestQueue = max(largestQueue, connection.queuedBytes)
                loop.later { flood() }
            }
            flood()
        }
        // A connection that never reads: the handler blocks nothing, but its bytes stay with the kernel.
        let deaf = DeafPeer(port: listener.localAddress.port)
        run(loop)
        #expect(reason == .overflow)
        #expect(largestQueue <= 100_000)
        deaf.close()
    }

    @Test func `what was sent before closing still arrives`() throws {
        var received = 0
        let total = 4_000_000
        var limits = NetworkLimits()
        limits.queuedBytesPerConnection = total
        let network = SystemNetwork(loop: loop, limits: limits)
        let listener = try network.listen(on: local) { connection in
            connection.handler = { event in
                switch event {
                case .received(let bytes): received += bytes.count
                case .closed: loop.stop()
                case .opened: break
                }
            }
        }
        let client = network.connect(to: listener.localAddress)
        client.handler = { event in
            guard event == .opened else { return }
            client.send([UInt8](repeating: 5, count: total))
            client.close()
            client.send([1])
        }
        run(loop)
        #expect(received == total)
    }

    @Test func `connections beyond a listener's limit are closed at once`() throws {
        var limits = NetworkLimits()
        limits.connectionsPerListener = 1
        let network = SystemNetwork(loop: loop, limits: limits)
        var accepted = 0
        let listener = try network.listen(on: local) { _ in accepted += 1 }
        let first = network.connect(to: listener.localAddress)
        var second: (any StreamConnection)?
        first.handler = { event in
            guard event == .opened else { return }
            let late = network.connect(to: listener.localAddress)
            late.handler = { if case .closed = $0 { loop.stop() } }
            second = late
        }
        run(loop)
        #expect(accepted == 1)
        #expect(second != nil)
    }

    @Test func `hosts are looked up, numeric ones too, always in a later turn`() throws {
        var answers: [String: [IPAddress]] = [:]
        let hosts = ["192.0.2.7", "[2001:db8::1]", "localhost", String(repeating: "x", count: 300)]
        for host in hosts {
            network.resolve(host) { addresses in
                answers[host] = addresses
                if answers.count == hosts.count { loop.stop() }
            }
        }
        #expect(answers.isEmpty)
        run(loop)
        #expect(answers["192.0.2.7"] == [try #require(IPAddress("192.0.2.7"))])
        #expect(answers["[2001:db8::1]"] == [try #require(IPAddress("2001:db8::1"))])
        #expect(answers["localhost"]?.contains { $0.isLoopback } == true)
        #expect(answers[hosts[3]] == [])
    }

    @Test func `a stopped loop closes every socket without a word`() throws {
        var events = Transcript()
        _ = try network.openDatagram(on: local) { _, _ in }
        let listener = try network.listen(on: local) { _ in }
        let connection = network.connect(to: listener.localAddress)
        connection.handler = { event in
            events.note(event)
            loop.stop()
        }
        run(loop)
        #expect(events.closings == 0)
        #expect(loop.openHandles == 0)
    }
}

/// What a connection told its handler.
struct Transcript {
    private(set) var openings = 0
    private(set) var closings = 0
    private(set) var received: [UInt8] = []
    private(set) var closed: StreamCloseReason?

    mutating func note(_ event: StreamEvent) {
        switch event {
        case .opened: openings += 1
        case .received(let bytes): received += bytes
        case .closed(let reason):
            closings += 1
            closed = reason
        }
    }
}
