import Testing
import Wire

@testable import Web

/// Feeds bytes to a decoder in pieces and collects the requests.
func decode(_ pieces: [[UInt8]], _ limits: WebLimits = WebLimits()) throws(RequestError) -> [(RequestHead, [UInt8])] {
    var decoder = RequestDecoder(limits: limits)
    var requests: [(RequestHead, [UInt8])] = []
    for piece in pieces {
        decoder.append(piece)
        while let event = try decoder.next() {
            if case .request(let head, let body) = event { requests.append((head, body)) }
        }
    }
    return requests
}

func decode(_ text: String, _ limits: WebLimits = WebLimits()) throws(RequestError) -> [(RequestHead, [UInt8])] {
    try decode([Array(text.utf8)], limits)
}

@Suite struct RequestDecoderTests {
    private static let stream = Array(
        """
        \r\nPOST /a%20b?x=1 HTTP/1.1\r\nHost: one.example:80\r\nContent-Length: 5\r\nX-Thing:  padded \t\r\n\r\nhello\
        PUT /c HTTP/1.1\r\nHost: two\r\nTransfer-Encoding: chunked\r\n\r\n\
        4;ext=1\r\nWiki\r\n6\r\npedia \r\nB\r\nin \r\nchunks\r\n0\r\nTrailer: dropped\r\n\r\n\
        GET /d HTTP/1.0\n\n
        """.utf8)

    private func expectStream(_ requests: [(RequestHead, [UInt8])]) throws {
        try #require(requests.count == 3)
        #expect(requests.map { $0.0.method } == [.post, .put, .get])
        #expect(requests.map { $0.0.target.path } == ["/a%20b", "/c", "/d"])
        #expect(requests[0].0.target.segments == ["a b"])
        #expect(requests[0].0.fields["x-THING"] == "padded")
        #expect(requests[0].0.host == "one.example:80")
        #expect(requests.map { String(decoding: $0.1, as: UTF8.self) } == ["hello", "Wikipedia in \r\nchunks", ""])
        #expect(requests.map { $0.0.keepsAlive } == [true, true, false])
    }

    @Test func `pipelined requests are read however the stream is split in two`() throws {
        for split in 0...Self.stream.count {
            try expectStream(decode([Array(Self.stream[..<split]), Array(Self.stream[split...])]))
        }
    }

    @Test func `a stream that drips byte by byte is read the same`() throws {
        try expectStream(decode(Self.stream.map { [$0] }))
    }

    @Test(arguments: [
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "GET /\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / http/1.1\r\nHost: a\r\n\r\n", "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
    ])
    func `what could be read in two ways is malformed`(_ text: String) {
        #expect { try decode(text) } throws: {
            guard case .malformed = $0 as? RequestError else { return false }
            return true
        }
    }

    @Test func `each limit has its own refusal`() {
        var limits = WebLimits()
        limits.targetBytes = 20
        limits.headBytes = 200
        limits.fieldCount = 3
        limits.bodyBytes = 10
        let long = String(repeating: "a", count: 30)
        let start = "POST / HTTP/1.1\r\nHost: a\r\n"
        let cases: [(String, RequestError)] = [
            ("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", .targetTooLong),
            ("GET /" + String(repeating: long, count: 10), .targetTooLong),
            (start + "X: " + String(repeating: long, count: 10), .headTooLarge),
            (start + "A: 1\r\nB: 1\r\nC: 1\r\n\r\n", .headTooLarge),
            (start + "Content-Length: 11\r\n\r\n", .bodyTooLarge),
            (start + "Content-Length: 99999999999999999\r\n\r\n", .bodyTooLarge),
            (start + "Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n", .bodyTooLarge),
            (start + "Transfer-Encoding: gzip, chunked\r\n\r\n", .transferCodingUnknown),
            (start + "Expect: wonders\r\n\r\n", .expectationUnknown),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionUnsupported),
        ]
        for (text, expected) in cases {
            #expect(throws: expected, "\(text)") { try decode(text, limits) }
        }
    }

    @Test func `a client that expects 100 is told once, unless its body came along`() throws {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
        var decoder = RequestDecoder(limits: WebLimits())
        decoder.append(Array(head.utf8))
        guard case .continueExpected = try decoder.next() else {
            Issue.record("not asked to continue")
            return
        }
        #expect(try decoder.next() == nil)
        decoder.append(Array("ok".utf8))
        guard case .request(_, let body) = try decoder.next() else {
            Issue.record("no request")
            return
        }
        #expect(body == Array("ok".utf8))
        var eager = RequestDecoder(limits: WebLimits())
        eager.append(Array((head + "ok").utf8))
        guard case .request = try eager.next() else {
            Issue.record("asked to continue in vain")
            return
        }
    }

    @Test func `random bytes never trap and never hang`() {
        let seed = UInt64.random(in: 0 ... .max)
        var entropy = Entropy(seed: seed)
        let alphabet = Array("GET /% HTTP/1.1\r\n:Host;0a\u{7f}\u{80}".utf8)
        for _ in 0..<2000 {
            let noise = (0..<200).map { _ in alphabet.randomElement(using: &entropy) ?? 0 }
            let text = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
            _ = try? decode([noise])
            _ = try? decode([text + noise])
        }
        #expect(Bool(true), "seed \(seed)")
    }
}

extension RequestDecoder.Event? {
    static func == (event: Self, other: RequestDecoder.Event?) -> Bool {
        if case .none = event, case .none = other { true } else { false }
    }
}
