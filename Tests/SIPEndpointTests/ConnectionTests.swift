import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// TCP peers: framing, keep-alives, limits.
struct ConnectionTests {
    private final class Client {
        let stream: any StreamConnection
        private(set) var received: [UInt8] = []
        private(set) var isClosed = false

        init(_ host: SimulatedHost) {
            let exchange = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5060)
            stream = host.connect(to: exchange)
            stream.handler = { [unowned self] event in
                switch event {
                case .opened: break
                case .received(let bytes): received += bytes
                case .closed: isClosed = true
                }
            }
        }

        var text: String { String(decoding: received, as: UTF8.self) }
    }

    private let options = """
        OPTIONS sip:192.0.2.1 SIP/2.0\r
        Via: SIP/2.0/TCP 192.0.2.66:5060;branch=z9hG4bKx\r
        From: <sip:a@b>;tag=1\r
        To: <sip:192.0.2.1>\r
        Call-ID: x\r
        CSeq: 1 OPTIONS\r
        Content-Length: 0\r
        \r

        """

    @Test func `a message in pieces is read and a double CRLF gets its CRLF`() throws {
        let world = try Exchange()
        let client = Client(world.simulation.host("192.0.2.66"))
        for byte in options.utf8 { client.stream.send([byte]) }
        world.run(.seconds(1))
        #expect(client.text.hasPrefix("SIP/2.0 200 OK"))
        let before = client.received.count
        client.stream.send(Array("\r\n\r\n".utf8))
        world.run(.seconds(1))
        #expect(client.received.count == before + 2)
    }

    @Test func `a connection that never says a whole message is closed, and an idle one later`() throws {
        let world = try Exchange()
        let host = world.simulation.host("192.0.2.66")
        let (silent, talking) = (Client(host), Client(host))
        silent.stream.send(Array("OPTIONS sip:".utf8))
        talking.stream.send(Array(options.utf8))
        world.run(.seconds(60))
        #expect(silent.isClosed)
        #expect(!talking.isClosed)
        world.run(.seconds(600))
        #expect(talking.isClosed)
        #expect(world.exchange.statistics.connections == 0)
    }

    @Test func `a stranger keeps no connection open by drops of a message`() throws {
        let world = try Exchange()
        let client = Client(world.simulation.host("192.0.2.66"))
        for _ in 0..<8 {
            client.stream.send(Array("O".utf8))
            world.run(.seconds(10))
        }
        #expect(client.isClosed)
    }

    @Test func `noise closes the connection and a bad message only gets its answer`() throws {
        let world = try Exchange()
        let host = world.simulation.host("192.0.2.66")
        let (noisy, wrong) = (Client(host), Client(host))
        noisy.stream.send([0x16, 0x03, 0x01, 0, 0])
        wrong.stream.send(Array(options.replacing("CSeq: 1 OPTIONS", with: "CSeq: banana").utf8))
        wrong.stream.send(Array(options.utf8))
        world.run(.seconds(1))
        #expect(noisy.isClosed)
        #expect(wrong.text.contains("SIP/2.0 400"))
        #expect(wrong.text.contains("SIP/2.0 200"))
        #expect(!wrong.isClosed)
    }

    @Test func `one address may not take every connection`() throws {
        let world = try Exchange { $0.transport.connectionsPerAddress = 5 }
        let host = world.simulation.host("192.0.2.66")
        let clients = (0..<8).map { _ in Client(host) }
        world.run(.seconds(1))
        #expect(clients.count { $0.isClosed } == 3)
        #expect(world.exchange.statistics.connections == 5)
    }

    @Test func `strangers leave half the room to those we know, and all of it to our own connections`() throws {
        var trunk = Trunk(name: "provider", host: "198.51.100.1", port: 5060, transport: .tcp)
        trunk.keepAlive = .seconds(10)
        let world = try Exchange {
            $0.transport.connections = 8
            $0.trunks = [trunk]
        }
        let provider = world.simulation.host("198.51.100.1")
        var accepted = 0
        let strangers = (0..<12).map { Client(world.simulation.host("192.0.2.\($0 + 60)")) }
        world.run(.seconds(1))
        #expect(strangers.count { !$0.isClosed } == 4)
        let known = (0..<6).map { _ in Client(provider) }
        world.run(.seconds(1))
        #expect(known.count { !$0.isClosed } == 4)
        let listener = try provider.listen(on: SocketAddress(ip: .anyIPv4, port: 5060)) { _ in accepted += 1 }
        world.run(.seconds(20))
        #expect(strangers.count { !$0.isClosed } == 4)
        #expect(accepted > 0)
        listener.close()
    }

    @Test func `a digit by INFO is read in both its forms`() {
        let relay = InfoDigit(contentType: "application/dtmf-relay", body: Array("Signal= 5\r\nDuration=250\r\n".utf8))
        #expect(relay?.character == "5")
        #expect(relay?.milliseconds == 250)
        #expect(InfoDigit(contentType: "application/dtmf", body: Array("#".utf8))?.character == "#")
        for body in ["", "55", "Signal=X", "x"] {
            #expect(InfoDigit(contentType: "application/dtmf-relay", body: Array(body.utf8)) == nil)
        }
        #expect(InfoDigit(contentType: "text/plain", body: Array("5".utf8)) == nil)
    }

    @Test func `the address of ours that faces loopback is loopback`() {
        #expect(LocalAddress.facing(.loopbackIPv4) == .loopbackIPv4)
    }
}
