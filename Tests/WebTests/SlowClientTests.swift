import Reactor
import Testing
import Wire

@testable import Web

@Suite struct SlowClientTests {
    private let loop = SimulatedLoop(seed: 1)
    private let network = ScriptedNetwork()
    private let stream = ScriptedStream()
    private let server: WebServer

    init() throws {
        var router = Router()
        router.serve(.get, "/big") { _, _ in .text(String(repeating: "x", count: 1_000_000)) }
        server = WebServer(loop: loop, network: network, application: WebApplication(router: router))
        let server = server
        try server.assumeIsolated { _ = try $0.listen(on: SocketAddress(ip: .loopbackIPv4, port: 80)) }
        network.accept(stream)
        stream.handler(.received(Array("GET /big HTTP/1.1\r\nHost: h\r\n\r\n".utf8)))
        loop.runReady()
    }

    @Test func `a client that takes its answer slowly is not idle, one that takes nothing is left`() {
        #expect(stream.sent > 1_000_000)
        stream.queuedBytes = 900_000
        loop.advance(by: .seconds(70))
        for left in [800_000, 500_000, 100_000] {
            stream.queuedBytes = left
            loop.advance(by: .seconds(20))
            #expect(!stream.isClosed)
        }
        loop.advance(by: .seconds(20))
        #expect(stream.isClosed)
    }

    @Test func `a client that has taken its answer is idle as usual`() {
        loop.advance(by: .seconds(74))
        #expect(!stream.isClosed)
        loop.advance(by: .seconds(2))
        #expect(stream.isClosed)
    }
}
