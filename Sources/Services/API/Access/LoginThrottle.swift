package import Wire

/// Slows guessing of passwords down, by account and source and by source alone, in a table of bounded size.
package final class LoginThrottle: Sendable {
    private struct Tally {
        var failures: Int
        var since: Instant
    }

    private enum Key: Hashable {
        case pair(account: String, source: IPAddress)
        case source(IPAddress)
    }

    private let failuresPerPair: Int
    private let failuresPerSource: Int
    private let window: Duration
    private let tableLimit: Int
    private let tallies = Locked<[Key: Tally]>([:])

    /// So many failures in `window` are allowed; then that long must pass since the first of them.
    package init(
        failuresPerPair: Int = 5, failuresPerSource: Int = 30, window: Duration = .seconds(300),
        tableLimit: Int = 10_000
    ) {
        (self.failuresPerPair, self.failuresPerSource) = (failuresPerPair, failuresPerSource)
        (self.window, self.tableLimit) = (window, tableLimit)
    }

    /// How long a login must wait; nil when it may be tried now.
    ///
    /// The try counts as failed from here on, so that many at once are no way around; a success takes it back.
    package func begin(account: String, source: IPAddress, _ now: Instant) -> Duration? {
        let keys = keys(account, source)
        return tallies.withLock { tallies in
            if tallies.count >= tableLimit { tallies = tallies.filter { $0.value.since + window > now } }
            for (key, limit) in keys {
                guard let tally = tallies[key], tally.since + window > now else { continue }
                if tally.failures >= limit { return tally.since + window - now }
            }
            guard tallies.count < tableLimit else { return window }
            for (key, _) in keys {
                var tally = tallies[key] ?? Tally(failures: 0, since: now)
                if tally.since + window <= now { tally = Tally(failures: 0, since: now) }
                tally.failures += 1
                tallies[key] = tally
            }
            return nil
        }
    }

    /// The password was right.
    package func succeeded(account: String, source: IPAddress) {
        let keys = keys(account, source)
        tallies.withLock { tallies in
            tallies[keys[0].0] = nil
            if var tally = tallies[keys[1].0] {
                tally.failures = max(0, tally.failures - 1)
                tallies[keys[1].0] = tally
            }
        }
    }

    private func keys(_ account: String, _ source: IPAddress) -> [(Key, limit: Int)] {
        let source = source.isIPv4 ? source : IPAddress(high: source.high, low: 0)
        return [
            (.pair(account: String(account.prefix(64)).lowercased(), source: source), failuresPerPair),
            (.source(source), failuresPerSource),
        ]
    }
}
