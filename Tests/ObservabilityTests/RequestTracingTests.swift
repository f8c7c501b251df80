import Reactor
import Telemetry
import Testing
import Web
import Wire

@testable import Observability

/// What serves requests, as the server does: on the loop.
private actor Desk {
    private let loop: ControlLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: ControlLoop) { self.loop = loop }

    func answer(_ middleware: Middleware, _ request: HTTPRequest) async -> HTTPResponse {
        let loop = loop
        return await middleware(request, "/") { _ in
            .text("\(loop.isCurrent) \(TraceContext.parent ?? "none")")
        }
    }
}

struct RequestTracingTests {
    @Test func `what is done for a request stays on the loop, and belongs to its span`() async throws {
        let loop = try ControlLoop()
        loop.start()
        defer { loop.stop() }
        let spans = KeptSpans()
        let tracer = Tracer(.standard, sink: spans, entropy: Entropy(seed: 3), clock: { .zero })
        let request = HTTPRequest(method: .get, target: try #require(HTTPTarget("/x")), fields: HTTPFields(), id: "r1")
        let response = await Desk(loop).answer(StandardMiddleware.trace(tracer, exempt: ["/health"]), request)
        let span = try #require(spans.spans.first)
        #expect(String(decoding: response.body, as: UTF8.self) == "true \(span.context.traceParent)")
        #expect(span.name == "GET /")
    }
}
