import SIP
import TestKit
import Testing
import Web
import Wire

@testable import SIPEndpoint

/// SIP over WebSocket (RFC 7118) at the door.
struct WebSocketPhoneTests {
    @Test func `a foreign page and another subprotocol are refused, our own page and a listed one are not`() throws {
        let world = try TransportWorld()
        let host = world.simulation.host("198.51.100.9")
        let wires = [
            world.socket(from: host, origin: "https://evil.example"),
            world.socket(from: host, subprotocol: "chat"),
            world.socket(from: host, origin: "https://tandem.test"),
            world.socket(from: host, origin: "https://crm.example"),
        ]
        world.run()
        #expect(wires.map(\.status) == [403, 400, 101, 101])
        #expect(world.with { $0.statistics().connections } == 2)
    }

    @Test func `keep-alives, text and binary messages are understood, noise and too much are not`() throws {
        let world = try TransportWorld()
        let host = world.simulation.host("198.51.100.9")
        let wire = world.socket(from: host)
        let phone = ConnectedPhone("100", by: .ws, over: wire)
        phone.send(Array("\r\n\r\n".utf8))
        world.run()
        #expect(wire.texts == ["\r\n"])
        wire.sendsText = false
        phone.register()
        world.run()
        #expect(phone.statuses == [401, 200])
        phone.send([1, 2, 3])
        world.run()
        #expect(!wire.isClosed)
        phone.send([UInt8](repeating: 65, count: SIPLimits.messageBytes + 1))
        world.run(.seconds(10))
        #expect(world.with { $0.statistics().connections } == 0)
        #expect(world.registrations == ["100 up", "100 down"])
    }

    @Test func `a page that never says a message is closed, and the limit of connections holds for pages`() throws {
        let world = try TransportWorld { $0.transport.connections = 4 }
        let host = world.simulation.host("198.51.100.9")
        let wires = (0..<3).map { _ in world.socket(from: host) }
        world.run()
        #expect(world.with { $0.statistics().connections } == 2)
        world.run(.seconds(60))
        #expect(world.with { $0.statistics().connections } == 0)
        #expect(wires.count == 3)
    }
}
