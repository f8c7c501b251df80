import Telemetry
import Testing
import Wire

@testable import Observability

struct TracerTests {
    private let sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private let unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

    private func tracer(_ sampler: Sampler, isOpen: Bool = true) -> Tracer {
        Tracer(sampler, sink: KeptSpans(), isOpen: isOpen, entropy: Entropy(seed: 7), clock: { .zero })
    }

    private func recorded(_ name: String, ratio: Double = 1, parent: String? = nil) throws -> Int {
        let tracer = tracer(try #require(Sampler(named: name, ratio: ratio)))
        return (0..<2000).count { _ in tracer.begin("call", .internal, parent: parent, at: .zero) != nil }
    }

    @Test func `a sampler keeps all, none, or about its part`() throws {
        #expect(try recorded("always_on") == 2000)
        #expect(try recorded("always_off") == 0)
        #expect((150...250).contains(try recorded("traceidratio", ratio: 0.1)))
        #expect(try recorded("traceidratio", ratio: 0) == 0)
        #expect(try recorded("traceidratio", ratio: 1) == 2000)
        #expect(Sampler(named: "jaeger_remote", ratio: 1) == nil)
    }

    @Test func `one that is based on the parent does as the parent does, the others do not`() throws {
        #expect(try recorded("parentbased_always_off", parent: sampled) == 2000)
        #expect(try recorded("parentbased_always_on", parent: unsampled) == 0)
        #expect(try recorded("parentbased_traceidratio", ratio: 0) == 0)
        #expect(try recorded("always_on", parent: unsampled) == 2000)
        #expect(try recorded("always_off", parent: sampled) == 0)
    }

    @Test func `a stranger's word on recording does not count`() throws {
        try TraceContext.$isParentTrusted.withValue(false) {
            #expect(try recorded("parentbased_always_off", parent: sampled) == 0)
            #expect(try recorded("parentbased_always_on", parent: unsampled) == 2000)
            let span = try #require(tracer(.standard).begin("call", .internal, parent: sampled, at: .zero))
            #expect(span.parentID?.description == "00f067aa0ba902b7")
        }
    }

    @Test func `texts are cut by their bytes, and never within a scalar`() throws {
        var span = try #require(tracer(.standard).begin("call", .internal, at: .zero))
        let text = "a" + String(repeating: "\u{301}", count: 4000)
        span.failure = text
        span.add(LogField("word", text))
        #expect(span.failure?.utf8.count == 255)
        guard case .text(let kept)? = span.attributes.last?.value else {
            Issue.record("no text")
            return
        }
        #expect(kept.utf8.count == 255 && kept.unicodeScalars.first == "a")
    }

    @Test func `of an error only its cases are told`() throws {
        enum Engine: Error {
            case failed(String)
            case refused(status: Int)
            case closed
        }
        enum Store: Error { case engine(Engine) }
        let told: [(Engine, String)] = [
            (.failed("user anna at 10.0.0.1"), "failed"), (.refused(status: 500), "refused"), (.closed, "closed"),
        ]
        var span = try #require(tracer(.standard).begin("call", .internal, at: .zero))
        for (error, words) in told {
            span.fail(error)
            #expect(span.failure == words)
        }
        span.fail(Store.engine(.closed))
        #expect(span.failure == "engine: closed")
    }

    @Test func `a trace goes on where others began it`() throws {
        let tracer = tracer(.standard)
        let span = try #require(tracer.begin("call", .internal, parent: sampled, at: .zero))
        #expect(span.context.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(span.parentID?.description == "00f067aa0ba902b7")
        let child = tracer.child(of: span.context, "db.query", .client, at: .zero)
        #expect(child.parentID == span.context.spanID && child.context.traceID == span.context.traceID)
        #expect(span.context.traceParent == "00-4bf92f3577b34da6a3ce929d0e0e4736-\(span.context.spanID)-01")
        #expect(SpanContext(traceParent: span.context.traceParent) == span.context)
        let own = try #require(tracer.begin("call", .internal, parent: "nonsense", at: .zero))
        #expect(own.parentID == nil && TraceContext.isValid(own.context.traceParent))
    }

    @Test func `nothing is recorded before somebody takes it`() {
        let tracer = tracer(.standard, isOpen: false)
        #expect(tracer.begin("call", .internal, at: .zero) == nil)
        tracer.open()
        #expect(tracer.begin("call", .internal, at: .zero) != nil)
    }
}
