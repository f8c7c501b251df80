import Testing
import Wire

@testable import Web

@Suite struct TargetTests {
    @Test func `segments are decoded one by one, so that an escaped slash divides nothing`() throws {
        let target = try #require(HTTPTarget("/api/by-phone/%2B7%20999/a%2Fb/+7999/"))
        #expect(target.segments == ["api", "by-phone", "+7 999", "a/b", "+7999"])
        #expect(target.path == "/api/by-phone/%2B7%20999/a%2Fb/+7999/")
    }

    @Test func `the root has no segments, doubled slashes are segments of their own`() throws {
        #expect(try #require(HTTPTarget("/")).segments.isEmpty)
        #expect(try #require(HTTPTarget("/a//b")).segments == ["a", "", "b"])
    }

    @Test func `query items keep their order, and a plus is a space`() throws {
        let query = try #require(HTTPTarget("/x?a=1&b=two+words&a=%2B&flag&&c=%D0%9C&d=%zz&=v#frag")).query
        #expect(query.items.map(\.name) == ["a", "b", "a", "flag", "c", "d", ""])
        #expect(query.items.map(\.value) == ["1", "two words", "+", "", "М", "%zz", "v"])
        #expect(query["a"] == "1" && query["missing"] == nil && query.contains("flag"))
    }

    @Test func `absolute targets lose their authority`() throws {
        for (text, path) in [
            ("http://h/a?b=1", "/a"), ("HTTPS://h", "/"), ("http://h?x=1", "/"),
        ] {
            let head = try #require(try decode("GET \(text) HTTP/1.1\r\nHost: h\r\n\r\n").first).0
            #expect(head.target.path == path)
        }
    }

    @Test func `credentials are read from where clients put them`() throws {
        var fields = HTTPFields()
        fields.add("authorization", "bearer  abc.def ")
        fields.add("Cookie", "a=1; access_token=xyz; b=2")
        fields.add("Content-Type", "Application/JSON ; charset=utf-8")
        let target = try #require(HTTPTarget("/"))
        let request = HTTPRequest(method: .get, target: target, fields: fields)
        #expect(request.bearerToken == "abc.def")
        #expect(request.cookie("access_token") == "xyz" && request.cookie("c") == nil)
        #expect(request.contentType == "application/json")
    }

    @Test(arguments: [
        ("203.0.113.9", "203.0.113.9"), ("10.0.0.1, 203.0.113.9", "203.0.113.9"), ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]:80", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"),
        ("unknown", "127.0.0.1"), ("", "127.0.0.1"),
    ])
    func `a trusted proxy names the client, and only its own word counts`(_ text: String, _ expected: String) throws {
        var fields = HTTPFields()
        fields.add("X-Forwarded-For", text)
        fields.add("X-Forwarded-Proto", "https")
        var request = HTTPRequest(method: .get, target: try #require(HTTPTarget("/")), fields: fields)
        request.believeProxy()
        #expect(request.remote.ip == IPAddress(expected))
        #expect(request.isTLS)
    }

    @Test func `dates are written as HTTP has them`() {
        #expect(HTTPDate.text(WallTime(milliseconds: 784_111_777_000)) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(WallTime(milliseconds: 0)) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}
