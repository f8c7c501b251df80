import Testing
import Wire

@testable import Web

/// A frame as a client sends it: masked.
func clientFrame(
    _ opcode: UInt8, _ payload: [UInt8], final: Bool = true, reserved: UInt8 = 0, key: [UInt8] = [1, 2, 3, 4]
) -> [UInt8] {
    var writer = ByteWriter()
    writer.write((final ? 0x80 : 0) | reserved | opcode)
    switch payload.count {
    case ..<126: writer.write(0x80 | UInt8(payload.count))
    case ...0xFFFF:
        writer.write(0xFE as UInt8)
        writer.write(UInt16(payload.count))
    default:
        writer.write(0xFF as UInt8)
        writer.write(UInt64(payload.count))
    }
    writer.write(key)
    writer.write(payload.enumerated().map { $1 ^ key[$0 & 3] })
    return writer.bytes
}

func clientText(_ text: String, final: Bool = true) -> [UInt8] { clientFrame(1, Array(text.utf8), final: final) }

/// Drives a session in virtual time and remembers what came of it.
private struct Conversation {
    var session: WebSocketSession
    var now = Instant.zero
    var sent: [[UInt8]] = []
    var messages: [WebSocketMessage] = []
    var closures: [WebSocketClosure] = []

    init(deflate: PerMessageDeflate? = nil, ping: Duration? = nil) {
        session = WebSocketSession(limits: WebLimits(), deflate: deflate, pingInterval: ping, now: .zero)
    }

    mutating func receive(_ bytes: [UInt8]) {
        session.receive(bytes, now)
        drain()
    }

    mutating func wait(_ duration: Duration) {
        let end = now + duration
        while session.nextDeadline <= end {
            now = session.nextDeadline
            session.timeout(now)
            drain()
        }
        now = end
    }

    mutating func drain() {
        while let output = session.nextOutput() {
            switch output {
            case .send(let bytes): sent.append(bytes)
            case .message(let message): messages.append(message)
            case .ended(let closure): closures.append(closure)
            }
        }
    }
}

private let closeNormal: [UInt8] = [0x88, 2, 0x03, 0xE8]

@Suite struct WebSocketSessionTests {
    @Test func `the examples of RFC 6455 section 5.7 are read`() {
        var peer = Conversation()
        peer.receive([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
        #expect(peer.messages == [.text("Hello")])
        peer.receive([0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
        #expect(peer.sent == [[0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]])
    }

    @Test func `fragments with pings between them are read however the stream is split`() {
        let long = [UInt8](repeating: 7, count: 300)
        let stream =
            clientText("при", final: false) + clientFrame(9, [1]) + clientFrame(0, [0xD0], final: false)
            + clientFrame(0, [0xB2, 0xD0, 0xB5, 0xD1, 0x82]) + clientFrame(2, long) + clientFrame(2, [])
            + clientFrame(8, [0x03, 0xE8] + Array("bye".utf8))
        for split in 0...stream.count {
            var peer = Conversation()
            peer.receive(Array(stream[..<split]))
            peer.receive(Array(stream[split...]))
            #expect(peer.messages == [.text("привет"), .binary(long), .binary([])])
            #expect(peer.sent == [[0x8A, 1, 1], closeNormal])
            #expect(peer.closures == [WebSocketClosure(code: .normal, reason: "bye", isLocal: false)])
        }
    }

    @Test func `of pings that come together only the last is answered, and before a close behind them`() {
        var peer = Conversation()
        peer.receive((0..<10_000).flatMap { clientFrame(9, [UInt8($0 & 0xFF)]) })
        #expect(peer.sent == [[0x8A, 1, UInt8(9_999 & 0xFF)]])
        peer.receive(clientFrame(9, [1]) + clientFrame(8, [0x03, 0xE8]))
        #expect(peer.sent.dropFirst() == [[0x8A, 1, 1], closeNormal])
    }

    @Test(
        arguments: [
            ([0x81, 0x01, 0x61], 1002), (clientFrame(3, []), 1002), (clientFrame(0xB, []), 1002),
            (clientFrame(1, [], reserved: 0x40), 1002), (clientFrame(1, [], reserved: 0x10), 1002),
            (clientFrame(0, []), 1002), (clientText("a", final: false) + clientText("b"), 1002),
            (clientFrame(9, [], final: false), 1002), (clientFrame(9, [UInt8](repeating: 0, count: 126)), 1002),
            (clientFrame(1, [0xFF]), 1007), (clientFrame(8, [3]), 1002), (clientFrame(8, [0x03, 0xED]), 1002),
            (clientFrame(8, [0x03, 0xE8, 0xFF]), 1007), (clientFrame(8, [0, 0]), 1002),
            ([0x82, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 1], 1009), ([0x82, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0], 1009),
        ] as [([UInt8], UInt16)])
    func `a violation closes with its code, told once`(_ bytes: [UInt8], _ code: UInt16) {
        var peer = Conversation()
        peer.receive(bytes)
        #expect(peer.closures.map(\.code.rawValue) == [code])
        #expect(peer.closures.first?.isLocal == true)
        #expect(peer.sent.last?.dropFirst(2).prefix(2).elementsEqual([UInt8(code >> 8), UInt8(code & 0xFF)]) == true)
        peer.receive(clientText("more"))
        peer.session.transportClosed()
        peer.drain()
        #expect(peer.closures.count == 1 && peer.messages.isEmpty)
    }

    @Test func `fragments that grow beyond the limit are refused at the frame that would pass it`() {
        var peer = Conversation()
        let half = [UInt8](repeating: 0, count: 600_000)
        peer.receive(clientFrame(2, half, final: false))
        #expect(peer.closures.isEmpty)
        peer.receive(Array(clientFrame(0, half).prefix(14)))
        #expect(peer.closures.map(\.code) == [.messageTooBig])
    }

    @Test func `our close waits for the peer's, and drops what crosses it`() {
        var peer = Conversation()
        peer.session.close(.policyViolation, "no", .zero)
        peer.receive(clientText("late") + clientFrame(8, [0x03, 0xE8]))
        #expect(peer.messages.isEmpty)
        #expect(peer.sent == [[0x88, 4, 0x03, 0xF0] + Array("no".utf8)])
        #expect(peer.closures == [WebSocketClosure(code: .policyViolation, reason: "no", isLocal: true)])
    }

    @Test func `a peer that never answers our close is left after five seconds`() {
        var peer = Conversation()
        peer.session.close(.goingAway, "", .zero)
        peer.wait(.seconds(4))
        #expect(peer.closures.isEmpty)
        peer.wait(.seconds(2))
        #expect(peer.closures.map(\.code) == [.goingAway])
    }

    @Test func `a close without a code is 1005, a broken connection 1006`() {
        var peer = Conversation()
        peer.receive(clientFrame(8, []))
        #expect(peer.closures.map(\.code) == [.none])
        #expect(peer.sent == [[0x88, 0]])
        var broken = Conversation()
        broken.session.transportClosed()
        broken.drain()
        #expect(broken.closures.map(\.code) == [.abnormal])
    }

    @Test func `two pings without a sign of life end the connection, any frame keeps it`() {
        var peer = Conversation(ping: .seconds(25))
        peer.wait(.seconds(60))
        #expect(peer.sent == [[0x89, 0], [0x89, 0]])
        peer.receive(clientFrame(0xA, []))
        peer.wait(.seconds(60))
        #expect(peer.closures.isEmpty)
        peer.wait(.seconds(20))
        #expect(peer.closures == [WebSocketClosure(code: .abnormal, isLocal: true)])
    }

    @Test func `lengths take one, three or nine bytes`() {
        var peer = Conversation()
        for count in [125, 126, 65_535, 65_536] {
            peer.session.send(.binary([UInt8](repeating: 0, count: count)))
        }
        peer.drain()
        #expect(peer.sent.map(\.count) == [127, 130, 65_539, 65_546])
        #expect(peer.sent.map { $0[1] } == [125, 126, 126, 127])
    }

    @Test func `random bytes never trap and end at most once`() {
        let seed = UInt64.random(in: 0 ... .max)
        var entropy = Entropy(seed: seed)
        for _ in 0..<3000 {
            var peer = Conversation(deflate: PerMessageDeflate())
            var bytes = entropy.bytes(40)
            bytes[0] = bytes[0] & 0xCF
            bytes[1] = bytes[1] & 0x9F | 0x80
            for piece in [bytes, entropy.bytes(30)] { peer.receive(piece) }
            #expect(peer.closures.count <= 1, "seed \(seed)")
        }
    }
}

@Suite struct PerMessageDeflateTests {
    @Test func `the example of RFC 7692 section 7.2.3.1 is inflated`() throws {
        let deflate = try #require(PerMessageDeflate())
        let compressed: [UInt8] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]
        #expect(deflate.decompress(compressed, limit: 100) == .bytes(Array("Hello".utf8)))
        var peer = Conversation(deflate: deflate)
        peer.receive(clientFrame(1, Array(compressed.prefix(3)), final: false, reserved: 0x40))
        peer.receive(clientFrame(0, Array(compressed.dropFirst(3))))
        #expect(peer.messages == [.text("Hello")])
    }

    @Test func `messages worth it are deflated and come back whole`() throws {
        let deflate = try #require(PerMessageDeflate())
        let text = Array(String(repeating: "twelve bytes", count: 5000).utf8)
        let small = try #require(deflate.compress(text))
        #expect(small.count < 1000)
        #expect(deflate.decompress(small, limit: 1 << 20) == .bytes(text))
        #expect(deflate.decompress(small, limit: 59_999) == .tooLong)
        #expect(deflate.compress(Array("short".utf8)) == nil)
        var entropy = Entropy(seed: 1)
        #expect(deflate.compress(entropy.bytes(5000)) == nil)
    }

    @Test func `a bomb is refused and rubbish is malformed, and the next message is unharmed`() throws {
        let deflate = try #require(PerMessageDeflate())
        let bomb = try #require(deflate.compress([UInt8](repeating: 0, count: 50_000_000)))
        var peer = Conversation(deflate: deflate)
        peer.receive(clientFrame(2, bomb, reserved: 0x40))
        #expect(peer.closures.map(\.code) == [.messageTooBig])
        var rubbish = Conversation(deflate: deflate)
        rubbish.receive(clientFrame(2, [0xFF, 0xFF, 0xFF], reserved: 0x40))
        #expect(rubbish.closures.map(\.code) == [.invalidData])
        let hello: [UInt8] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]
        #expect(deflate.decompress(hello, limit: 5) == .bytes(Array("Hello".utf8)))
    }

    @Test func `blocks that are marked as the last may be followed by others, but not by many`() throws {
        let deflate = try #require(PerMessageDeflate())
        // An empty block of fixed codes that is marked as the last.
        let last: [UInt8] = [0x03, 0x00]
        func message(_ count: Int) -> [UInt8] { (0..<count).flatMap { _ in last } + [0x00] }
        #expect(deflate.decompress(message(60), limit: 100) == .bytes([]))
        #expect(deflate.decompress(message(70), limit: 100) == .malformed)
    }
}

@Suite struct WebSocketHandshakeTests {
    private let endpoint = WebSocketEndpoint(path: "/ws", subprotocols: ["sip", "chat"]) { _ in
        WebSocketHandler(onMessage: { _ in }, onClose: { _ in })
    }

    private func request(_ extra: [(String, String)], key: String = "dGhlIHNhbXBsZSBub25jZQ==") throws -> HTTPRequest {
        var fields = HTTPFields()
        fields.add("Upgrade", "WebSocket")
        fields.add("Connection", "keep-alive, Upgrade")
        fields.add("Sec-WebSocket-Key", key)
        fields.add("Sec-WebSocket-Version", "13")
        for (name, value) in extra { fields[name] = value }
        return HTTPRequest(method: .get, target: try #require(HTTPTarget("/ws")), fields: fields)
    }

    @Test func `the example of RFC 6455 section 1.3 is accepted`() throws {
        let request = try request([("Sec-WebSocket-Protocol", "chat, superchat")])
        #expect(WebSocketHandshake.isWanted(by: request))
        let response = try WebSocketHandshake(request, endpoint).response
        #expect(response.fields["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(response.fields["Sec-WebSocket-Protocol"] == "chat")
        #expect(response.fields["Sec-WebSocket-Extensions"] == nil)
    }

    @Test(arguments: [
        ("permessage-deflate; client_max_window_bits", true), ("permessage-deflate", true),
        ("x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=15", true),
        ("permessage-deflate; server_max_window_bits=10", false),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", true),
        ("permessage-deflate; server_no_context_takeover=1", false), ("permessage-deflate; unknown", false),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", false),
        ("permessage-deflate; client_max_window_bits=10", true),
        ("permessage-deflate; client_max_window_bits=7", false),
    ])
    func `an offer of deflate is taken when we can fulfil it`(_ offer: String, _ isTaken: Bool) throws {
        let handshake = try WebSocketHandshake(try request([("Sec-WebSocket-Extensions", offer)]), endpoint)
        #expect(handshake.usesDeflate == isTaken)
    }

    @Test func `a wrong version or key is refused`() throws {
        let old = try request([("Sec-WebSocket-Version", "8")])
        #expect { try WebSocketHandshake(old, endpoint) } throws: { ($0 as? Failure)?.status == .upgradeRequired }
        let short = try request([], key: "c2hvcnQ=")
        #expect { try WebSocketHandshake(short, endpoint) } throws: { ($0 as? Failure)?.status == .badRequest }
    }
}
