import Crypto
import TestKit
import Testing
import Wire

@testable import Reactor

/// TLS over connections of the simulated network.
struct TLSConnectionTests {
    /// One end, and what was told of it.
    private final class End {
        let stream: any StreamConnection
        private(set) var isOpen = false
        private(set) var received: [UInt8] = []
        private(set) var closures: [StreamCloseReason] = []

        init(_ stream: any StreamConnection) {
            self.stream = stream
            stream.handler = { [unowned self] event in
                switch event {
                case .opened: isOpen = true
                case .received(let bytes): received += bytes
                case .closed(let reason): closures.append(reason)
                }
            }
        }
    }

    private final class World {
        let simulation: Simulation
        let address: SocketAddress
        let clientHost: SimulatedHost
        let listener: any StreamListener
        private(set) var accepted: [End] = []
        private var retained: [End] = []

        init(seed: UInt64, over quality: BadNetwork, _ certificate: Certificate) throws {
            simulation = Simulation(seed: seed, over: quality)
            let host = simulation.host("192.0.2.1")
            clientHost = simulation.host("192.0.2.2")
            let context = try TLSContext(server: TLSIdentity(certificate))
            address = try #require(SocketAddress("192.0.2.1:5061"))
            var take: (any StreamConnection) -> Void = { _ in }
            listener = try host.listen(on: address) { take($0) }
            take = { [unowned self] stream in
                if let secured = TLSConnection(over: stream, context: context, now: TestCertificates.now) {
                    accepted.append(End(secured))
                }
            }
        }

        func connect(_ settings: TLSClientSettings) throws -> End {
            let context = try TLSContext(client: settings)
            let secured = TLSConnection(
                over: clientHost.connect(to: address), context: context, now: TestCertificates.now)
            return End(try #require(secured))
        }

        func run(_ duration: Duration = .seconds(60)) { simulation.loop.advance(by: duration) }
    }

    @Test(arguments: [BadNetwork.perfect, .terrible])
    func `bytes go both ways, and closing is told as what it is`(quality: BadNetwork) throws {
        let certificate = try TestCertificates.make()
        for seed in Seeds.some(3) {
            let world = try World(seed: seed, over: quality, certificate)
            let client = try world.connect(
                TLSClientSettings(
                    serverName: "sip.example", authorities: TestCertificates.file(certificate)))
            client.stream.send(Array("hello".utf8))
            world.run()
            let server = try #require(world.accepted.first, "seed \(seed)")
            #expect(server.isOpen && client.isOpen, "seed \(seed)")
            #expect(server.received == Array("hello".utf8), "seed \(seed)")
            let large = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            server.stream.send(large)
            world.run()
            #expect(client.received == large, "seed \(seed)")
            client.stream.close()
            world.run()
            #expect(client.closures == [.local], "seed \(seed)")
            #expect(server.closures == [.remote], "seed \(seed)")
            world.listener.close()
            try world.simulation.checkNothingIsLeft()
        }
    }

    @Test func `a server that is not who it should be is told as such, and nothing was opened`() throws {
        let certificate = try TestCertificates.make()
        let world = try World(seed: 1, over: .perfect, certificate)
        let settings = TLSClientSettings(
            serverName: "other.example", authorities: try TestCertificates.file(certificate))
        let client = try world.connect(settings)
        client.stream.send([1])
        world.run()
        #expect(!client.isOpen)
        #expect(client.closures == [.failed(.tls(.nameMismatch(expected: "other.example")))])
        #expect(world.accepted.first?.received == [])
    }

    @Test func `plain text at a TLS port is closed with its reason`() throws {
        let world = try World(seed: 1, over: .perfect, TestCertificates.make())
        let plain = End(world.clientHost.connect(to: world.address))
        plain.stream.send(Array("REGISTER sip:a SIP/2.0\r\n".utf8))
        world.run()
        #expect(plain.closures.count == 1)
        guard case .failed(.tls(.protocolViolation))? = world.accepted.first?.closures.first else {
            Issue.record("\(world.accepted.map(\.closures))")
            return
        }
    }
}
