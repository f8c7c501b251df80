package import Wire

/// A token bucket for each client address, in a table of bounded size.
///
/// IPv6 clients are counted by their /64. When the table is full of busy clients, further ones share one bucket.
package final class RateLimiter: Sendable {
    package enum Verdict: Sendable, Equatable {
        case allowed
        /// Try again after this long.
        case refused(Duration)
    }

    private struct Bucket {
        var tokens: Double
        var updated: Instant
    }

    private struct State {
        var buckets: [IPAddress: Bucket] = [:]
        var shared: Bucket?
        var nextSweep = Instant.zero
    }

    private let capacity: Double
    private let tokensPerSecond: Double
    private let tableLimit: Int
    private let state = Locked(State())

    /// `requests` per `window`, all of which may come at once; at most `tableLimit` clients are told apart.
    package init(requests: Int, per window: Duration, tableLimit: Int = 20_000) {
        capacity = Double(max(1, requests))
        tokensPerSecond = capacity / max(window.inSeconds, 0.001)
        self.tableLimit = tableLimit
    }

    /// Counts one request of a client.
    package func take(_ address: IPAddress, _ now: Instant) -> Verdict {
        let client = address.subscriber
        return state.withLock { state in
            if state.buckets[client] == nil, state.buckets.count >= tableLimit { sweep(&state, now) }
            if state.buckets[client] == nil, state.buckets.count >= tableLimit {
                return spend(&state.shared, now)
            }
            return spend(&state.buckets[client], now)
        }
    }

    private func spend(_ slot: inout Bucket?, _ now: Instant) -> Verdict {
        var bucket = slot ?? Bucket(tokens: capacity, updated: now)
        bucket.tokens = tokens(bucket, now)
        bucket.updated = now
        defer { slot = bucket }
        guard bucket.tokens >= 1 else { return .refused(.seconds((1 - bucket.tokens) / tokensPerSecond)) }
        bucket.tokens -= 1
        return .allowed
    }

    private func tokens(_ bucket: Bucket, _ now: Instant) -> Double {
        min(capacity, bucket.tokens + (now - bucket.updated).inSeconds * tokensPerSecond)
    }

    /// Forgets clients whose bucket is full again; at most once a second, as it walks the whole table.
    private func sweep(_ state: inout State, _ now: Instant) {
        guard now >= state.nextSweep else { return }
        state.nextSweep = now + .seconds(1)
        state.buckets = state.buckets.filter { tokens($0.value, now) < capacity }
    }
}
