import Crypto
import Testing
import Wire

@testable import Web

/// Our side as a client: addresses, the opening handshake, and masks.
struct WebSocketClientTests {
    @Test(arguments: [
        ("ws://bot", "bot", 80, "/", false),
        ("wss://Bot.Example:8443/a/b?c=d#e", "bot.example", 8443, "/a/b?c=d", true),
        ("ws://[::1]:90/x", "::1", 90, "/x", false), ("wss://10.0.0.1?q", "10.0.0.1", 443, "/?q", true),
    ])
    func `addresses are read`(_ text: String, _ host: String, _ port: Int, _ target: String, _ isSecure: Bool) throws {
        let url = try #require(WebSocketURL(text))
        #expect(url.host == host && Int(url.port) == port && url.target == target && url.isSecure == isSecure)
    }

    @Test(arguments: [
        "", "http://bot", "ws:/bot", "ws://", "ws://:80", "ws://a:0", "ws://a:65536", "ws://a:b", "ws://u:p@a",
        "ws://[bot]", "ws://[::1]x", "ws://a/b c", "ws://a/\r\nX: y", "ws://ä",
    ])
    func `what is no address is refused`(_ text: String) { #expect(WebSocketURL(text) == nil) }

    private static func key(_ request: [UInt8]) -> String {
        let text = String(decoding: request, as: UTF8.self)
        let line = text.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") } ?? ""
        return String(line.dropFirst("Sec-WebSocket-Key: ".count))
    }

    private static func answer(
        _ key: String, status: String = "101 Switching Protocols", connection: String = "keep-alive , upgrade",
        more: String = ""
    ) -> [UInt8] {
        Array(
            """
            HTTP/1.1 \(status)\r\nUpgrade: WebSocket\r\nConnection: \(connection)\r\n\
            sec-websocket-accept:  \(WebSocketHandshake.accept(key)) \r\n\(more)\r\n
            """.utf8)
    }

    @Test func `the right answer opens the connection, however it is cut, and what follows it is kept`() throws {
        let url = try #require(WebSocketURL("ws://bot:81/listen"))
        var entropy = Entropy(seed: 1)
        let upgrade = WebSocketUpgrade(entropy: &entropy)
        let request = upgrade.request(url, bearer: "secret")
        let text = String(decoding: request, as: UTF8.self)
        #expect(text.hasPrefix("GET /listen HTTP/1.1\r\nHost: bot:81\r\n") && text.hasSuffix("\r\n\r\n"))
        #expect(text.contains("\r\nAuthorization: Bearer secret\r\n"))
        let bytes = Self.answer(Self.key(request))
        for cut in 0...bytes.count {
            var reader = upgrade
            let first = reader.receive(Array(bytes[..<cut]))
            #expect(first == (cut == bytes.count ? .accepted([]) : .waiting))
            if cut < bytes.count { #expect(reader.receive(bytes[cut...] + [1, 2]) == .accepted([1, 2])) }
        }
    }

    @Test func `anything else is refused`() throws {
        let url = try #require(WebSocketURL("ws://bot"))
        var entropy = Entropy(seed: 1)
        let upgrade = WebSocketUpgrade(entropy: &entropy)
        let key = Self.key(upgrade.request(url, bearer: nil))
        let answers = [
            Self.answer(key, status: "200 OK"), Self.answer(key, status: "403 Forbidden"), Self.answer("other"),
            Self.answer(key, more: "Sec-WebSocket-Extensions: permessage-deflate\r\n"), Array("\r\n\r\n".utf8),
            Self.answer(key, more: "Sec-WebSocket-Protocol: chat\r\n"), Self.answer(key, connection: "close"),
            Self.answer(key, connection: "upgraded, keep-alive"),
            [UInt8](repeating: 65, count: 17_000),
        ]
        for bytes in answers {
            var reader = upgrade
            guard case .refused = reader.receive(bytes) else {
                Issue.record("taken: \(String(decoding: bytes.prefix(40), as: UTF8.self))")
                continue
            }
        }
    }

    @Test func `a client and a server understand each other, and the client's frames are masked`() {
        var client = WebSocketSession(
            limits: WebLimits(), deflate: nil, pingInterval: nil, now: .zero, masks: Entropy(seed: 7))
        var server = WebSocketSession(limits: WebLimits(), deflate: nil, pingInterval: nil, now: .zero)
        let long = [UInt8](repeating: 9, count: 70_000)
        for message in [WebSocketMessage.text("привет"), .binary([0, 1, 2]), .binary(long)] {
            client.send(message)
            server.send(message)
            guard case .send(let masked) = client.nextOutput(), case .send(let plain) = server.nextOutput() else {
                Issue.record("nothing sent")
                return
            }
            #expect(masked.count == plain.count + 4 && masked[1] & 0x80 != 0 && masked != plain)
            server.receive(masked, .zero)
            client.receive(plain, .zero)
            for output in [server.nextOutput(), client.nextOutput()] {
                guard case .message(let heard) = output else {
                    Issue.record("nothing heard")
                    return
                }
                #expect(heard == message)
            }
        }
        client.receive(clientText("masked by a server"), .zero)
        guard case .send = client.nextOutput(), case .ended(let closure) = client.nextOutput() else {
            Issue.record("a masked frame from a server was taken")
            return
        }
        #expect(closure.code == .protocolError)
    }
}
