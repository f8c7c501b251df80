import Crypto
import Foundation
import Reactor
import Testing
import Wire

@testable import Web

/// Requests to servers on this machine.
struct HTTPClientTests {
    @Test func `what a server has is got, and what it has not is told`() async throws {
        try await World.run { world in
            let large = try await world.client.get(try world.url("/large"), longest: 5000)
            #expect(large.count == 5000)
            await #expect(throws: HTTPClientError.status(404)) {
                try await world.client.get(try world.url("/gone"), longest: 1000)
            }
        }
    }

    @Test func `a method, fields and a body arrive as they are`() async throws {
        try await World.run { world in
            var request = HTTPClientRequest(try world.url("/echo"))
            request.method = .put
            request.fields.add("X-Token", "secret")
            request.fields.add("Content-Type", "audio/wav")
            request.body = Array("line\0".utf8) + [UInt8](repeating: 0xFF, count: 2 << 20)
            request.longestBody = 4 << 20
            let answer = try await world.client.perform(request)
            let head = Array("PUT /echo secret audio/wav -\n".utf8)
            #expect(answer.status == 200 && answer.body == head + request.body)
            request.body = []
            let empty = try await world.client.perform(request)
            #expect(empty.body == head)
        }
    }

    @Test func `more than is wanted ends the request, said before or not`() async throws {
        try await World.run { world in
            await #expect(throws: HTTPClientError.tooLong(4999)) {
                try await world.client.get(try world.url("/large"), longest: 4999)
            }
            let raw = try RawServer(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + [UInt8](repeating: 65, count: 100_000))
            let url = try #require(HTTPURL("http://127.0.0.1:\(raw.port)/"))
            await #expect(throws: HTTPClientError.tooLong(99_999)) { try await world.client.get(url, longest: 99_999) }
        }
    }

    @Test func `whoever wants only the status has it, however long the answer`() async throws {
        try await World.run { world in
            for head in ["HTTP/1.1 503 No\r\n\r\n", "HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\n"] {
                let raw = try RawServer(Array(head.utf8) + [UInt8](repeating: 65, count: 100_000))
                var request = HTTPClientRequest(try #require(HTTPURL("http://127.0.0.1:\(raw.port)/")))
                (request.longestBody, request.cutsBody) = (1000, true)
                let answer = try await world.client.perform(request)
                #expect(answer.status == 503 && answer.body.count <= 1000)
            }
        }
    }

    @Test func `redirections are followed so far, and never to another scheme or out of reach`() async throws {
        try await World.run { world in
            let echo = try await world.client.get(try world.url("/on?to=/on?to=/echo"), longest: 1000)
            #expect(String(decoding: echo, as: UTF8.self).hasPrefix("GET /echo"))
            for place in ["/again", "/on?to=file:///etc/passwd", "/on?to=ftp://127.0.0.1/"] {
                await #expect(throws: HTTPClientError.badRedirection) {
                    try await world.client.get(try world.url(place), longest: 1000)
                }
            }
            for place in ["127.0.0.2", "0x7f.2", "[::ffff:127.0.0.2]", "localhost"] {
                await #expect(throws: HTTPClientError.hostRefused) {
                    try await world.client.get(try world.url("/on?to=http://\(place)/"), longest: 1000)
                }
            }
        }
    }

    @Test func `a redirection of what is not a GET is the answer`() async throws {
        try await World.run { world in
            var request = HTTPClientRequest(try world.url("/on?to=/echo"))
            request.method = .put
            let answer = try await world.client.perform(request)
            #expect(answer.status == 302)
        }
    }

    @Test(arguments: [
        "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1",
    ])
    func `addresses of this machine and its network must have been named`(host: String) async throws {
        try await World.run(hosts: ["*"]) { world in
            let url = try #require(HTTPURL("http://\(host):\(world.port)/echo"))
            await #expect(throws: HTTPClientError.addressRefused) { try await world.client.get(url, longest: 1000) }
        }
    }

    @Test func `a name that leads to this machine is refused, unless it was named`() async throws {
        try await World.run(hosts: ["*"], knowing: "rebound.example") { world in
            let url = try #require(HTTPURL("http://rebound.example:\(world.port)/echo"))
            await #expect(throws: HTTPClientError.addressRefused) { try await world.client.get(url, longest: 1000) }
        }
        // What our own look-up says is connected to: libcurl's could not find the name.
        try await World.run(hosts: ["rebound.example"], knowing: "rebound.example") { world in
            let url = try #require(HTTPURL("http://rebound.example:\(world.port)/echo"))
            #expect(try await world.client.get(url, longest: 1000).isEmpty == false)
        }
    }

    @Test func `an address that was not found good is not connected to, whatever libcurl does`() async throws {
        let transfers = HTTPTransfers(name: "test", HTTPClient.Settings(hosts: HostRules([])))
        defer { transfers.stop() }
        let other = try #require(IPAddress("127.0.0.2"))
        try await World.run { world in
            let url = try #require(HTTPURL("http://127.0.0.1:\(world.port)/echo"))
            let bad = HTTPTransfer.Order(HTTPClientRequest(url), url, [other], .seconds(10))
            await #expect(throws: HTTPClientError.unreachable) { _ = try await transfers.perform(bad) }
            let good = HTTPTransfer.Order(HTTPClientRequest(url), url, [.loopbackIPv4], .seconds(10))
            #expect(try await transfers.perform(good).response.status == 200)
        }
    }

    @Test func `an address that has become this machine's is refused`() async throws {
        let address = try #require(IPAddress("8.8.8.8"))
        try await World.run(hosts: ["*"]) { settings in
            settings.ownAddresses = { [address] }
        } _: { world in
            let url = try #require(HTTPURL("http://\(address):\(world.port)/"))
            await #expect(throws: HTTPClientError.addressRefused) { try await world.client.get(url, longest: 10) }
        }
    }

    @Test func `a name is looked up like all others, and nothing else is connected to`() async throws {
        try await World.run(hosts: ["localhost"]) { world in
            let url = try #require(HTTPURL("http://localhost:\(world.port)/echo"))
            #expect(try await world.client.get(url, longest: 1000).isEmpty == false)
            await #expect(throws: HTTPClientError.hostRefused) {
                try await world.client.get(try world.url("/echo"), longest: 1000)
            }
        }
        try await World.run(hosts: ["nowhere.invalid"]) { world in
            let url = try #require(HTTPURL("http://nowhere.invalid/"))
            await #expect(throws: HTTPClientError.hostNotFound) { try await world.client.get(url, longest: 1000) }
        }
    }

    @Test func `over TLS the certificate must be good for the name`() async throws {
        let names: [Certificate.AlternativeName] = [.host("localhost")]
        let certificate = try Certificate.selfSigned(
            commonName: "localhost", names: names, now: SystemClock.wallTime())
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("client-\(Foundation.UUID()).pem")
        try certificate.certificatePEM.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let identity = try TLSIdentity(certificate)
        func answer(_ authorities: String?, host: String) async throws -> Result<HTTPClientResponse, HTTPClientError> {
            let hosts = ["localhost", "127.0.0.1"]
            return try await World.run(hosts: hosts, identity: identity, authorities: authorities) { world in
                let url = try #require(HTTPURL("https://\(host):\(world.port)/echo"))
                do throws(HTTPClientError) {
                    return .success(try await world.client.perform(HTTPClientRequest(url)))
                } catch {
                    return .failure(error)
                }
            }
        }
        #expect(try await answer(file.path, host: "localhost").get().status == 200)
        for (authorities, host) in [(nil, "localhost"), (file.path, "127.0.0.1"), ("/nowhere.pem", "localhost")] {
            guard case .failure(.tls) = try await answer(authorities, host: host) else {
                Issue.record("\(host) was believed with \(authorities ?? "the system's authorities")")
                continue
            }
        }
    }

    @Test func `who does not answer is not waited for`() async throws {
        try await World.run { world in
            var request = HTTPClientRequest(try world.url("/never"))
            request.timeout = .milliseconds(200)
            await #expect(throws: HTTPClientError.timedOut) { try await world.client.perform(request) }
            let url = try #require(HTTPURL("http://127.0.0.1:1/"))
            await #expect(throws: HTTPClientError.unreachable) { try await world.client.get(url, longest: 10) }
            let raw = try RawServer(Array("SIP/2.0 200 OK\r\n\r\n".utf8))
            let other = try #require(HTTPURL("http://127.0.0.1:\(raw.port)/"))
            let refusal = await world.refusal(other)
            guard case .failed = refusal else {
                Issue.record("\(refusal as Any)")
                return
            }
        }
    }

    @Test func `one that is slow keeps nobody waiting, and too many are refused`() async throws {
        try await World.run { settings in
            (settings.simultaneous, settings.waiting) = (2, 1)
        } _: { world in
            let (client, slow) = (world.client, try world.url("/never"))
            async let first = world.refusal(slow)
            let large = try await client.get(try world.url("/large"), longest: 5000)
            #expect(large.count == 5000)
            async let second = world.refusal(slow)
            await world.visited("/never", times: 2)
            // The next one waits, and the one after it may not.
            let answers = await withTaskGroup(of: HTTPClientError?.self) { group in
                for _ in 0..<2 { group.addTask { await world.refusal(slow) } }
                let early = await group.next() ?? nil
                client.stop()
                return [early, await group.next() ?? nil]
            }
            #expect(answers == [.overloaded, .stopped])
            #expect(await [first, second, world.refusal(slow)] == [.stopped, .stopped, .stopped])
        }
    }
}

/// A client and a server that it may speak to.
private struct World: Sendable {
    let client: HTTPClient
    let port: UInt16
    private let visits: Visits

    func url(_ target: String) throws -> HTTPURL { try #require(HTTPURL("http://127.0.0.1:\(port)\(target)")) }

    /// Why a URL is not got.
    func refusal(_ url: HTTPURL) async -> HTTPClientError? {
        do throws(HTTPClientError) {
            _ = try await client.get(url, longest: 10)
            return nil
        } catch {
            return error
        }
    }

    /// Waits until so many requests for a path have reached the server.
    func visited(_ path: String, times: Int) async {
        while visits.count(path) < times { try? await Task.sleep(for: .milliseconds(2)) }
    }

    @discardableResult
    static func run<Value: Sendable>(
        hosts: [String] = ["127.0.0.1"], identity: TLSIdentity? = nil, authorities: String? = nil,
        knowing name: String? = nil, _ change: (inout HTTPClient.Settings) -> Void = { _ in },
        _ body: (World) async throws -> Value
    ) async throws -> Value {
        let visits = Visits()
        var value: Value?
        try await TestServer.run(application(visits), identity: identity) { server in
            var settings = HTTPClient.Settings(hosts: HostRules(hosts))
            settings.authorities = authorities
            change(&settings)
            let network: any Network =
                if let name {
                    OneNameNetwork(loop: server.loop, name: name, address: .loopbackIPv4)
                } else {
                    SystemNetwork(loop: server.loop)
                }
            let client = HTTPClient(name: "test", loop: server.loop, network: network, settings)
            defer { client.stop() }
            value = try await body(
                World(client: client, port: server.address.port, visits: visits))
        }
        return try #require(value)
    }

    private static func application(_ visits: Visits) -> WebApplication {
        var router = Router()
        for method in [HTTPMethod.get, .put] {
            router.serve(method, "/echo") { request, _ in echo(request) }
            router.serve(method, "/on") { request, _ in .redirect(to: request.query["to"] ?? "") }
        }
        router.serve(.get, "/again") { _, _ in .redirect(to: "/again") }
        router.serve(.get, "/large") { _, _ in
            HTTPResponse(.ok, contentType: "audio/wav", body: [UInt8](repeating: 7, count: 5000))
        }
        router.serve(.get, "/never") { request, _ in
            visits.add(request.path)
            for await _ in AsyncStream<Void>.makeStream().stream {}
            return .empty()
        }
        return WebApplication(router: router)
    }

    private static func echo(_ request: HTTPRequest) -> HTTPResponse {
        let fields = ["X-Token", "Content-Type", "Expect"].map { request.fields[$0] ?? "-" }.joined(separator: " ")
        let body = Array("\(request.method) \(request.path) \(fields)\n".utf8) + request.body
        return HTTPResponse(.ok, contentType: "text/plain", body: body)
    }
}

/// Which paths a server was asked for.
private final class Visits: Sendable {
    private let paths = Locked<[String]>([])

    func add(_ path: String) { paths.withLock { $0.append(path) } }
    func count(_ path: String) -> Int { paths.withLock { paths in paths.count { $0 == path } } }
}

/// A server that says one thing to whoever connects first, whatever is asked.
private final class RawServer {
    let port: UInt16
    private let thread: PlainThread
    private let listener: Int32

    init(_ answer: [UInt8]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        let any = SocketAddress(ip: .loopbackIPv4, port: 0)
        try #require(any.withSockAddr { bind(listener, $0, $1) } == 0 && listen(listener, 1) == 0)
        var (storage, length) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
        withUnsafeMutableBytes(of: &storage) { bytes in
            _ = getsockname(listener, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        port = UInt16(bigEndian: storage.sin_port)
        thread = PlainThread(name: "raw") {
            let client = accept(listener, nil, nil)
            var request = [UInt8](repeating: 0, count: 4096)
            _ = recv(client, &request, request.count, 0)
            _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
            close(client)
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        thread.join()
        close(listener)
    }
}
