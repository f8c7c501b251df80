import Crypto
import Foundation
import ICE
import Reactor
import SIP
import Telemetry
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// The transports alone: connections that we open.
struct TransportTests {
    private final class End {
        let host: SimulatedHost
        var transports: SIPTransports?
        private(set) var messages: [Flow] = []
        private(set) var failures: [Flow] = []
        var isTrusting = false
        var isInCall = false

        init(_ simulation: Simulation, at address: String) {
            host = simulation.host(address)
            let policy = TransportPolicy(
                admits: { _ in true }, trusts: { [unowned self] _ in isTrusting },
                isUsed: { [unowned self] _ in isInCall },
                deliver: { [unowned self] input in
                    switch input {
                    case .message(_, _, let flow): messages.append(flow)
                    case .malformed: break
                    case .failed(let flow): failures.append(flow)
                    }
                })
            transports = SIPTransports(
                loop: simulation.loop, network: host, limits: TransportLimits(), policy: policy, logger: .silent)
        }

        var connections: Int { transports?.connectionCount ?? 0 }
        func send(_ flow: Flow) { transports?.send(Array(TransportTests.options.utf8), over: flow) }
    }

    private static let options = """
        OPTIONS sip:192.0.2.1 SIP/2.0\r
        Via: SIP/2.0/TLS 192.0.2.2;branch=z9hG4bKx\r
        From: <sip:a@b>;tag=1\r
        To: <sip:192.0.2.1>\r
        Call-ID: x\r
        CSeq: 1 OPTIONS\r
        Content-Length: 0\r
        \r

        """

    private struct Pair {
        let simulation = Simulation(seed: 1)
        let client: End
        let server: End
        let authorities: String

        init() throws {
            client = End(simulation, at: "192.0.2.2")
            server = End(simulation, at: "192.0.2.1")
            let certificate = try Certificate.selfSigned(
                commonName: "sip.example", names: [.uri("sip:sip.example")], now: simulation.loop.wallTime)
            authorities = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-\(UUID()).pem").path
            try certificate.certificatePEM.write(toFile: authorities, atomically: true, encoding: .utf8)
            try server.transports?.open(on: [SocketAddress(ip: .anyIPv4, port: 5060)])
            try server.transports?.openSecure(
                on: [SocketAddress(ip: .anyIPv4, port: 5061)], TLSIdentity(certificate))
        }

        func flow(_ domain: String) throws -> Flow {
            Flow(transport: .tls, remote: try #require(SocketAddress("192.0.2.1:5061")), domain: domain)
        }

        func trust(_ domain: String) {
            client.transports?.outboundTLS.set(
                TLSClientSettings(serverName: domain, authorities: authorities), for: domain)
        }

        func run(_ duration: Duration = .seconds(2)) { simulation.loop.advance(by: duration) }
    }

    @Test func `a TLS connection to a name is opened once, and anew when it broke`() throws {
        let pair = try Pair()
        pair.trust("sip.example")
        let flow = try pair.flow("sip.example")
        pair.client.send(flow)
        pair.client.send(flow)
        pair.run()
        #expect(pair.server.messages.count == 2)
        #expect(pair.client.connections == 1)
        #expect(pair.client.failures.isEmpty)
        // What the server answers comes back over the same connection.
        let back = try #require(pair.server.messages.first)
        #expect(back.domain == nil)
        pair.server.send(back)
        pair.run()
        #expect(pair.client.messages.first?.domain == "sip.example")

        pair.server.transports?.closeConnections()
        pair.run()
        #expect(pair.client.failures.contains(flow))
        pair.server.send(back)
        pair.run()
        #expect(pair.server.failures.contains(back))
        #expect(pair.client.connections == 0)
        pair.client.send(flow)
        pair.run()
        #expect(pair.server.messages.count == 3)
    }

    @Test func `a server of another name, or of nobody we trust, gets nothing`() throws {
        let pair = try Pair()
        pair.trust("other.example")
        for domain in ["other.example", "sip.example"] {
            let flow = try pair.flow(domain)
            pair.client.send(flow)
            pair.run()
            #expect(pair.client.failures.contains(flow), "\(domain)")
        }
        #expect(pair.server.messages.isEmpty)
        #expect(pair.client.connections == 0)
        let unnamed = Flow(transport: .tls, remote: try pair.flow("x").remote)
        pair.client.send(unnamed)
        pair.run(.milliseconds(1))
        #expect(pair.client.failures.last == unnamed)
    }

    @Test func `a handshake that does not end is given up, by either side`() throws {
        let pair = try Pair()
        let mute = pair.simulation.host("192.0.2.3")
        var held: [any StreamConnection] = []
        let listener = try mute.listen(on: SocketAddress(ip: .anyIPv4, port: 5061)) { held.append($0) }
        let remote = try #require(SocketAddress("192.0.2.3:5061"))
        let flow = Flow(transport: .tls, remote: remote, domain: "sip.example")
        pair.client.send(flow)
        let silent = mute.connect(to: try pair.flow("x").remote)
        pair.run(.seconds(9))
        #expect(pair.client.failures.isEmpty)
        #expect(pair.server.connections == 1)
        pair.run(.seconds(2))
        #expect(pair.client.failures.contains(flow))
        #expect(pair.server.connections == 0)
        silent.close()
        listener.close()
    }

    @Test func `a peer that answers keep-alives stays, a silent one is left within forty seconds`() throws {
        let pair = try Pair()
        // As a phone's registrar does: keep-alives of strangers keep nothing.
        pair.server.isTrusting = true
        let answering = Flow(transport: .tcp, remote: try #require(SocketAddress("192.0.2.1:5060")))
        let mute = pair.simulation.host("192.0.2.3")
        var held: [any StreamConnection] = []
        let listener = try mute.listen(on: SocketAddress(ip: .anyIPv4, port: 5060)) { held.append($0) }
        let silent = Flow(transport: .tcp, remote: try #require(SocketAddress("192.0.2.3:5060")))
        pair.client.send(answering)
        pair.client.send(silent)
        pair.run()
        let end = pair.simulation.loop.now + .seconds(3600)
        for flow in [answering, silent] { pair.client.transports?.keepAlive(flow, until: end, expectsPong: true) }
        pair.run(.seconds(20))
        #expect(pair.client.failures.isEmpty)
        pair.run(.seconds(22))
        #expect(Set(pair.client.failures).contains(silent))
        pair.run(.seconds(3000))
        #expect(!pair.client.failures.contains(answering))
        #expect(pair.client.connections == 1)
        // When nothing rests on it any more it is idle like any other.
        pair.run(.seconds(1500))
        #expect(pair.client.connections == 0)
        listener.close()
    }

    @Test func `a silent connection is closed, unless a call rests on it`() throws {
        let pair = try Pair()
        pair.client.send(Flow(transport: .tcp, remote: try #require(SocketAddress("192.0.2.1:5060"))))
        pair.server.isInCall = true
        pair.client.isInCall = true
        pair.run(.seconds(1800))
        #expect(pair.server.connections == 1)
        pair.client.isInCall = false
        pair.run(.seconds(20))
        #expect(pair.client.connections == 0)
        #expect(pair.server.connections == 0)
    }

    @Test func `a peer that need not answer is only kept talked to`() throws {
        let pair = try Pair()
        let mute = pair.simulation.host("192.0.2.3")
        var heard: [UInt8] = []
        var held: [any StreamConnection] = []
        let listener = try mute.listen(on: SocketAddress(ip: .anyIPv4, port: 5060)) { stream in
            held.append(stream)
            stream.handler = { if case .received(let bytes) = $0 { heard += bytes } }
        }
        let silent = Flow(transport: .tcp, remote: try #require(SocketAddress("192.0.2.3:5060")))
        pair.client.send(silent)
        pair.run()
        heard = []
        let end = pair.simulation.loop.now + .seconds(300)
        pair.client.transports?.keepAlive(silent, until: end, expectsPong: false)
        pair.run(.seconds(290))
        #expect(pair.client.failures.isEmpty)
        #expect((9...11).contains(heard.count / 4))
        listener.close()
    }

    @Test func `STUN on the SIP port says where it came from, to strangers in no more bytes than they sent`() throws {
        let pair = try Pair()
        let host = pair.simulation.host("192.0.2.3")
        var answers: [[UInt8]] = []
        let socket = try host.openDatagram(on: SocketAddress(ip: .anyIPv4, port: 7000)) { bytes, _ in
            answers.append(bytes)
        }
        let remote = try #require(SocketAddress("192.0.2.1:5060"))
        var entropy = Entropy(seed: 1)
        let request = STUNWriter(.request, transactionID: STUNTransactionID(from: &entropy)).finish(integrityKey: nil)
        socket.send(request, to: remote)
        pair.run()
        #expect(answers.isEmpty)
        pair.server.isTrusting = true
        socket.send(request, to: remote)
        socket.send([0, 1, 0, 99], to: remote)
        pair.run()
        #expect(answers.count == 1)
        let answer = try #require(answers.first)
        let mapped = try STUNMessage(answer.span.bytes).xorMappedAddress
        #expect(mapped == SocketAddress("192.0.2.3:7000"))
        socket.close()
    }
}
