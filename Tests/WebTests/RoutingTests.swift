import Testing
import Wire

@testable import Web

@Suite struct RoutingTests {
    private func application() -> WebApplication {
        var router = Router()
        for template in [
            "/api/v1/calls", "/api/v1/calls/:id", "/api/v1/calls/stats", "/api/v1/calls/:id/status",
            "/api/v1/calls/active/sessions",
        ] {
            router.serve(.get, template) { _, parameters in .text(parameters.template + " " + parameters["id"]) }
        }
        router.serve(.post, "/api/v1/calls") { _, _ in .empty(.created) }
        return WebApplication(router: router)
    }

    private func ask(_ method: HTTPMethod, _ path: String, _ application: WebApplication? = nil) async -> HTTPResponse {
        guard let target = HTTPTarget(path) else { return .empty(.badRequest) }
        return await (application ?? self.application()).respond(to: HTTPRequest(method: method, target: target))
    }

    @Test(arguments: [
        ("/api/v1/calls", "/api/v1/calls "), ("/api/v1/calls/", "/api/v1/calls "),
        ("/api/v1/calls/7", "/api/v1/calls/:id 7"), ("/api/v1/calls/%2B7", "/api/v1/calls/:id +7"),
        ("/api/v1/calls/stats/", "/api/v1/calls/stats "),
        ("/api/v1/calls/stats/status", "/api/v1/calls/:id/status stats"),
        ("/api/v1/calls/active/sessions", "/api/v1/calls/active/sessions "),
        ("/api/v1/calls/active", "/api/v1/calls/:id active"),
    ])
    func `segments written out win over parameters`(_ path: String, _ expected: String) async {
        #expect(String(decoding: await ask(.get, path).body, as: UTF8.self) == expected)
    }

    @Test func `an unknown path is 404 and an unknown method 405 with what is allowed`() async {
        #expect(await ask(.get, "/nowhere").status == .notFound)
        #expect(await ask(.get, "/api/v1/calls//status").status == .notFound)
        let refused = await ask(.delete, "/api/v1/calls")
        #expect(refused.status == .methodNotAllowed)
        #expect(refused.fields["Allow"] == "GET, HEAD, OPTIONS, POST")
        let options = await ask(.options, "/api/v1/calls")
        #expect(options.status == .noContent && options.fields["Allow"] == "GET, HEAD, OPTIONS, POST")
        #expect(await ask(.head, "/api/v1/calls").status == .ok)
    }

    @Test func `a refusal reads alike at the top level and inside`() {
        let failure = Failure(.notFound, "CALL_NOT_FOUND", "Звонок не \"найден\"", details: ["id": "1"])
        let expected = #"""
            {"success":false,"error":{"code":"CALL_NOT_FOUND","message":"Звонок не \"найден\"","details":{"id":"1"}},\#
            "message":"Звонок не \"найден\"","statusCode":404}
            """#
        #expect(String(decoding: failure.response.body, as: UTF8.self) == expected)
    }

    @Test func `middleware sees the route's template and wraps in its order`() async {
        var application = application()
        let outer: Middleware = { request, template, next in
            await next(request).with("X-Template", template).with("X-Order", "outer")
        }
        let inner: Middleware = { request, _, next in await next(request).with("X-Order", "inner") }
        application.middleware = [outer, inner]
        let response = await ask(.get, "/api/v1/calls/5", application)
        #expect(response.fields["X-Template"] == "/api/v1/calls/:id")
        #expect(response.fields["X-Order"] == "outer")
        #expect(await ask(.get, "/x", application).fields["X-Template"] == Router.unmatched)
    }
}

@Suite struct StandardMiddlewareTests {
    private func ask(
        _ middleware: Middleware, _ method: HTTPMethod = .get, path: String = "/", _ fields: [(String, String)] = []
    ) async throws -> HTTPResponse {
        var all = HTTPFields()
        for (name, value) in fields { all.add(name, value) }
        let target = try #require(HTTPTarget(path))
        return await middleware(HTTPRequest(method: method, target: target, fields: all, id: "r1"), "/") { _ in
            .text("ok")
        }
    }

    @Test func `any origin may read, but with no credentials`() async throws {
        let response = try await ask(
            StandardMiddleware.cors(OriginPolicy("*")), .get, [("Origin", "https://a.example")])
        #expect(response.fields["Access-Control-Allow-Origin"] == "*")
        #expect(response.fields["Access-Control-Allow-Credentials"] == nil)
    }

    @Test func `a listed origin may use credentials, another one nothing`() async throws {
        let cors = StandardMiddleware.cors(OriginPolicy(" https://A.example/ , http://b"))
        let listed = try await ask(cors, .get, [("Origin", "https://a.example")])
        #expect(listed.fields["Access-Control-Allow-Origin"] == "https://a.example")
        #expect(listed.fields["Access-Control-Allow-Credentials"] == "true")
        #expect(listed.fields["Vary"] == "Origin")
        let other = try await ask(cors, .get, [("Origin", "https://evil.example")])
        #expect(other.fields["Access-Control-Allow-Origin"] == nil)
        #expect(try await ask(cors).fields["Vary"] == nil)
    }

    @Test func `a preflight is answered without asking the handler`() async throws {
        let fields = [("Origin", "http://b"), ("Access-Control-Request-Method", "PATCH")]
        let response = try await ask(StandardMiddleware.cors(OriginPolicy("http://b")), .options, fields)
        #expect(response.status == .noContent)
        #expect(response.fields["Access-Control-Allow-Methods"]?.contains("PATCH") == true)
        #expect(response.fields["Access-Control-Allow-Headers"]?.contains("X-Use-Cookies") == true)
    }

    @Test func `origins are compared with our host without ports`() {
        #expect(OriginPolicy.isSameHost(origin: "https://pbx.example:8443", host: "PBX.example"))
        #expect(OriginPolicy.isSameHost(origin: "http://[::1]:5", host: "[::1]:3000"))
        #expect(!OriginPolicy.isSameHost(origin: "https://pbx.example.evil", host: "pbx.example"))
        #expect(!OriginPolicy.isSameHost(origin: "null", host: ""))
    }

    @Test func `the request's id comes back, types are not guessed`() async throws {
        #expect(try await ask(StandardMiddleware.requestID).fields["X-Request-Id"] == "r1")
        let response = try await ask(StandardMiddleware.securityHeaders)
        #expect(response.fields["X-Content-Type-Options"] == "nosniff")
        #expect(response.fields["Strict-Transport-Security"] == nil)
    }

    @Test func `the rate limit answers 429 with Retry-After, but not on exempt paths`() async throws {
        let limiter = RateLimiter(requests: 1, per: .seconds(60))
        let limit = StandardMiddleware.rateLimit(limiter, now: { .zero }, exempt: ["/health"])
        #expect(try await ask(limit).status == .ok)
        let refused = try await ask(limit)
        #expect(refused.status == .tooManyRequests && refused.fields["Retry-After"] == "60")
        #expect(try await ask(limit, path: "/health/live").status == .ok)
    }
}

@Suite struct RateLimiterTests {
    private let one = IPAddress(v4: 1)
    private let two = IPAddress(v4: 2)

    @Test func `a burst is allowed, then one request for each refilled token`() {
        let limiter = RateLimiter(requests: 60, per: .seconds(60))
        for _ in 0..<60 { #expect(limiter.take(one, .zero) == .allowed) }
        #expect(limiter.take(one, .zero) == .refused(.seconds(1)))
        #expect(limiter.take(two, .zero) == .allowed)
        #expect(limiter.take(one, .zero + .seconds(1)) == .allowed)
        #expect(limiter.take(one, .zero + .seconds(1)) != .allowed)
    }

    @Test func `addresses of one IPv6 network share a bucket`() {
        let limiter = RateLimiter(requests: 1, per: .seconds(60))
        #expect(limiter.take(IPAddress(high: 5, low: 1), .zero) == .allowed)
        #expect(limiter.take(IPAddress(high: 5, low: 2), .zero) != .allowed)
        #expect(limiter.take(IPAddress(high: 6, low: 1), .zero) == .allowed)
    }

    @Test func `a full table makes newcomers share one bucket until somebody is forgotten`() {
        let limiter = RateLimiter(requests: 1, per: .seconds(1), tableLimit: 2)
        let now = Instant.zero + .seconds(10)
        _ = limiter.take(one, now)
        _ = limiter.take(two, now)
        #expect(limiter.take(IPAddress(v4: 3), now) == .allowed)
        #expect(limiter.take(IPAddress(v4: 4), now) != .allowed)
        #expect(limiter.take(IPAddress(v4: 4), now + .seconds(2)) == .allowed)
        #expect(limiter.take(IPAddress(v4: 5), now + .seconds(2)) == .allowed)
    }
}

@Suite struct StaticFilesTests {
    @Test func `a file has a type, a tag and a policy, and is not sent twice`() async throws {
        var router = Router()
        StaticFiles([
            .init(path: "/index.html", bytes: Array("<p>".utf8)), .init(path: "/app.js", bytes: [1]),
        ]).add(to: &router, aliases: ["/": "/index.html"])
        let application = WebApplication(router: router)
        let root = try #require(HTTPTarget("/"))
        let page = await application.respond(to: HTTPRequest(method: .get, target: root))
        #expect(page.fields["Content-Type"] == "text/html; charset=utf-8" && page.body == Array("<p>".utf8))
        #expect(page.fields["Content-Security-Policy"] != nil)
        let tag = try #require(page.fields["ETag"])
        var fields = HTTPFields()
        fields.add("If-None-Match", "\"other\", W/\(tag)")
        let again = await application.respond(to: HTTPRequest(method: .get, target: root, fields: fields))
        #expect(again.status == .notModified && again.body.isEmpty && again.fields["ETag"] == tag)
        let script = await application.respond(
            to: HTTPRequest(method: .get, target: try #require(HTTPTarget("/app.js"))))
        #expect(script.fields["Content-Type"] == "text/javascript; charset=utf-8")
    }
}
