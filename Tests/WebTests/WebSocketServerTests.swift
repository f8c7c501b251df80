import Reactor
import Synchronization
import Testing
import Wire

@testable import Web

/// Remembers how connections ended.
private final class Closures: Sendable {
    private let stream: AsyncStream<WebSocketClosure>
    let continuation: AsyncStream<WebSocketClosure>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func next() async -> WebSocketClosure? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }
}

@Suite(.timeLimit(.minutes(1))) struct WebSocketServerTests {
    private let closures = Closures()

    private static let long = Array(String(repeating: "again ", count: 4000).utf8)
    /// What many sockets are sent.
    private static let shared = [Array("one".utf8), long, Array("two".utf8)].map { SharedMessage(.text($0)) }

    private func application() -> WebApplication {
        let (closures, shared) = (closures, Self.shared)
        let echo = WebSocketEndpoint(
            path: "/ws",
            refuse: { request in
                request.query["token"] == "no" ? Failure(.forbidden, "FORBIDDEN", "Доступ запрещен").response : nil
            },
            open: { connection in
                connection.send("welcome")
                return WebSocketHandler(
                    onMessage: { message in
                        if message == .text("leave") { return connection.close(.policyViolation, reason: "asked") }
                        if message == .text("flood") {
                            for _ in 0..<10_000 { connection.send([UInt8](repeating: 1, count: 10_000)) }
                            return
                        }
                        if message == .text("share") {
                            shared.forEach(connection.post)
                            return connection.send("last")
                        }
                        if message == .text("shared flood") {
                            for _ in 0..<2_000 { connection.post(shared[1]) }
                            return
                        }
                        connection.send(message)
                    }, onClose: { closures.continuation.yield($0) })
            })
        var router = Router()
        router.serve(.get, "/polling") { _, _ in .text("poll") }
        let beside = WebSocketEndpoint(path: "/polling") { connection in
            WebSocketHandler(onMessage: { connection.send($0) }, onClose: { _ in })
        }
        return WebApplication(
            router: router, sockets: [echo, beside], middleware: [StandardMiddleware.securityHeaders])
    }

    @Test func `a message sent with the handshake is echoed after the welcome`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            client.send(
                Array(
                    ("GET /ws/ HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").utf8)
                    + clientText("early"))
            let head = client.readHead()
            #expect(
                head.hasPrefix("HTTP/1.1 101 ") && head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            #expect(head.contains("Connection: Upgrade\r\n"))
            #expect(client.readFrame()?.payload == Array("welcome".utf8))
            #expect(client.readFrame()?.payload == Array("early".utf8))
            #expect(await server.server.socketCount == 1)
            client.send(clientFrame(8, [0x03, 0xE8]))
            #expect(client.readFrame()?.first == 0x88)
            #expect(client.read().isEmpty)
            #expect(await closures.next() == WebSocketClosure(code: .normal, isLocal: false))
        }
    }

    @Test func `a handler may close from within a message`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            _ = client.upgrade("/ws")
            _ = client.readFrame()
            client.send(clientText("leave"))
            #expect(client.readFrame()?.payload == [0x03, 0xF0] + Array("asked".utf8))
            client.send(clientFrame(8, [0x03, 0xF0]))
            #expect(await closures.next() == WebSocketClosure(code: .policyViolation, reason: "asked", isLocal: true))
        }
    }

    @Test func `a connection that vanishes is told as 1006`() async throws {
        try await TestServer.run(application()) { server in
            var client: TestClient? = try TestClient(to: server.address)
            #expect(client?.upgrade("/ws").hasPrefix("HTTP/1.1 101 ") == true)
            client = nil
            #expect(await closures.next()?.code == .abnormal)
        }
    }

    @Test func `a peer that does not read is let go`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            _ = client.upgrade("/ws")
            client.send(clientText("flood"))
            #expect(await closures.next()?.code == .tryAgainLater)
            #expect(await server.server.socketCount == 0)
        }
    }

    @Test func `a refused handshake is an ordinary answer`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            #expect(client.upgrade("/ws?token=no").hasPrefix("HTTP/1.1 403 "))
            let plain = try TestClient(to: server.address)
            plain.send("GET /ws HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(plain.readResponse().head.hasPrefix("HTTP/1.1 426 "))
        }
    }

    @Test func `a path may be polled and upgraded`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            client.send("GET /polling/ HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.readResponse().body == "poll")
            #expect(client.upgrade("/polling/").hasPrefix("HTTP/1.1 101 "))
        }
    }

    @Test func `deflated messages pass both ways`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            let head = client.upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
            #expect(head.contains("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"))
            _ = client.readFrame()
            let deflate = try #require(PerMessageDeflate())
            let text = Array(String(repeating: "again ", count: 1000).utf8)
            client.send(clientFrame(1, try #require(deflate.compress(text)), reserved: 0x40))
            let frame = try #require(client.readFrame())
            #expect(frame.first == 0xC1)
            #expect(deflate.decompress(frame.payload, limit: 10_000) == .bytes(text))
        }
    }

    @Test func `what many are sent comes in its order, and compressed to those who agreed on it`() async throws {
        try await TestServer.run(application()) { server in
            let plain = try TestClient(to: server.address)
            _ = plain.upgrade("/ws")
            let deflating = try TestClient(to: server.address)
            _ = deflating.upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
            let deflate = try #require(PerMessageDeflate())
            for (client, isDeflated) in [(plain, false), (deflating, true), (plain, false)] {
                client.send(clientText("share"))
                var payloads: [[UInt8]] = []
                while payloads.last != Array("last".utf8), let frame = client.readFrame() {
                    let isLong = frame.payload.count > 20
                    #expect(frame.first == (isLong && isDeflated ? 0xC1 : 0x81))
                    let inflated = deflate.decompress(frame.payload, limit: 50_000)
                    if frame.first == 0xC1, case .bytes(let bytes) = inflated {
                        payloads.append(bytes)
                    } else {
                        payloads.append(frame.payload)
                    }
                }
                let told = payloads.filter { $0 != Array("welcome".utf8) }
                #expect(told == [Array("one".utf8), Self.long, Array("two".utf8), Array("last".utf8)])
            }
        }
    }

    @Test func `a peer that does not read what many are sent is let go, and the others are not`() async throws {
        try await TestServer.run(application()) { server in
            let (slow, other) = (try TestClient(to: server.address), try TestClient(to: server.address))
            _ = slow.upgrade("/ws")
            _ = other.upgrade("/ws")
            _ = other.readFrame()
            slow.send(clientText("shared flood"))
            #expect(await closures.next()?.code == .tryAgainLater)
            other.send(clientText("still here"))
            #expect(other.readFrame()?.payload == Array("still here".utf8))
        }
    }

    @Test func `stopping says 1001`() async throws {
        let running = try await TestServer(application())
        let client = try TestClient(to: running.address)
        _ = client.upgrade("/ws")
        _ = client.readFrame()
        let stopped = running.beginStop()
        #expect(client.readFrame()?.payload.prefix(2) == [0x03, 0xE9])
        client.send(clientFrame(8, [0x03, 0xE9]))
        for await _ in stopped {}
        #expect(await closures.next()?.code == .goingAway)
        running.loop.stop()
    }
}
