import Telemetry
import Wire

/// Spans that wait for their way out: at most so many, the newest are dropped when it is full.
final class SpanQueue: Sendable {
    private let spans = Locked(FIFO<Span>())
    private let capacity: Int
    private let batch: Int
    private let dropped: Counter

    init(capacity: Int, batch: Int, dropped: Counter) {
        (self.capacity, self.batch, self.dropped) = (capacity, batch, dropped)
    }

    var count: Int { spans.withLock { $0.count } }

    /// Answers whether it is time to look: the queue was empty before, or there is enough for a batch now.
    func add(_ new: [Span]) -> Bool {
        let (before, after) = spans.withLock { spans in
            let before = spans.count
            for span in new.prefix(max(0, capacity - before)) { spans.append(span) }
            return (before, spans.count)
        }
        if before + new.count > after { dropped.increment(by: UInt64(before + new.count - after)) }
        return before < after && (before == 0 || before < batch && after >= batch)
    }

    /// The oldest, as many as go out together.
    func take() -> [Span] {
        spans.withLock { spans in
            var taken: [Span] = []
            taken.reserveCapacity(min(batch, spans.count))
            while taken.count < batch, let span = spans.popFirst() { taken.append(span) }
            return taken
        }
    }
}
