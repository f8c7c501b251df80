import Testing
import Wire

@testable import SIP

@Suite struct HeaderTests {
    @Test func `no value that is made can end its line`() throws {
        var request = try Samples.request()
        request.headers.append(.subject, "a\r\nVia: evil\n\0x")
        request.headers.append("X-Note", "b\r\n\r\nbody")
        request.headers.append("Bad: name\r\nX", "c")
        request.headers[.userAgent] = "u\nv"
        request.headers.reason = SIPReason(cause: 200, text: "x\"\r\ny")
        request.headers.from = NameAddress(
            displayName: "d\"\r\n", uri: try #require(SIPURI("sip:a")),
            parameters: ["tag": "t\r\nVia: v", "a\r\nb": nil])
        var via = Via(transport: .other("T\r\n"), host: "h\r\nx", branch: "z9hG4bK\r\ny")
        via.received = "1\r\n2"
        request.headers.topVia = via
        request.method = .other("OPT\r\nIONS")
        let lines = String(decoding: request.serialized(), as: UTF8.self)
        #expect(
            lines.split(separator: "\r\n", omittingEmptySubsequences: false).count == request.headers.fields.count + 3)
        #expect(!lines.contains("\0"))
        #expect(!lines.contains("\r\nVia: evil"))
        #expect(!lines.contains("Bad: name"))
    }

    @Test func `names are found in any case, in full and in short`() throws {
        let request = try Samples.request("k: timer, 100rel\nsuPPorted: path\nX-Own: 1\nx-own: 2")
        #expect(request.headers.supported == ["timer", "100rel", "path"])
        #expect(request.headers["supported"] == "timer, 100rel")
        #expect(request.headers["X-OWN"] == "1")
        #expect(request.headers.contains(.supported))
        #expect(request.headers.offersOption("TIMER"))
        for name in SIPHeaderName.allCases where name != .other {
            #expect(SIPHeaderName(name.text.uppercased()) == name)
        }
    }

    @Test func `every compact form is known`() {
        let forms: [(String, SIPHeaderName)] = [
            ("a", .acceptContact), ("b", .referredBy), ("c", .contentType), ("d", .requestDisposition),
            ("e", .contentEncoding), ("f", .from), ("i", .callID), ("j", .rejectContact), ("k", .supported),
            ("l", .contentLength), ("m", .contact), ("o", .event), ("r", .referTo), ("s", .subject), ("t", .to),
            ("u", .allowEvents), ("v", .via), ("x", .sessionExpires), ("y", .identity), ("z", .other),
        ]
        for (form, name) in forms {
            #expect(SIPHeaderName(form) == name)
            #expect(SIPHeaderName(form.uppercased()) == name)
        }
    }

    @Test func `hops are put on top, changed and taken off`() {
        var headers = SIPHeaders()
        headers.append(.callID, "c")
        headers.prependVia(Via(transport: .udp, host: "a", branch: "1"))
        headers.prependVia(Via(transport: .tcp, host: "b", port: 5061, branch: "2"))
        #expect(headers.vias.map(\.host) == ["b", "a"])
        headers.topVia?.received = "192.0.2.9"
        headers.topVia?.requestResponsePort()
        #expect(headers[.via] == "SIP/2.0/TCP b:5061;branch=2;received=192.0.2.9;rport")
        #expect(headers.topVia?.wantsResponsePort == true)
        #expect(headers.topVia?.rport == nil)
        headers.topVia?.rport = 4000
        #expect(headers.topVia?.rport == 4000)
        headers.topVia = nil
        #expect(headers.vias.map(\.host) == ["a"])
        headers.topVia = nil
        #expect(headers.topVia == nil)
        #expect(!headers.contains(.via))
    }

    @Test func `a hop of several on one line is taken off alone`() throws {
        var headers = SIPHeaders()
        headers.append(.via, "SIP/2.0/UDP a;branch=1 , SIP/2.0/UDP b;branch=2,SIP/2.0/UDP c")
        headers.topVia = nil
        #expect(headers.vias.map(\.host) == ["b", "c"])
        headers.vias = Array(headers.vias.reversed())
        #expect(headers.all(.via) == ["SIP/2.0/UDP c", "SIP/2.0/UDP b;branch=2"])
    }

    @Test func `typed headers are written and read`() throws {
        var headers = SIPHeaders()
        headers.cseq = CSeq(7, .invite)
        headers.maxForwards = 70
        headers.expires = 3600
        headers.minExpires = 60
        headers.retryAfter = 5
        headers.contentType = .sdp
        headers.require = ["timer"]
        headers.allow = [.invite, .other("NEW")]
        headers.reason = SIPReason(namespace: "Q.850", cause: 16, text: "Normal, \"clearing\"")
        headers.sessionExpires = SessionExpires(interval: 1800, refresher: .uas)
        headers.minSE = 90
        headers.contacts = [NameAddress(displayName: "A, B", uri: try #require(SIPURI("sip:a@b;x")))]
        headers.routes = [
            NameAddress(uri: try #require(SIPURI("sip:p1;lr"))), NameAddress(uri: try #require(SIPURI("sip:p2"))),
        ]
        #expect(headers.cseq == CSeq(7, .invite))
        #expect(headers.maxForwards == 70)
        #expect(headers.expires == 3600)
        #expect(headers.minExpires == 60)
        #expect(headers.retryAfter == 5)
        #expect(headers.contentType?.isSDP == true)
        #expect(headers.require == ["timer"])
        #expect(headers.allow == [.invite, .other("NEW")])
        #expect(headers.reason == SIPReason(namespace: "Q.850", cause: 16, text: "Normal, \"clearing\""))
        #expect(headers.sessionExpires == SessionExpires(interval: 1800, refresher: .uas))
        #expect(headers.minSE == 90)
        #expect(headers[.contact] == "\"A, B\" <sip:a@b;x>")
        #expect(headers.contacts.first?.displayName == "A, B")
        #expect(headers.all(.route) == ["<sip:p1;lr>", "<sip:p2>"])
        #expect(headers.routes.map(\.uri.isLooseRoute) == [true, false])
        headers.contacts = []
        headers.expires = nil
        #expect(!headers.contains(.contact))
        #expect(!headers.contains(.expires))
    }

    @Test(arguments: [
        ("Retry-After: 120 (I'm in a meeting);duration=60", "retryAfter 120"),
        ("Expires: 99999999999999999999", "expires 4294967295"), ("Expires: soon", "expires nil"),
        ("Session-Expires: 1800 ; refresher=UAC", "sessionExpires 1800;refresher=uac"),
        ("Session-Expires: x", "sessionExpires nil"), ("Min-SE: 90;x=y", "minSE 90"),
        ("Content-Type: Text/Plain ; charset=utf-8", "contentType text/plain;charset=utf-8"),
        ("Content-Type: text", "contentType nil"),
        ("Reason: SIP ;cause=200 ;text=\"Call completed elsewhere\", Q.850;cause=26", "reasons 200 26"),
    ])
    func `values are read on demand, malformed ones as nothing`(_ line: String, _ expected: String) throws {
        let headers = try Samples.request(line).headers
        let readings = [
            "retryAfter \(text(headers.retryAfter))", "expires \(text(headers.expires))",
            "sessionExpires \(text(headers.sessionExpires))", "minSE \(text(headers.minSE))",
            "contentType \(text(headers.contentType))",
            "reasons " + headers.reasons.map { text($0.cause) }.joined(separator: " "),
        ]
        #expect(readings.contains(expected))
    }

    private func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "nil" }

    @Test(
        arguments: [
            ("sip:a@b;tag=1", nil, "sip:a@b", "1"), ("<sip:a@b;x=1>;tag=1", nil, "sip:a@b;x=1", "1"),
            ("Alice <sip:a@b> ; tag=1", "Alice", "sip:a@b", "1"),
            ("\"A \\\"B\\\"\"<sip:a@b>", "A \"B\"", "sip:a@b", nil),
            ("\"<sip:x>\" <sip:a@b>", "<sip:x>", "sip:a@b", nil),
            ("Иван (дом) <sip:a@b>", "Иван (дом)", "sip:a@b", nil),
            ("<tel:+1-201-555-0123>", nil, "tel:+1-201-555-0123", nil), ("\"\" <sip:a>", "", "sip:a", nil),
        ] as [(String, String?, String, String?)])
    func `names and addresses are read`(_ value: String, _ name: String?, _ uri: String, _ tag: String?) throws {
        let address = try #require(NameAddress(value))
        #expect(address.displayName == name)
        #expect(address.uri.description == uri)
        #expect(address.tag == tag)
        #expect(NameAddress(address.description) == address)
    }

    @Test(arguments: [
        "", "<>", "<sip:a", "sip:a>", "\"A <sip:a>", "A, B <sip:a>", "sip:a@b?x=y", "sip:a,sip:b", "<sip:a>;",
        "<sip:a>;=x",
        "<sip:a>;x=", "<sip:a> x", "< sip:a>", "<sip:a >", "\"A\" sip:a", "<sip:a>;x=\"y", "\"A\\",
    ])
    func `what is no name and address is not read`(_ value: String) {
        #expect(NameAddress(value) == nil)
    }

    @Test func `a star is no contact but is told`() throws {
        let request = try Samples.request("Contact: *")
        #expect(request.headers.contacts.isEmpty)
        #expect(request.headers.isWildcardContact)
        #expect(Samples.fault(Samples.options("Contact: **")) == .malformedHeader(.contact))
    }
}
