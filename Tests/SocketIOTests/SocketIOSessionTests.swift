import SocketIO
import Testing
import Wire

/// A Socket.IO client on one WebSocket.
private struct Client {
    let socket = EngineSocketID(rawValue: 1)
    var session: SocketIOSession
    var now = Instant.zero
    var heard: [String] = []
    var outputs: [SocketIOOutput] = []

    init() {
        session = SocketIOSession(id: "engine", socket: socket, configuration: EngineConfiguration(), now: .zero)
        drain()
        heard = []
    }

    static func connected() -> Client {
        var client = Client()
        client.say("40")
        client.session.accept(socketID: "socket")
        client.drain()
        (client.heard, client.outputs) = ([], [])
        return client
    }

    mutating func drain() {
        for output in session.drain() {
            if case .send(_, .text(let bytes)) = output {
                heard.append(String(decoding: bytes, as: UTF8.self))
            } else {
                outputs.append(output)
            }
        }
    }

    mutating func say(_ text: String) { send(.text(Array(text.utf8))) }

    mutating func send(_ frame: EngineFrame) {
        session.receive(frame, from: socket, now: now)
        drain()
    }

    var reason: EngineCloseReason? {
        if case .closed(let reason) = outputs.last { reason } else { nil }
    }
}

struct ConnectTests {
    @Test func `a CONNECT is granted under another id`() {
        var client = Client()
        client.say("40{\"token\":\"123\"}")
        #expect(client.outputs == [.connect(auth: ["token": "123"])])
        client.session.accept(socketID: "socket")
        client.drain()
        #expect(client.heard == ["40{\"sid\":\"socket\"}"])
        #expect(client.session.isConnected)
    }

    @Test func `another namespace is refused and the main one still open`() {
        var client = Client()
        client.say("40/random")
        #expect(client.heard == ["44/random,{\"message\":\"Invalid namespace\"}"])
        client.say("40")
        #expect(client.outputs == [.connect(auth: nil)])
    }

    @Test func `a refused CONNECT is told why and may be tried again`() {
        var client = Client()
        client.say("40")
        client.session.refuse(message: "no \"entry\"")
        client.drain()
        #expect(client.heard == ["44{\"message\":\"no \\\"entry\\\"\"}"])
        client.say("40")
        #expect(client.outputs.count == 2)
    }

    @Test(arguments: ["4abc", "4", "42[\"a\"]", "41", "431[]", "44{}", "451-[\"a\"]"])
    func `anything before CONNECT closes`(text: String) {
        var client = Client()
        client.say(text)
        #expect(client.reason == .protocolError)
    }

    @Test func `a client that never connects is closed`() {
        var client = Client()
        while let deadline = Optional(client.session.nextDeadline), deadline < Instant.zero + .seconds(46) {
            client.now = deadline
            client.session.timeout(now: deadline)
            client.drain()
            if client.heard.last == "2" { client.say("3") }
            client.heard = []
        }
        #expect(client.now == Instant.zero + .seconds(45))
        #expect(client.reason == .connectTimeout)
    }

    @Test func `a client that leaves keeps its transport and may come back`() {
        var client = Client.connected()
        client.say("41")
        #expect(client.outputs == [.disconnected])
        client.session.send(.event(Array("[\"a\"]".utf8)))
        client.say("40")
        #expect(client.outputs == [.disconnected, .connect(auth: nil)])
        #expect(client.heard.isEmpty)
    }

    @Test func `a second CONNECT closes`() {
        var client = Client.connected()
        client.say("40")
        #expect(client.reason == .protocolError)
    }
}

struct EventTests {
    @Test func `an event with an id is answered under it`() {
        var client = Client.connected()
        client.say("4212[\"e\",1,{\"x\":null}]")
        #expect(
            client.outputs == [.event(arguments: ["e", 1, ["x": .null]], acknowledgement: 12, attachments: [])])
        client.session.send(.acknowledgement(12, Array("[\"r\"]".utf8)))
        client.session.send(.event(Array("[\"f\"]".utf8)))
        client.drain()
        #expect(client.heard == ["4312[\"r\"]", "42[\"f\"]"])
    }

    @Test(arguments: ["4abc", "42{}", "42abc[\"message\",1]", "42[]", "43[]"])
    func `a broken packet closes`(text: String) {
        var client = Client.connected()
        client.say(text)
        #expect(client.reason == .protocolError)
        client.say("42[\"e\"]")
        #expect(client.reason == .protocolError || client.outputs.last == .close(client.socket))
    }

    @Test func `attachments are put back to their event`() {
        var client = Client.connected()
        client.say("452-7[\"e\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]")
        client.send(.binary([1]))
        #expect(client.outputs.isEmpty)
        client.send(.binary([2, 3]))
        guard case .event(_, 7, let attachments) = client.outputs.first else {
            Issue.record("no event came")
            return
        }
        #expect(attachments == [[1], [2, 3]])
    }

    @Test func `text between attachments, or binary without an event, closes`() {
        var client = Client.connected()
        client.say("451-[\"e\",{\"_placeholder\":true,\"num\":0}]")
        client.say("42[\"e\"]")
        #expect(client.reason == .protocolError)
        var other = Client.connected()
        other.send(.binary([1]))
        #expect(other.reason == .protocolError)
    }

    @Test func `attachments are bounded together`() {
        var client = Client.connected()
        client.say("416-".replacing("416", with: "4516") + "[\"e\"]")
        for _ in 0..<2 { client.send(.binary([UInt8](repeating: 0, count: 600_000))) }
        #expect(client.reason == .protocolError)
    }

    @Test func `a reply to an event of ours comes back under its id`() {
        var client = Client.connected()
        client.say("435[true]")
        #expect(client.outputs == [.acknowledged(5, arguments: [true])])
    }

    @Test func `what came before a close packet is heard`() {
        var session = SocketIOSession(
            id: "engine", polling: EngineRequestID(rawValue: 0), configuration: EngineConfiguration(), now: .zero)
        session.post(EngineRequestID(rawValue: 1), body: Array("40".utf8), now: .zero)
        session.accept(socketID: "socket")
        session.post(EngineRequestID(rawValue: 2), body: Array("42[\"bye\"]\u{1E}1".utf8), now: .zero)
        let outputs = session.drain()
        #expect(outputs.contains(.event(arguments: ["bye"], acknowledgement: nil, attachments: [])))
        #expect(outputs.last == .closed(.clientClosed))
    }

    @Test func `the server's farewell reaches a waiting poll`() {
        var session = SocketIOSession(
            id: "engine", polling: EngineRequestID(rawValue: 0), configuration: EngineConfiguration(), now: .zero)
        session.post(EngineRequestID(rawValue: 1), body: Array("40".utf8), now: .zero)
        session.accept(socketID: "socket")
        _ = session.drain()
        session.poll(EngineRequestID(rawValue: 2))
        _ = session.drain()
        session.poll(EngineRequestID(rawValue: 3))
        session.disconnect()
        let farewell = EngineResponse(status: 200, body: Array("41\u{1E}1".utf8))
        #expect(session.drain().contains(.respond(EngineRequestID(rawValue: 3), farewell)))
    }

    @Test func `random frames are refused or read, never worse`() {
        let seed = UInt64.random(in: 0 ... .max)
        var entropy = Entropy(seed: seed)
        let parts = ["4", "2", "0", "5", "1-", "[", "]", "\"e\"", ",", "{}", "/n", "12", "b", "6", "\u{1E}", "probe"]
        for _ in 0..<5000 {
            var client = Client.connected()
            for _ in 0..<4 {
                let text = (0..<Int.random(in: 0...8, using: &entropy)).map { _ in
                    parts.randomElement(using: &entropy) ?? ""
                }
                client.say(text.joined())
            }
            #expect(client.session.isClosed == (client.reason != nil), "seed \(seed)")
        }
    }
}
