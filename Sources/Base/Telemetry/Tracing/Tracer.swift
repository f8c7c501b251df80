import Synchronization
package import Wire

/// Begins traces and hands on what has ended; safe from every thread.
package final class Tracer: Sendable {
    private let sampler: Sampler
    private let sink: any SpanSink
    private let clock: @Sendable () -> Instant
    /// Names of traces are no secrets: one seed is enough.
    private let entropy: Locked<Entropy>
    private let isOpen: Atomic<Bool>

    /// `isOpen`: somebody takes spans already; else nothing is recorded until `open`.
    package init(
        _ sampler: Sampler, sink: any SpanSink, isOpen: Bool = true, entropy: Entropy,
        clock: @escaping @Sendable () -> Instant
    ) {
        (self.sampler, self.sink, self.clock) = (sampler, sink, clock)
        self.entropy = Locked(entropy)
        self.isOpen = Atomic(isOpen)
    }

    package func open() { isOpen.store(true, ordering: .relaxed) }

    package var now: Instant { clock() }

    /// The first span here of a new trace, or of that of `parent`; nil when it is not to be recorded.
    ///
    /// A stranger's trace goes on, but whether it is recorded is not for the stranger to say.
    package func begin(
        _ name: @autoclosure () -> String, _ kind: Span.Kind, parent: String? = nil, at start: Instant,
        _ attributes: @autoclosure () -> [LogField] = []
    ) -> Span? {
        guard isOpen.load(ordering: .relaxed) else { return nil }
        let parent = parent.flatMap(SpanContext.init(traceParent:))
        let (trace, id) = entropy.withLock { entropy in
            (parent?.traceID ?? TraceID(using: &entropy), SpanID(using: &entropy))
        }
        let judge = TraceContext.isParentTrusted ? parent : nil
        guard sampler.records(trace, parent: judge) else { return nil }
        let context = SpanContext(traceID: trace, spanID: id, isSampled: true)
        return Span(context, parent: parent?.spanID, name(), kind, at: start, attributes())
    }

    /// A part of a span that is recorded.
    package func child(
        of parent: SpanContext, _ name: String, _ kind: Span.Kind = .internal, at start: Instant,
        _ attributes: [LogField] = []
    ) -> Span {
        let id = entropy.withLock { SpanID(using: &$0) }
        let context = SpanContext(traceID: parent.traceID, spanID: id, isSampled: true)
        return Span(context, parent: parent.spanID, name, kind, at: start, attributes)
    }

    /// Hands on spans that have ended.
    package func record(_ spans: [Span]) { sink.record(spans) }
}

/// The span that a task works for.
package struct TraceScope: Sendable {
    package let tracer: Tracer
    package let context: SpanContext

    package init(_ tracer: Tracer, _ context: SpanContext) { (self.tracer, self.context) = (tracer, context) }

    /// Does a part of the work, and records how long it took.
    package func measure<Value, Problem: Error>(
        _ name: String, _ kind: Span.Kind, _ attributes: [LogField] = [],
        _ body: () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        var span = tracer.child(of: context, name, kind, at: tracer.now, attributes)
        defer {
            span.end = tracer.now
            tracer.record([span])
        }
        do throws(Problem) {
            return try await body()
        } catch {
            span.fail(error)
            throw error
        }
    }
}
