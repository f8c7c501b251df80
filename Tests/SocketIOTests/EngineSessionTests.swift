import SocketIO
import Testing
import Wire

/// A client's view of one Engine.IO session, with the clock in its hand.
struct EngineHarness {
    static let firstSocket = EngineSocketID(rawValue: 1)

    var session: EngineSession
    var now = Instant.zero
    var messages: [String] = []
    var binaries: [[UInt8]] = []
    var replies: [UInt64: EngineResponse] = [:]
    var sent: [EngineSocketID: [EngineFrame]] = [:]
    var closedSockets: Set<EngineSocketID> = []
    var reason: EngineCloseReason?
    private var requests: UInt64 = 0

    init(_ transport: EngineTransport, configuration: EngineConfiguration = EngineConfiguration()) {
        session =
            switch transport {
            case .polling:
                EngineSession(
                    id: "abc", polling: EngineRequestID(rawValue: 0), configuration: configuration, now: .zero)
            case .webSocket:
                EngineSession(id: "abc", socket: Self.firstSocket, configuration: configuration, now: .zero)
            }
        drain()
    }

    mutating func drain() {
        for output in session.drain() {
            switch output {
            case .respond(let request, let response): replies[request.rawValue] = response
            case .send(let socket, let frame): sent[socket, default: []].append(frame)
            case .close(let socket): closedSockets.insert(socket)
            case .message(let text): messages.append(String(decoding: text, as: UTF8.self))
            case .binary(let bytes): binaries.append(bytes)
            case .closed(let reason): self.reason = reason
            }
        }
    }

    mutating func get() -> UInt64 {
        requests += 1
        session.poll(EngineRequestID(rawValue: requests))
        drain()
        return requests
    }

    mutating func post(_ body: String) -> UInt64 {
        requests += 1
        session.post(EngineRequestID(rawValue: requests), body: Array(body.utf8), now: now)
        drain()
        return requests
    }

    mutating func say(_ text: String, on socket: EngineSocketID = firstSocket) {
        session.receive(.text(Array(text.utf8)), from: socket, now: now)
        drain()
    }

    mutating func advance(_ duration: Duration) {
        let end = now + duration
        while session.nextDeadline <= end {
            now = max(now, session.nextDeadline)
            session.timeout(now: now)
            drain()
        }
        now = end
    }

    mutating func getBody() -> String? {
        let request = get()
        return body(request)
    }

    mutating func getStatus() -> Int? {
        let request = get()
        return status(request)
    }

    mutating func postBody(_ body: String) -> String? {
        let request = post(body)
        return self.body(request)
    }

    mutating func postStatus(_ body: String) -> Int? {
        let request = post(body)
        return status(request)
    }

    func body(_ request: UInt64) -> String? { replies[request].map { String(decoding: $0.body, as: UTF8.self) } }
    func status(_ request: UInt64) -> Int? { replies[request]?.status }

    func heard(_ socket: EngineSocketID = firstSocket) -> [String] {
        (sent[socket] ?? []).map { frame in
            switch frame {
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .binary(let bytes): "\(bytes)"
            }
        }
    }
}

struct HandshakeTests {
    static let handshake =
        "0{\"sid\":\"abc\",\"upgrades\":[%],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}"

    @Test func `polling opens with the five keys and a way to WebSocket`() {
        let client = EngineHarness(.polling)
        #expect(client.body(0) == Self.handshake.replacing("%", with: "\"websocket\""))
        #expect(client.replies[0]?.contentType == "text/plain; charset=UTF-8")
    }

    @Test func `a WebSocket opens with no further way`() {
        #expect(EngineHarness(.webSocket).heard() == [Self.handshake.replacing("%", with: "")])
    }

    @Test(
        arguments: [
            (EngineRequest.Method.get, "4", "abc", nil, false, EngineRefusal.unknownTransport),
            (.get, "4", nil, nil, false, .unknownTransport), (.get, "3", "polling", nil, false, .unsupportedVersion),
            (.get, nil, "polling", nil, false, .unsupportedVersion),
            (.get, "abc", "websocket", nil, true, .unsupportedVersion),
            (.post, "4", "polling", nil, false, .badHandshakeMethod),
            (.other, "4", "polling", nil, false, .badHandshakeMethod),
            (.get, "4", "websocket", nil, false, .badRequest), (.get, "4", "polling", "x", true, .badRequest),
        ] as [(EngineRequest.Method, String?, String?, String?, Bool, EngineRefusal)])
    func `a wrong request is refused with its number`(
        method: EngineRequest.Method, version: String?, transport: String?, id: String?, isWebSocket: Bool,
        refusal: EngineRefusal
    ) {
        #expect(throws: refusal) {
            try EngineRequest(
                method: method, version: version, transport: transport, sessionID: id, isWebSocket: isWebSocket)
        }
    }

    @Test func `a refusal is 400 with code and message`() {
        let response = EngineRefusal.unsupportedVersion.response
        #expect(response.status == 400)
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == "{\"code\":5,\"message\":\"Unsupported protocol version\"}")
    }

    @Test func `a right request names its transport and session`() throws {
        let request = try EngineRequest(
            method: .post, version: "4", transport: "polling", sessionID: "x", isWebSocket: false)
        #expect(request.sessionID == "x")
        #expect(request.transport == .polling)
    }
}

struct PollingTests {
    @Test func `text and binary go both ways in one payload`() {
        var client = EngineHarness(.polling)
        let post = client.post("4test1\u{1E}bAQIDBA==\u{1E}4test2")
        #expect(client.body(post) == "ok")
        #expect(client.messages == ["test1", "test2"])
        #expect(client.binaries == [[1, 2, 3, 4]])
        client.session.send(EnginePacket(.message, "test1").frame)
        client.session.send(.binary([1, 2, 3, 4]))
        #expect(client.getBody() == "4test1\u{1E}bAQIDBA==")
    }

    @Test func `a poll waits until there is something, and takes all of one turn`() {
        var client = EngineHarness(.polling)
        let poll = client.get()
        #expect(client.body(poll) == nil)
        client.session.send(EnginePacket(.message, "a").frame)
        client.session.send(EnginePacket(.message, "b").frame)
        client.drain()
        #expect(client.body(poll) == "4a\u{1E}4b")
    }

    @Test(arguments: ["abc", "", "4a\u{1E}", "4a\u{1E}x", "b***", "9"])
    func `a payload that is none closes the session`(body: String) {
        var client = EngineHarness(.polling)
        #expect(client.postStatus(body) == 400)
        #expect(client.reason == .protocolError)
        #expect(client.getStatus() == 400)
    }

    @Test func `a second poll is refused and ends the session`() {
        var client = EngineHarness(.polling)
        let first = client.get()
        let second = client.get()
        #expect(client.status(second) == 400)
        #expect(client.status(first) == 200)
        #expect(client.body(first) == "1")
        #expect(client.reason == .protocolError)
    }

    @Test func `a client that closes gets its waiting poll back`() {
        var client = EngineHarness(.polling)
        let poll = client.get()
        #expect(client.postBody("1") == "ok")
        #expect(client.body(poll) == "6")
        #expect(client.reason == .clientClosed)
        #expect(client.getStatus() == 400)
    }

    @Test func `a body over the limit is refused with 413`() {
        var configuration = EngineConfiguration()
        configuration.maximumPayload = 10
        var client = EngineHarness(.polling, configuration: configuration)
        #expect(client.postStatus("4123456789") == 200)
        var other = EngineHarness(.polling, configuration: configuration)
        #expect(other.postStatus("41234567890") == 413)
        #expect(other.reason == .payloadTooLarge)
    }

    @Test func `too many packets in one body are refused`() {
        var client = EngineHarness(.polling)
        let packets = Array(repeating: "3", count: EnginePayload.maximumPackets)
        #expect(client.postStatus(packets.joined(separator: "\u{1E}")) == 200)
        #expect(client.postStatus((packets + ["3"]).joined(separator: "\u{1E}")) == 400)
    }

    @Test func `a client that does not fetch what waits for it is dropped`() {
        var configuration = EngineConfiguration()
        configuration.maximumQueuedBytes = 100
        var client = EngineHarness(.polling, configuration: configuration)
        for _ in 0..<11 { client.session.send(EnginePacket(.message, "123456789").frame) }
        client.drain()
        #expect(client.reason == .slowReader)
    }

    @Test func `a poll the client gave up ends the session`() {
        var client = EngineHarness(.polling)
        let poll = client.get()
        client.session.abandon(EngineRequestID(rawValue: poll))
        client.drain()
        #expect(client.reason == .transportClosed)
        #expect(client.body(poll) == nil)
    }
}

struct HeartbeatTests {
    @Test(arguments: [EngineTransport.polling, .webSocket])
    func `an answered ping is followed by the next`(transport: EngineTransport) {
        var client = EngineHarness(transport)
        for round in 1...3 {
            client.advance(.seconds(25))
            if transport == .polling {
                #expect(client.getBody() == "2")
                _ = client.post("3")
            } else {
                #expect(client.heard().filter { $0 == "2" }.count == round)
                client.say("3")
            }
        }
        #expect(client.reason == nil)
    }

    @Test(arguments: [EngineTransport.polling, .webSocket])
    func `a ping without answer closes the session`(transport: EngineTransport) {
        var client = EngineHarness(transport)
        client.advance(.seconds(44))
        #expect(client.reason == nil)
        client.advance(.seconds(1))
        #expect(client.reason == .pingTimeout)
        #expect(client.session.nextDeadline == .never)
    }

    @Test func `a client may not ping`() {
        var client = EngineHarness(.webSocket)
        client.say("2")
        #expect(client.reason == .protocolError)
    }
}

struct WebSocketTests {
    @Test func `one frame is one packet`() {
        var client = EngineHarness(.webSocket)
        client.say("4test")
        client.session.receive(.binary([1, 2]), from: EngineHarness.firstSocket, now: .zero)
        client.drain()
        #expect(client.messages == ["test"])
        #expect(client.binaries == [[1, 2]])
        client.session.send(.binary([9]))
        client.drain()
        #expect(client.heard().last == "[9]")
    }

    @Test(arguments: ["abc", "", "7"]) func `a frame that is no packet closes`(text: String) {
        var client = EngineHarness(.webSocket)
        client.say(text)
        #expect(client.reason == .protocolError)
        #expect(client.closedSockets == [EngineHarness.firstSocket])
    }

    @Test func `a close packet closes`() {
        var client = EngineHarness(.webSocket)
        client.say("1")
        #expect(client.reason == .clientClosed)
        #expect(client.closedSockets == [EngineHarness.firstSocket])
    }

    @Test func `a lost connection ends the session once`() {
        var client = EngineHarness(.webSocket)
        client.session.detach(EngineHarness.firstSocket)
        client.session.close(.serverClosed)
        client.drain()
        #expect(client.reason == .transportClosed)
    }
}

struct UpgradeTests {
    private let socket = EngineSocketID(rawValue: 7)

    private func upgraded() -> EngineHarness {
        var client = EngineHarness(.polling)
        client.session.attach(socket, now: .zero)
        client.say("2probe", on: socket)
        client.say("5", on: socket)
        return client
    }

    @Test func `a probe is echoed, the poll released, and the WebSocket takes over`() {
        var client = EngineHarness(.polling)
        let poll = client.get()
        client.session.attach(socket, now: .zero)
        client.say("2probe", on: socket)
        #expect(client.heard(socket) == ["3probe"])
        #expect(client.body(poll) == "6")
        client.session.send(EnginePacket(.message, "kept").frame)
        client.say("5", on: socket)
        client.say("4hello", on: socket)
        #expect(client.heard(socket) == ["3probe", "4kept"])
        #expect(client.messages == ["hello"])
    }

    @Test func `after it, requests with the id are refused and a second WebSocket is closed`() {
        var client = upgraded()
        #expect(client.getStatus() == 400)
        #expect(client.postStatus("4a") == 400)
        let second = EngineSocketID(rawValue: 8)
        client.session.attach(second, now: .zero)
        client.drain()
        #expect(client.closedSockets == [second])
        #expect(client.reason == nil)
    }

    @Test func `a poll during the probe is released at once`() {
        var client = EngineHarness(.polling)
        client.session.attach(socket, now: .zero)
        client.say("2probe", on: socket)
        #expect(client.getBody() == "6")
    }

    @Test(arguments: ["5", "4x", "2", "2other", "", "x"]) func `anything but a probe ends the attempt only`(
        text: String
    ) {
        var client = EngineHarness(.polling)
        client.session.attach(socket, now: .zero)
        client.say(text, on: socket)
        #expect(client.closedSockets == [socket])
        #expect(client.reason == nil)
        client.session.send(EnginePacket(.message, "a").frame)
        #expect(client.getBody() == "4a")
    }

    @Test func `an attempt that is not finished in time is ended`() {
        var client = EngineHarness(.polling)
        client.session.attach(socket, now: .zero)
        client.say("2probe", on: socket)
        client.advance(.seconds(10))
        #expect(client.closedSockets == [socket])
        #expect(client.reason == nil)
    }

    @Test func `an attempt that is lost leaves the session polling`() {
        var client = EngineHarness(.polling)
        client.session.attach(socket, now: .zero)
        client.session.detach(socket)
        client.session.attach(EngineSocketID(rawValue: 8), now: .zero)
        client.drain()
        #expect(client.closedSockets.isEmpty)
        #expect(client.reason == nil)
    }
}
