import Testing
import Wire

@testable import Web

/// Drives a session in virtual time and remembers what it asked for.
private struct Conversation {
    var session: HTTPSession
    var now = Instant.zero
    var sent = ""
    var requests: [(path: String, body: String)] = []
    var isClosed = false

    init(limits: WebLimits = WebLimits()) { session = HTTPSession(limits: limits, now: .zero) }

    mutating func say(_ text: String) {
        session.receive(Array(text.utf8), now)
        drain()
    }

    mutating func answer(_ response: HTTPResponse = .text("ok")) {
        session.respond(response, date: "Sun, 06 Nov 1994 08:49:37 GMT", now)
        drain()
    }

    /// Lets time pass, firing the alarm when it is due.
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
            case .send(let bytes): sent += String(decoding: bytes, as: UTF8.self)
            case .request(let head, let body):
                requests.append((head.target.path, String(decoding: body, as: UTF8.self)))
            case .close: isClosed = true
            }
        }
    }
}

@Suite struct HTTPSessionTests {
    private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test func `pipelined requests are answered one at a time and in order`() {
        var peer = Conversation()
        peer.say(get + get.replacing("/a", with: "/b"))
        #expect(peer.requests.map(\.path) == ["/a"])
        peer.answer(.text("first"))
        #expect(peer.requests.map(\.path) == ["/a", "/b"])
        peer.answer(.text("second"))
        #expect(peer.sent.contains("first") && peer.sent.hasSuffix("second"))
        #expect(!peer.isClosed)
    }

    @Test func `a response carries its length, its date and only our framing`() {
        var peer = Conversation()
        peer.say(get)
        peer.answer(HTTPResponse.text("héllo").with("Content-Length", "999").with("X-Bad", "a\r\nInjected: yes"))
        #expect(
            peer.sent == """
                HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Bad: a  Injected: yes\r\n\
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 6\r\n\r\nhéllo
                """)
    }

    @Test func `HEAD has the length of GET and no body`() {
        var peer = Conversation()
        peer.say("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        peer.answer(.text("hello"))
        #expect(peer.sent.contains("Content-Length: 5\r\n") && peer.sent.hasSuffix("\r\n\r\n"))
    }

    @Test func `204 and 304 have neither body nor length`() {
        var peer = Conversation()
        peer.say(get)
        peer.answer(HTTPResponse(.notModified, body: [1, 2, 3]))
        #expect(!peer.sent.contains("Content-Length") && peer.sent.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", true), ("GET / HTTP/1.0\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false), ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", false),
    ])
    func `the connection ends when the client's version or wish says so`(_ request: String, _ ends: Bool) {
        var peer = Conversation()
        peer.say(request)
        peer.answer()
        #expect(peer.isClosed == ends)
        #expect(peer.sent.contains("Connection: close") == ends)
    }

    @Test func `a silent connection is closed without a word`() {
        var peer = Conversation()
        peer.wait(.seconds(9))
        #expect(!peer.isClosed)
        peer.wait(.seconds(2))
        #expect(peer.isClosed && peer.sent.isEmpty)
    }

    @Test func `an idle connection lasts longer once it has asked something`() {
        var peer = Conversation()
        peer.say(get)
        peer.answer()
        peer.wait(.seconds(70))
        #expect(!peer.isClosed)
        peer.wait(.seconds(6))
        #expect(peer.isClosed)
    }

    @Test func `a head that drips gets 408 when its time is up, however steadily it drips`() {
        var peer = Conversation()
        for character in "GET / HTTP/1.1\r\nHost" {
            peer.say(String(character))
            peer.wait(.seconds(1))
        }
        #expect(peer.sent.hasPrefix("HTTP/1.1 408 "))
        peer.wait(.seconds(3))
        #expect(peer.isClosed)
    }

    @Test func `a body that stalls gets 408, one that moves may take its time`() {
        var peer = Conversation()
        peer.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        for _ in 0..<4 {
            peer.wait(.seconds(19))
            peer.say("x")
        }
        #expect(peer.sent.isEmpty)
        peer.wait(.seconds(21))
        #expect(peer.sent.hasPrefix("HTTP/1.1 408 "))
    }

    @Test func `a body that moves too slowly in all gets 408`() {
        var peer = Conversation()
        peer.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n")
        for _ in 0..<13 {
            peer.wait(.seconds(10))
            peer.say("x")
        }
        #expect(peer.sent.hasPrefix("HTTP/1.1 408 "))
    }

    @Test func `a handler may take as long as it likes`() {
        var peer = Conversation()
        peer.say(get)
        peer.wait(.seconds(3600))
        #expect(!peer.isClosed)
        peer.answer()
        #expect(peer.sent.hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `after a refusal what still comes is dropped until the client had time to read it`() {
        var peer = Conversation()
        peer.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\nabc")
        #expect(peer.sent.hasPrefix("HTTP/1.1 413 ") && peer.sent.contains("\"PAYLOAD_TOO_LARGE\""))
        peer.say(get)
        #expect(peer.requests.isEmpty && !peer.isClosed)
        peer.wait(.seconds(2))
        #expect(peer.isClosed)
    }

    @Test func `a client that pours in requests while one is answered is cut off`() {
        var peer = Conversation()
        peer.say(get)
        for _ in 0..<40_000 where !peer.isClosed { peer.say(get) }
        #expect(peer.isClosed)
    }

    @Test func `draining answers the request that is out, then closes`() {
        var peer = Conversation()
        peer.say(get)
        peer.session.drain()
        peer.drain()
        #expect(!peer.isClosed)
        peer.answer()
        #expect(peer.isClosed && peer.sent.contains("Connection: close"))
        var idle = Conversation()
        idle.session.drain()
        idle.drain()
        #expect(idle.isClosed)
    }

    @Test func `100 is said before the body`() {
        var peer = Conversation()
        peer.say("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(peer.sent == "HTTP/1.1 100 Continue\r\n\r\n")
        peer.say("ok")
        #expect(peer.requests.map(\.body) == ["ok"])
    }
}
