import Testing
import Wire

@testable import Web

struct HTTPURLTests {
    @Test(arguments: [
        ("http://files", "files", 80, "http://files/"),
        ("HTTPS://Files.Example:8443/a.wav?t=1#x", "files.example", 8443, "https://files.example:8443/a.wav?t=1"),
        ("http://[::ffff:127.0.0.1]/x", "127.0.0.1", 80, "http://[::ffff:127.0.0.1]/x"),
        ("http://10.0.0.1:81?q", "10.0.0.1", 81, "http://10.0.0.1:81/?q"),
    ])
    func `addresses are read`(_ text: String, _ host: String, _ port: Int, _ whole: String) throws {
        let url = try #require(HTTPURL(text))
        #expect(url.host == host && Int(url.port) == port && url.text == whole)
        #expect(url.resource == whole.prefix { $0 != "?" })
    }

    @Test(arguments: [
        "", "file:///etc/passwd", "ftp://a/b", "gopher://a", "http:/a", "http://", "http://u:p@a/", "http://a:0/",
        "http://a b/", "http://a/\r\nHost: b", "http://ä/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
        "http://0177.0.0.1/", "http://a.0x7f/", "http://a%2eb/", "http://a\\b/", "http://[::1%25lo]/", "http://a..1/",
    ])
    func `what is no address, or may be read as another, is refused`(_ text: String) { #expect(HTTPURL(text) == nil) }
}

struct HostRulesTests {
    private let inner = ["127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "fd00::1", "fe80::1", "0.0.0.0", "::"]

    @Test func `any host may be spoken to where it is public, and a named one everywhere`() throws {
        let rules = HostRules(["*", "Files.internal", "*.office"])
        let outer = try #require(IPAddress("8.8.8.8"))
        for host in ["a.example", "files.internal", "a.office"] { #expect(rules.allow(outer, of: host)) }
        for text in inner {
            let address = try #require(IPAddress(text))
            #expect(!rules.allow(address, of: "a.example") && !rules.allow(address, of: "office"))
            #expect(rules.allow(address, of: "files.internal") && rules.allow(address, of: "a.office"))
        }
    }

    @Test func `public addresses of this machine are refused like its others, by whatever way`() throws {
        let rules = HostRules(["*", "files.internal"])
        let own = try Set(["8.8.8.8", "2600::1"].map { try #require(IPAddress($0)) })
        for text in ["8.8.8.8", "2600::1", "64:ff9b::8.8.8.8"] {
            let address = try #require(IPAddress(text))
            #expect(!rules.allow(address, of: "a.example", own: own))
            #expect(rules.allow(address, of: "files.internal", own: own) && rules.allow(address, of: "a.example"))
        }
        let other = try #require(IPAddress("64:ff9b::8.8.4.4"))
        #expect(rules.allow(other, of: "a.example", own: own))
    }

    @Test func `without any, only those that are named`() throws {
        let rules = HostRules(["*.example.com", "10.0.0.1"])
        let outer = try #require(IPAddress("8.8.8.8"))
        #expect(rules.allow("a.example.com") && rules.allow("10.0.0.1"))
        for host in ["example.com", "badexample.com", "10.0.0.10", "a.example.com.evil"] {
            #expect(!rules.allow(host) && !rules.allow(outer, of: host))
        }
    }

    @Test(arguments: ["[fd00::1]", "FD00:0:0::1", "fd00:0000:0000:0000:0000:0000:0000:0001", "[FD00::0001]"])
    func `an address is the same however it is written`(_ rule: String) throws {
        let rules = HostRules([rule])
        let url = try #require(HTTPURL("http://[fd00:0::1]/"))
        #expect(rules.allow(url.host) && !rules.allow("fd00::2"))
        let stream = try #require(WebSocketURL("ws://[fd00:0::1]/"))
        #expect(rules.allow(stream.host))
        #expect(HostRules(["::ffff:10.0.0.1"]).allow("10.0.0.1"))
    }
}
