import Reactor
import Synchronization
import Testing
import Wire

@testable import Web

@Suite(.timeLimit(.minutes(1))) struct WebServerTests {
    private func application() -> WebApplication {
        var router = Router()
        router.serve(.get, "/hello/:name") { request, parameters in
            .text("hello \(parameters["name"]) \(request.query["x"] ?? "") \(request.remote.ip)")
        }
        router.serve(.post, "/echo") { request, _ in HTTPResponse(.ok, contentType: "application/x", body: request.body)
        }
        var application = WebApplication(router: router)
        application.middleware = [StandardMiddleware.requestID, StandardMiddleware.securityHeaders]
        return application
    }

    @Test func `requests are answered in order on one connection, with an id each`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            client.send("GET /hello/a?x=1 HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine-1\r\n\r\nGET /hello/b HTTP/1.1\r\n")
            client.send("Host: h\r\nX-Request-Id: bad id\r\nConnection: close\r\n\r\n")
            let first = client.readResponse()
            #expect(first.body == "hello a 1 127.0.0.1")
            #expect(first.head.contains("X-Request-Id: mine-1\r\n"))
            let second = client.readAll()
            #expect(second.contains("hello b") && !second.contains("bad id") && second.contains("Connection: close"))
        }
    }

    @Test func `a large body arrives whole, counted and in chunks`() async throws {
        try await TestServer.run(application()) { server in
            let body = String(repeating: "0123456789abcdef", count: 20_000)
            let client = try TestClient(to: server.address)
            client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
            #expect(client.readResponse().body == body)
            client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<20_000 { client.send("10\r\n0123456789abcdef\r\n") }
            client.send("0\r\n\r\n")
            #expect(client.readResponse().body == body)
        }
    }

    @Test func `a client that announces too much reads why`() async throws {
        try await TestServer.run(application()) { server in
            let client = try TestClient(to: server.address)
            client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n")
            client.send([UInt8](repeating: 0, count: 200_000))
            let response = client.readResponse()
            #expect(response.head.hasPrefix("HTTP/1.1 413 ") && response.body.contains("PAYLOAD_TOO_LARGE"))
        }
    }

    @Test func `a slow head is answered 408 by the real clock too`() async throws {
        var limits = WebLimits()
        limits.headTimeout = .milliseconds(50)
        try await TestServer.run(application(), limits: limits) { server in
            let client = try TestClient(to: server.address)
            client.send("GET / HT")
            #expect(client.readResponse().head.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func `connections over the cap are closed`() async throws {
        var limits = WebLimits()
        limits.connections = 1
        try await TestServer.run(application(), limits: limits) { server in
            let first = try TestClient(to: server.address)
            first.send("GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(first.readResponse().body.hasPrefix("hello a"))
            #expect(try TestClient(to: server.address).readAll().isEmpty)
        }
    }

    @Test func `a handler's task is cancelled when its client goes`() async throws {
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let (gone, cancellation) = AsyncStream<Void>.makeStream()
        var router = Router()
        router.serve(.get, "/wait") { _, _ in
            arrival.finish()
            let (never, _) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            cancellation.finish()
            return .empty()
        }
        try await TestServer.run(WebApplication(router: router)) { server in
            var client: TestClient? = try TestClient(to: server.address)
            client?.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            for await _ in arrived {}
            client = nil
            for await _ in gone {}
            #expect(client == nil)
        }
    }

    @Test func `a port in use is named`() async throws {
        try await TestServer.run(application()) { server in
            await #expect(throws: WebError.cannotListen(server.address, .addressInUse)) {
                try await server.server.listen(on: server.address)
            }
            let description = WebError.cannotListen(server.address, .addressInUse).description
            #expect(description == "port \(server.address.port) is in use by another program")
        }
    }

    @Test func `stopping lets the request under way be answered`() async throws {
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        var router = Router()
        router.serve(.get, "/slow") { _, _ in
            arrival.finish()
            for await _ in released {}
            return .text("done")
        }
        let running = try await TestServer(WebApplication(router: router))
        let client = try TestClient(to: running.address)
        let idle = try TestClient(to: running.address)
        client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        for await _ in arrived {}
        let stopped = running.beginStop()
        #expect(idle.readAll().isEmpty)
        release.finish()
        #expect(client.readAll().hasSuffix("done"))
        for await _ in stopped {}
        #expect(await running.server.connectionCount == 0)
        running.loop.stop()
    }
}
