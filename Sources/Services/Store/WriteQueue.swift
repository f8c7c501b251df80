import CallModel
import Telemetry
import Wire

/// The mailbox between whoever writes and the store's thread.
final class WriteQueue: Sendable {
    private struct State {
        var pending: PendingWrites
        /// Whether the thread has been told and has not begun yet.
        var isDrainClaimed = false
    }

    private let state: Locked<State>
    private let metrics: StoreMetrics

    init(limit: PendingWrites.Limit = PendingWrites.Limit(), metrics: StoreMetrics) {
        state = Locked(State(pending: PendingWrites(limit: limit)))
        self.metrics = metrics
    }

    /// Answers whether the caller is to schedule a drain.
    func add(_ change: CallChange) -> Bool {
        add { $0.add(change) }
    }

    /// Answers whether the caller is to schedule a drain.
    func add(_ row: PendingWrites.Row) -> Bool {
        add { $0.add(row) ? 0 : 1 }
    }

    /// Answers whether nobody else has claimed the next drain.
    func claimDrain() -> Bool {
        state.withLock {
            let isFree = !$0.isDrainClaimed
            $0.isDrainClaimed = true
            return isFree
        }
    }

    /// From here on a writer schedules the next drain.
    func drainBegins() {
        state.withLock { $0.isDrainClaimed = false }
    }

    func take() -> PendingWrites {
        state.withLock {
            metrics.pending.set(0)
            return $0.pending.take()
        }
    }

    func putBack(_ batch: PendingWrites) {
        let dropped = state.withLock {
            let dropped = $0.pending.putBack(batch)
            metrics.pending.set(Int64($0.pending.count))
            return dropped
        }
        metrics.dropped.increment(by: UInt64(dropped))
    }

    private func add(_ add: (inout PendingWrites) -> Int) -> Bool {
        let (dropped, isFirst) = state.withLock { state in
            let dropped = add(&state.pending)
            metrics.pending.set(Int64(state.pending.count))
            defer { state.isDrainClaimed = true }
            return (dropped, !state.isDrainClaimed)
        }
        if dropped > 0 { metrics.dropped.increment(by: UInt64(dropped)) }
        return isFirst
    }
}
