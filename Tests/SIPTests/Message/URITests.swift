import Testing
import Wire

@testable import SIP

@Suite struct URITests {
    @Test(arguments: [
        "sip:example.com", "sip:alice@example.com", "sips:alice:pw@example.com:5061;transport=tls?subject=hi&a=b",
        "sip:+12125551212@example.com;user=phone", "sip:192.0.2.1:5070;lr", "sip:a@[2001:db8::1]:5060;maddr=[::1]",
        "tel:+358-555-1234567;postd=pp22", "tel:7042;phone-context=example.com", "sip:%23%2A9@example.com",
        "urn:service:sos", "http://example.com/x?y", "sip:;a?b@example.com", "sip:a@under_score.example.com",
    ])
    func `a URI is written as it was read`(_ text: String) throws {
        #expect(try #require(SIPURI(text)).description == text)
    }

    @Test(arguments: [
        "", "sip", "sip:", "sip:@example.com", "sip:a@", "sip:a@b@c", "sip:example.com:", "sip:example.com:65536",
        "sip:example.com:x", "sip:exa mple.com", "sip:a@example.com;", "sip:a@example.com;;b", "sip:a@example.com;=b",
        "sip:a%4@example.com", "sip:a%zz@example.com", "sip:[2001:db8::1", "sip:[example.com]", "sip:2001:db8::1",
        "sip:a@example.com?", "sip:a@example.com?b", "tel:", "tel:;a", "tel:no way", "1sip:x", "x:", "x:a<b",
        "sip:a@example.com\r\nVia: x", "sip:[:::10]", "sip:[1:::2:::192.0.2.1]",
    ])
    func `what is no URI is not read`(_ text: String) {
        #expect(SIPURI(text) == nil)
    }

    @Test func `components are held plain and written escaped`() throws {
        var uri = try #require(SIPURI(user: "a b@c;d>\r\nVia: x", host: "example.com"))
        uri.parameters.set("p q", "1;2\r\n")
        uri.headers = [SIPURI.Header(name: "Subject", value: "a&b=c\0")]
        uri.password = "x:y"
        let expected =
            "sip:a%20b%40c;d%3E%0D%0AVia%3A%20x:x%3Ay@example.com;p%20q=1%3B2%0D%0A?Subject=a%26b%3Dc%00"
        #expect(uri.description == expected)
        let read = try #require(SIPURI(expected))
        #expect(read == uri)
        #expect(read.user == "a b@c;d>\r\nVia: x")
        #expect(read.password == "x:y")
    }

    @Test func `a telephone number is written with what it is dialled with`() throws {
        var uri = try #require(SIPURI("tel:+7-916-123-45-67"))
        #expect(uri.user == "+7-916-123-45-67")
        uri.user = "*21#12\r\nVia: x;y 3"
        #expect(uri.description == "tel:*21#12a3")
    }

    @Test func `a host is checked`() {
        #expect(SIPURI(host: "2001:db8::1")?.host == "[2001:db8::1]")
        #expect(SIPURI(host: "[2001:db8::1]")?.host == "[2001:db8::1]")
        for host in ["", "a b", "a;lr", "a\r\n", "a:b", "a@b", "<a>"] { #expect(SIPURI(host: host) == nil) }
        let address = SocketAddress(host: "::1", port: 5060)
        #expect(address.map { SIPURI(address: $0).description } == "sip:[::1]:5060")
    }

    @Test func `a dialled hash is taken unescaped and written escaped`() throws {
        let uri = try #require(SIPURI("sip:*21#100#@example.com"))
        #expect(uri.user == "*21#100#")
        #expect(uri.description == "sip:*21%23100%23@example.com")
    }

    @Test func `too many parameters are refused`() {
        let most = (0..<SIPLimits.parameters).map { ";p\($0)" }.joined()
        #expect(SIPURI("sip:a" + most) != nil)
        #expect(SIPURI("sip:a" + most + ";more") == nil)
    }

    /// The examples of RFC 3261 19.1.4, and more.
    @Test(arguments: [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x"
        ),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:0DB8:0::0001]"),
        ("tel:+1-201-555-0123", "tel:+1(201)5550123"),
        ("sip:a@b;x=1;x=2", "sip:a@b;x=1;x=2"),
    ])
    func `URIs that mean the same are equivalent`(_ left: String, _ right: String) throws {
        let (one, other) = (try #require(SIPURI(left)), try #require(SIPURI(right)))
        #expect(one.isEquivalent(to: other))
        #expect(other.isEquivalent(to: one))
    }

    @Test(arguments: [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"), ("sip:a@b", "sip:b"), ("sip:a%3Bb@c", "sip:a;b@c"),
        ("tel:+12015550123", "tel:2015550123"), ("tel:7042;phone-context=a", "tel:7042;phone-context=b"),
    ])
    func `URIs that do not are not`(_ left: String, _ right: String) throws {
        let (one, other) = (try #require(SIPURI(left)), try #require(SIPURI(right)))
        #expect(!one.isEquivalent(to: other))
        #expect(!other.isEquivalent(to: one))
    }
}
