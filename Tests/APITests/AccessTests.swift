import CallViews
import Crypto
import Directory
import Testing
import Web
import Wire

@testable import API

@Suite struct AccessTests {
    private static let now = WallTime(milliseconds: 1_767_225_600_000)

    private func access(_ mode: AuthMode, secret: String = "secret") throws -> Access {
        let key = try #require(TokenKey(secret: secret))
        let roster = Roster(users: [
            User(id: 1, login: "anna", role: .director), User(id: 4, login: "gone", status: .inactive),
        ])
        return Access(mode: mode, key: key, roster: { roster })
    }

    private func request(
        _ fields: [(String, String)] = [], from remote: String = "127.0.0.1", host: String = "localhost:3000"
    ) throws -> HTTPRequest {
        var all = HTTPFields()
        for (name, value) in fields { all.add(name, value) }
        let target = try #require(HTTPTarget("/"))
        let address = try #require(SocketAddress(host: remote, port: 50000))
        return HTTPRequest(method: .get, target: target, fields: all, remote: address, host: host)
    }

    private func token(
        _ id: Int64, role: String? = nil, expires: WallTime? = nil, secret: String = "secret"
    ) throws -> [(String, String)] {
        let claims = TokenClaims(userID: id, role: role, expires: expires)
        let token = try #require(TokenKey(secret: secret)).sign(claims, issuedAt: Self.now)
        return [("Authorization", "Bearer \(token)")]
    }

    @Test func `auto means required once a secret is configured`() {
        #expect(AuthMode("auto", hasConfiguredSecret: true) == .required)
        #expect(AuthMode("Auto", hasConfiguredSecret: false) == .requiredFromElsewhere)
        #expect(AuthMode("off", hasConfiguredSecret: true) == .off)
        #expect(AuthMode("required", hasConfiguredSecret: false) == .required)
        #expect(AuthMode("sometimes", hasConfiguredSecret: false) == nil)
    }

    @Test func `a direct local client needs no token in auto mode`() throws {
        let access = try access(.requiredFromElsewhere)
        for (remote, host) in [
            ("127.0.0.1", "localhost"), ("127.0.0.1", "127.0.0.1:3000"), ("::1", "[::1]:3000"),
            ("127.9.9.9", "LOCALHOST:1"),
        ] {
            #expect(try access.caller(of: request(from: remote, host: host), now: Self.now) == .visitor, "\(host)")
        }
        let sameOrigin = try request([("Origin", "http://localhost:8080")])
        #expect(try access.caller(of: sameOrigin, now: Self.now) == .visitor)
    }

    @Test func `everybody else needs one`() throws {
        let access = try access(.requiredFromElsewhere)
        for request in [
            try request(from: "192.0.2.5"), try request(host: "pbx.example"),
            try request(host: "localhost.evil.example"),
            try request([("X-Forwarded-For", "10.0.0.1")]), try request([("x-forwarded-proto", "https")]),
            try request([("Forwarded", "for=10.0.0.1")]), try request([("Origin", "https://evil.example")]),
            try request([("Origin", "null")]), try request(host: ""),
        ] {
            #expect(throws: Failure.unauthorized) { try access.caller(of: request, now: Self.now) }
        }
    }

    @Test func `a token names its user, and the directory supplies a role the token lacks`() throws {
        let access = try access(.required)
        #expect(
            try access.caller(of: request(token(7, role: "callcentre_operator")), now: Self.now)
                == .user(id: 7, role: .operator))
        #expect(try access.caller(of: request(token(1)), now: Self.now) == .user(id: 1, role: .director))
        #expect(throws: Failure.unauthorized) { try access.caller(of: request(), now: Self.now) }
    }

    @Test func `what the directory says of a user outranks the token`() throws {
        let roster = Roster(users: [
            User(id: 1, login: "anna", role: .operator), User(id: 4, login: "gone", role: .admin, status: .inactive),
        ])
        let access = Access(mode: .required, key: try #require(TokenKey(secret: "secret")), roster: { roster })
        #expect(
            try access.caller(of: request(token(1, role: "admin")), now: Self.now) == .user(id: 1, role: .operator))
        #expect(throws: Failure.unauthorized) {
            try access.caller(of: request(token(4, role: "admin")), now: Self.now)
        }
    }

    @Test func `a wrong token is refused even where none is needed, unless nobody is asked`() throws {
        let wrong = try request(token(1, secret: "other"))
        #expect(throws: Failure.unauthorized) { try access(.requiredFromElsewhere).caller(of: wrong, now: Self.now) }
        #expect(try access(.off).caller(of: wrong, now: Self.now) == .visitor)
        let expired = try request(token(1, expires: Self.now))
        #expect(throws: Failure.tokenExpired) { try access(.required).caller(of: expired, now: Self.now) }
        #expect(throws: Failure.unauthorized) { try access(.required).caller(of: request(token(4)), now: Self.now) }
    }

    @Test func `our own tokens are accepted until they expire`() throws {
        let access = try access(.required)
        let token = access.token(
            for: User(id: 3, login: "chief", role: .admin), now: Self.now, lifetime: .seconds(60))
        let bearer = try request([("Authorization", "Bearer \(token)")])
        #expect(try access.caller(of: bearer, now: Self.now + .seconds(59)) == .user(id: 3, role: .admin))
        #expect(throws: Failure.tokenExpired) { try access.caller(of: bearer, now: Self.now + .seconds(60)) }
    }
}

@Suite struct LoginThrottleTests {
    private let here = IPAddress(v4: 1)
    private let elsewhere = IPAddress(v4: 2)

    @Test func `failures of one account from one source are counted, others go on`() {
        let throttle = LoginThrottle(failuresPerPair: 2, failuresPerSource: 4, window: .seconds(60))
        #expect(throttle.begin(account: "anna", source: here, .zero) == nil)
        #expect(throttle.begin(account: "ANNA", source: here, .zero + .seconds(10)) == nil)
        #expect(throttle.begin(account: "anna", source: here, .zero + .seconds(20)) == .seconds(40))
        #expect(throttle.begin(account: "boris", source: here, .zero + .seconds(20)) == nil)
        #expect(throttle.begin(account: "anna", source: elsewhere, .zero + .seconds(20)) == nil)
        #expect(throttle.begin(account: "anna", source: here, .zero + .seconds(61)) == nil)
    }

    @Test func `a source that tries many accounts is stopped`() {
        let throttle = LoginThrottle(failuresPerPair: 2, failuresPerSource: 4, window: .seconds(60))
        for name in ["a", "b", "c", "d"] { #expect(throttle.begin(account: name, source: here, .zero) == nil) }
        #expect(throttle.begin(account: "e", source: here, .zero) == .seconds(60))
    }

    @Test func `a success forgives`() {
        let throttle = LoginThrottle(failuresPerPair: 1, failuresPerSource: 1, window: .seconds(60))
        for _ in 0..<10 {
            #expect(throttle.begin(account: "anna", source: here, .zero) == nil)
            throttle.succeeded(account: "anna", source: here)
        }
    }

    @Test func `the table stays bounded`() {
        let throttle = LoginThrottle(failuresPerSource: 1000, window: .seconds(60), tableLimit: 10)
        for number in 0..<100 { _ = throttle.begin(account: "user\(number)", source: here, .zero) }
        #expect(throttle.begin(account: "one more", source: here, .zero) == .seconds(60))
        #expect(throttle.begin(account: "one more", source: here, .zero + .seconds(60)) == nil)
    }
}
