import Reactor
import Testing
import Wire

@testable import Web

/// What strangers can take from the server before they have shown a token.
@Suite struct LoadLimitTests {
    private let loop = SimulatedLoop(seed: 1)
    private let network = ScriptedNetwork()
    private let server: WebServer

    init() throws {
        var limits = WebLimits()
        limits.heldBytes = 1_000_000
        limits.heldBytesAnyway = 1000
        limits.connectionsPerAddress = 3
        server = try Self.serve(WebApplication(router: Self.router), limits, loop, network)
    }

    private static var router: Router {
        var router = Router()
        router.serve(.post, "/echo") { request, _ in .text("\(request.body.count)") }
        return router
    }

    private static func serve(
        _ application: WebApplication, _ limits: WebLimits, _ loop: SimulatedLoop, _ network: ScriptedNetwork
    ) throws -> WebServer {
        let server = WebServer(loop: loop, network: network, application: application, limits: limits)
        try server.assumeIsolated { _ = try $0.listen(on: SocketAddress(ip: .loopbackIPv4, port: 80)) }
        return server
    }

    private var heldBytes: Int { server.assumeIsolated { $0.heldBytes } }

    private func connect(_ address: UInt32 = 0x7F00_0001) -> ScriptedStream {
        let stream = ScriptedStream(from: IPAddress(v4: address))
        network.accept(stream)
        return stream
    }

    private func say(_ text: String, on stream: ScriptedStream) {
        if !stream.isClosed { stream.handler(.received(Array(text.utf8))) }
        loop.runReady()
    }

    private func beginPost(_ length: Int, on stream: ScriptedStream) {
        say("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n", on: stream)
    }

    @Test(arguments: ["Content-Length: 5000000", "Transfer-Encoding: chunked"])
    func `bodies that never end take no more memory than the limit`(field: String) {
        let chunk = String(repeating: "x", count: 0x4000)
        let piece = field.hasPrefix("T") ? "4000\r\n\(chunk)\r\n" : chunk
        let streams = (0..<50).map { _ in connect() }
        for stream in streams { say("POST /echo HTTP/1.1\r\nHost: h\r\n\(field)\r\n\r\n", on: stream) }
        for _ in 0..<20 {
            for stream in streams { say(piece, on: stream) }
            #expect(heldBytes <= 1_000_000 + 50 * 1000)
        }
        #expect(streams.contains { $0.received.hasPrefix("HTTP/1.1 503 ") })
        loop.advance(by: .seconds(3))
        #expect(streams.allSatisfy { $0.received.isEmpty || $0.isClosed })
        for stream in streams { stream.handler(.closed(.remote)) }
        #expect(heldBytes == 0)
    }

    @Test func `small requests are answered while others hold all there is`() {
        let hog = connect()
        beginPost(5_000_000, on: hog)
        say(String(repeating: "x", count: 999_900), on: hog)
        let small = connect()
        beginPost(5, on: small)
        say("hello", on: small)
        #expect(small.received.hasPrefix("HTTP/1.1 200 ") && small.received.hasSuffix("5"))
        let large = connect()
        beginPost(20_000, on: large)
        say(String(repeating: "x", count: 20_000), on: large)
        #expect(large.received.hasPrefix("HTTP/1.1 503 "))
    }

    @Test func `a body is given back once its request is answered`() {
        let stream = connect()
        for _ in 0..<5 {
            beginPost(600_000, on: stream)
            say(String(repeating: "x", count: 600_000), on: stream)
        }
        #expect(heldBytes == 0)
        #expect(stream.received.components(of: "HTTP/1.1 200 ") == 5)
    }

    @Test func `unfinished messages of web sockets are counted with them`() throws {
        let endpoint = WebSocketEndpoint(
            path: "/ws", open: { _ in WebSocketHandler(onMessage: { _ in }, onClose: { _ in }) })
        var limits = WebLimits()
        (limits.heldBytes, limits.heldBytesAnyway) = (1_000_000, 1000)
        let server = try Self.serve(WebApplication(sockets: [endpoint]), limits, loop, network)
        let streams = (0..<5).map { _ in connect() }
        for stream in streams {
            say(
                "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", on: stream)
            stream.handler(.received(clientFrame(2, [UInt8](repeating: 1, count: 300_000), final: false)))
            loop.runReady()
        }
        #expect(streams.map(\.isClosed) == [false, false, false, true, true])
        #expect(server.assumeIsolated { $0.heldBytes } == 900_000)
    }

    @Test func `one address has only so many connections, this machine as many as it likes`() {
        let streams = (0..<4).map { _ in connect(0xC000_0205) }
        #expect(streams.map(\.isClosed) == [false, false, false, true])
        #expect(!connect(0xC000_0206).isClosed)
        streams[0].handler(.closed(.remote))
        #expect(!connect(0xC000_0205).isClosed)
        #expect(connect(0xC000_0205).isClosed)
        #expect((0..<10).allSatisfy { _ in !connect().isClosed })
    }

    @Test func `a trusted proxy is not taken for one client`() throws {
        var application = WebApplication(router: Self.router)
        application.trustsProxy = true
        var limits = WebLimits()
        limits.connectionsPerAddress = 3
        let server = try Self.serve(application, limits, loop, network)
        #expect((0..<10).allSatisfy { _ in !connect(0xC000_0205).isClosed })
        #expect(server.assumeIsolated { $0.connectionCount } == 10)
    }

    @Test func `the addresses of one IPv6 subscriber are counted together`() {
        var tally = AddressTally(limit: 2)
        let addresses = (1...3).map { IPAddress(high: 0x2001_0DB8_0000_0000, low: $0) }
        #expect(addresses.map { tally.admit($0) } == [true, true, false])
        tally.release(addresses[2])
        let elsewhere = IPAddress(high: 0x2001_0DB8_0000_0001, low: 1)
        #expect(tally.admit(addresses[0]) && tally.admit(elsewhere))
        #expect(!tally.hasRoom(for: addresses[1]))
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
