import Testing

@testable import SIP

@Suite struct StreamFramerTests {
    /// Everything that comes out when the pieces go in one after another, and the fault that ended it.
    private func elements(
        of pieces: [[UInt8]], role: StreamFramer.Role = .accepted
    ) -> ([StreamFramer.Element], SIPParseError.Fault?) {
        var framer = StreamFramer(role: role)
        var elements: [StreamFramer.Element] = []
        do throws(SIPParseError) {
            for piece in pieces {
                framer.receive(piece)
                while let element = try framer.next() { elements.append(element) }
            }
        } catch {
            return (elements, error.fault)
        }
        return (elements, nil)
    }

    private static let first = Samples.options("X: 1", body: "one\r\n\r\ntwo")
    private static let second = Samples.options("Subject: folded\n  l: 5\nX: 2")
    private static let ping = Array("\r\n\r\n".utf8)

    @Test func `messages and pings come out whole at every split point`() {
        let stream = Self.ping + Self.first + Self.ping + Self.ping + Self.second + Self.first
        let expected: [StreamFramer.Element] = [
            .ping, .message(Self.first), .ping, .ping, .message(Self.second), .message(Self.first),
        ]
        for split in 0...stream.count {
            let (found, fault) = elements(of: [Array(stream[..<split]), Array(stream[split...])])
            #expect(found == expected, "split at \(split)")
            #expect(fault == nil)
        }
    }

    @Test(arguments: 1...9)
    func `messages come out whole when they drip`(_ size: Int) {
        let stream = Self.first + Self.ping + Self.second
        let pieces = stride(from: 0, to: stream.count, by: size).map { Array(stream[$0...].prefix(size)) }
        let (found, fault) = elements(of: pieces)
        #expect(found == [.message(Self.first), .ping, .message(Self.second)])
        #expect(fault == nil)
    }

    @Test func `a pong is told at once to the side that opened the connection`() {
        let stream = Array("\r\n".utf8) + Self.first + Array("\r\n".utf8)
        for split in 0...stream.count {
            let (found, _) = elements(of: [Array(stream[..<split]), Array(stream[split...])], role: .opened)
            #expect(found == [.pong, .message(Self.first), .pong])
        }
    }

    @Test func `a single line break in front of a message is skipped by the side that accepted it`() {
        let (found, fault) = elements(of: [Array("\r\n".utf8) + Self.first])
        #expect(found == [.message(Self.first)])
        #expect(fault == nil)
    }

    @Test func `the length is found short, spaced and folded`() {
        for line in ["l: 3", "CONTENT-LENGTH  :\r\n 3", "l:\t0003 "] {
            let message = Array("X sip:a SIP/2.0\r\n\(line)\r\n\r\nabc".utf8)
            let (found, fault) = elements(of: [message + Self.first])
            #expect(found == [.message(message), .message(Self.first)])
            #expect(fault == nil)
        }
    }

    @Test(arguments: [
        ("INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n", SIPParseError.Fault.missingHeader(.contentLength)),
        ("INVITE sip:a SIP/2.0\r\nl: -1\r\n\r\n", .malformedHeader(.contentLength)),
        ("INVITE sip:a SIP/2.0\r\nl: 99999999999999999999\r\n\r\n", .malformedHeader(.contentLength)),
        ("INVITE sip:a SIP/2.0\r\nl: 1\r\nl: 1\r\n\r\n", .repeatedHeader(.contentLength)),
        ("INVITE sip:a SIP/2.0\r\nl: 49153\r\n\r\n", .bodyTooLarge),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .missingHeader(.contentLength)),
        ("\u{16}\u{3}\u{1}", .malformedStartLine), ("\rINVITE", .malformedStartLine),
        ("\r\n\rINVITE", .malformedStartLine),
    ])
    func `a stream that cannot be followed ends for good`(_ text: String, _ expected: SIPParseError.Fault) {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            let (found, fault) = elements(of: [Self.first, Array(bytes[..<split]), Array(bytes[split...]), Self.first])
            #expect(found == [.message(Self.first)])
            #expect(fault == expected)
        }
    }

    @Test func `the answer to what ends a stream can be sent`() throws {
        var framer = StreamFramer(role: .accepted)
        let text = String(decoding: Samples.options(), as: UTF8.self)
        framer.receive(Array(text.replacing("Content-Length: 0", with: "Content-Length: 60000").utf8))
        let error = try #require(throws: SIPParseError.self) { try framer.next() }
        #expect(error.response(toTag: "t")?.status == 413)
        #expect(error.response(toTag: "t")?.headers.callID == "c1")
        framer.receive(Samples.options())
        #expect(throws: SIPParseError.self) { try framer.next() }
    }

    @Test func `a head without end is cut off`() {
        let line = Array("X: \(String(repeating: "y", count: 1000))\r\n".utf8)
        let (found, fault) = elements(of: [Array("X sip:a SIP/2.0\r\n".utf8)] + Array(repeating: line, count: 40))
        #expect(found.isEmpty)
        #expect(fault == .headTooLarge)
    }

    @Test func `thousands of messages in one read come out in order`() throws {
        let messages = (0..<3000).map { Samples.options("X: \($0)", body: String($0)) }
        let (found, fault) = elements(of: [Array(messages.joined())])
        #expect(found == messages.map { .message($0) })
        #expect(fault == nil)
    }
}
