import Testing
import Wire

@testable import SIP

@Suite struct ParserTests {
    @Test func `a request is written as it was read`() throws {
        let bytes = Samples.options("Contact: \"A\" <sip:a@b>;q=0.5\nX-Own: any thing", body: "hello")
        #expect(try SIPParser.parse(bytes).serialized() == bytes)
    }

    @Test func `a response repeats the request's headers and has a tag`() throws {
        let request = try Samples.request("v: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb\nRecord-Route: <sip:p;lr>")
        let response = SIPResponse(to: request, status: 486, toTag: "mine")
        let text = String(decoding: response.serialized(), as: UTF8.self)
        #expect(
            text == """
                SIP/2.0 486 Busy Here\r
                Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKa\r
                Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb\r
                From: <sip:a@example.com>;tag=f\r
                To: <sip:b@example.com>;tag=mine\r
                Call-ID: c1\r
                CSeq: 1 OPTIONS\r
                Content-Length: 0\r
                \r

                """)
    }

    @Test func `a datagram without Content-Length is all body, a stream's message without it is refused`() throws {
        let bytes = Samples.bytes(
            """
            SIP/2.0 200 OK
            Via: SIP/2.0/UDP a
            From: <sip:a>;tag=1
            To: <sip:b>;tag=2
            Call-ID: c
            CSeq: 1 INVITE

            body
            """)
        #expect(try SIPParser.parse(bytes).body == Array("body".utf8))
        #expect(Samples.fault(bytes, .stream) == .missingHeader(.contentLength))
    }

    @Test func `line breaks alone are a keep-alive`() {
        for count in 0...4 {
            #expect(Samples.fault(Array(repeatElement([0x0D, 0x0A], count: count).joined())) == .empty)
        }
        #expect(Samples.fault([0x0D, 0x0A] + Samples.options()) == nil)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let fault: SIPParseError.Fault
        let status: Int

        init(_ name: String, _ bytes: [UInt8], _ fault: SIPParseError.Fault, _ status: Int) {
            (testDescription, self.bytes, self.fault, self.status) = (name, bytes, fault, status)
        }
    }

    private static func replacing(_ old: String, _ new: String) -> [UInt8] {
        let text = String(decoding: Samples.options(), as: UTF8.self)
        let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        return Array(parts.joined(separator: new).utf8)
    }

    private static func lines(_ count: Int, _ line: String = "X: y") -> String {
        Array(repeating: line, count: count).joined(separator: "\n")
    }

    static let refusals = [
        Refusal("a bare line feed", replacing("\r\nFrom", "\nFrom"), .malformedHeader(.other), 400),
        Refusal("a bare carriage return", replacing("c1", "c\r1"), .malformedHeader(.other), 400),
        Refusal("a NUL", replacing("c1", "c\u{0}1"), .malformedHeader(.other), 400),
        Refusal("a line without colon", Samples.options("nonsense"), .malformedHeader(.other), 400),
        Refusal("a name with a space", Samples.options("a b: c"), .malformedHeader(.other), 400),
        Refusal("no From", replacing("From: <sip:a@example.com>;tag=f\r\n", ""), .missingHeader(.from), 400),
        Refusal("two Call-IDs", Samples.options("i: c2"), .repeatedHeader(.callID), 400),
        Refusal("Max-Forwards 256", Samples.options("Max-Forwards: 256"), .malformedHeader(.maxForwards), 400),
        Refusal("a CSeq over 32 bits", replacing("CSeq: 1 ", "CSeq: 4294967296 "), .malformedHeader(.cseq), 400),
        Refusal("a bad Route", Samples.options("Route: <sip:a>, b"), .malformedHeader(.route), 400),
        Refusal("an empty Contact", Samples.options("Contact:"), .malformedHeader(.contact), 400),
        Refusal("version 3.0", replacing("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), .unsupportedVersion, 505),
        Refusal(
            "a long line", Samples.options("X: " + String(repeating: "y", count: SIPLimits.lineBytes)), .lineTooLong,
            400),
        Refusal(
            "a long Request-URI",
            replacing("example.com SIP", String(repeating: "y", count: SIPLimits.lineBytes) + " SIP"),
            .requestURITooLong, 414),
        Refusal("many headers", Samples.options(lines(SIPLimits.headerFields)), .tooManyHeaders, 400),
        Refusal(
            "many hops",
            Samples.options("Via: " + Array(repeating: "SIP/2.0/UDP a", count: SIPLimits.vias).joined(separator: ",")),
            .tooManyHeaders, 400),
        Refusal(
            "many contacts",
            Samples.options(
                "Contact: " + Array(repeating: "<sip:a>", count: SIPLimits.listValues + 1).joined(separator: ",")),
            .malformedHeader(.contact), 400),
        Refusal(
            "many parameters",
            Samples.options("Contact: <sip:a>" + String(repeating: ";a", count: SIPLimits.parameters + 1)),
            .malformedHeader(.contact), 400),
        Refusal(
            "a large head",
            Samples.options(lines(SIPLimits.headBytes / 8000 + 1, "X: " + String(repeating: "y", count: 8000))),
            .headTooLarge, 513),
        Refusal(
            "a large body", Samples.options(body: String(repeating: "y", count: SIPLimits.bodyBytes + 1)),
            .bodyTooLarge,
            413),
        Refusal(
            "a large message", Samples.options(body: String(repeating: "y", count: SIPLimits.messageBytes)),
            .messageTooLarge, 513),
    ]

    @Test(arguments: refusals)
    func `a fault is named and answered`(_ refusal: Refusal) throws {
        let error = try #require(throws: SIPParseError.self) { try SIPParser.parse(refusal.bytes) }
        #expect(error.fault == refusal.fault)
        #expect(error.status == refusal.status)
        let response = try #require(error.response(toTag: "mine"))
        #expect(response.status == refusal.status)
        #expect(response.headers.topVia?.branch == "z9hG4bKa")
        #expect(response.headers.to?.tag == "mine")
        // The answer can be read by the peer, unless it lacks or repeats what the request did.
        if case .missingHeader = refusal.fault { return }
        if refusal.fault == .tooManyHeaders { return }
        if case .malformedHeader = refusal.fault { return }
        #expect(throws: Never.self) { try SIPParser.parse(response.serialized(), framing: .stream) }
    }

    @Test func `neither ACK nor response nor a request without Via is answered`() throws {
        let options = String(decoding: Samples.options("nonsense"), as: UTF8.self)
        for text in [
            options.replacing("OPTIONS", with: "ACK"),
            options.replacing("OPTIONS sip:example.com SIP/2.0", with: "SIP/2.0 200 OK"),
            options.replacing("Via", with: "Tia"), "\u{1}\u{2}\u{3}", "GET / HTTP/1.1\r\n\r\n",
        ] {
            let error = try #require(throws: SIPParseError.self) { try SIPParser.parse(Array(text.utf8)) }
            #expect(error.response(toTag: "t") == nil)
        }
    }

    @Test func `mutilated messages never trap, and what is read can be written and read again`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var entropy = Entropy(seed: seed)
        let names = try TortureResources.names(in: "rfc4475")
        let originals = try names.map { try TortureResources.bytes("rfc4475", $0) }
        for _ in 0..<3000 {
            var bytes = originals[Int.random(in: 0..<originals.count, using: &entropy)]
            for _ in 0...Int.random(in: 0..<6, using: &entropy) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &entropy)
                switch Int.random(in: 0..<3, using: &entropy) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &entropy)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes.suffix(from: index).prefix(40), at: index)
                }
            }
            guard let message = try? SIPParser.parse(bytes) else { continue }
            let again = try? SIPParser.parse(message.serialized(), framing: .stream)
            #expect(again?.serialized() == message.serialized(), "seed \(seed)")
        }
    }
}
