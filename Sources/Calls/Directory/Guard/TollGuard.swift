package import Wire

/// Watches what users and trunks spend, and says which calls may not be, or may not go on.
///
/// A call is refused when its number is not allowed, when there are too many at once, or when the hour's calls or
/// minutes are used up; the hour slides. One that is up when the minutes are used up is cut off. What limits nobody has
/// costs nothing.
package struct TollGuard<Key: Hashable & Sendable>: Sendable {
    /// Who pays.
    package enum Payer: Hashable, Sendable {
        case user(Int64)
        case trunk(String)
    }

    /// What one payer spends for one call, and what it is bound by.
    package struct Account: Sendable {
        package let payer: Payer
        package let limits: TollLimits
        /// As this payer's lists of prefixes know it.
        package let number: String

        package init(payer: Payer, limits: TollLimits, number: String) {
            (self.payer, self.limits, self.number) = (payer, limits, number)
        }
    }

    private struct Meter: Sendable {
        /// Calls begun within the hour, the oldest first; only where their number is limited.
        var begun: [Instant] = []
        /// Talk that is over and reaches into the hour, in the order it ended; only where minutes are limited.
        var talks: [Range<Instant>] = []
        /// Calls that are; the moment of the answer, or nil before.
        var live: [Key: Instant?] = [:]
    }

    /// What is remembered of one payer's hour, whatever the limit.
    private static var maximumHistory: Int { 20_000 }
    private static var hour: Duration { .seconds(3600) }

    private var meters: [Payer: Meter] = [:]
    private var calls: [Key: [Account]] = [:]
    /// One account for each payer with calls that is limited in minutes.
    private var timed: [Payer: Account] = [:]

    package init() {}

    package var isEmpty: Bool { meters.isEmpty }

    /// Whether somebody with calls may talk for so many minutes only.
    package var limitsMinutes: Bool { !timed.isEmpty }

    /// Begins a call for all who pay for it, or says why it may not be; then nobody is charged.
    package mutating func begin(_ key: Key, paidBy accounts: [Account], now: Instant) -> TollRefusal? {
        let bound = accounts.filter { !$0.limits.isEmpty }
        for account in bound {
            if let refusal = refusal(of: account, now: now) { return refusal }
        }
        guard !bound.isEmpty else { return nil }
        for account in bound { note(key, account, now) }
        calls[key] = bound
        return nil
    }

    private mutating func note(_ key: Key, _ account: Account, _ now: Instant) {
        meters[account.payer, default: Meter()].live[key] = .some(nil)
        if account.limits.callsPerHour != nil { meters[account.payer]?.begun.append(now) }
        if account.limits.minutesPerHour != nil { timed[account.payer] = account }
    }

    /// Why a payer would refuse a call now; nil: it would not.
    package mutating func refusal(of account: Account, now: Instant) -> TollRefusal? {
        guard !account.limits.isEmpty else { return nil }
        prune(account.payer, now)
        return objection(to: account, now).map { TollRefusal(kind: $0, payer: account.payer.name) }
    }

    /// Lets another pay, too, for a call that has begun, or says why the call must end: others were quicker.
    ///
    /// Who pays already is not charged twice; the number is not looked at again.
    package mutating func charge(_ key: Key, _ account: Account, now: Instant) -> TollRefusal? {
        guard !account.limits.isEmpty, meters[account.payer]?.live[key] == nil else { return nil }
        prune(account.payer, now)
        if let kind = excess(of: account, now) { return TollRefusal(kind: kind, payer: account.payer.name) }
        note(key, account, now)
        calls[key, default: []].append(account)
        return nil
    }

    /// The minutes of a call count from here.
    package mutating func answered(_ key: Key, now: Instant) {
        for account in calls[key] ?? [] where meters[account.payer]?.live[key] == .some(.none) {
            meters[account.payer]?.live[key] = now
        }
    }

    /// A call goes on under another key, with all that it has cost so far.
    package mutating func rename(_ key: Key, to next: Key) {
        guard key != next, let accounts = calls.removeValue(forKey: key) else { return }
        calls[next] = accounts
        for account in accounts {
            guard let since = meters[account.payer]?.live.removeValue(forKey: key) else { continue }
            meters[account.payer]?.live[next] = .some(since)
        }
    }

    /// A call is over; one that is not known is ignored.
    package mutating func ended(_ key: Key, now: Instant) {
        for account in calls.removeValue(forKey: key) ?? [] {
            guard let since = meters[account.payer]?.live.removeValue(forKey: key) else { continue }
            if let since, since < now, account.limits.minutesPerHour != nil {
                meters[account.payer]?.talks.append(since..<now)
            }
            if meters[account.payer]?.live.isEmpty != false { timed[account.payer] = nil }
            prune(account.payer, now)
        }
    }

    /// The first moment at which some payer's minutes could be used up.
    package func nextDeadline(now: Instant) -> Instant? {
        timed.values.compactMap { account in
            let talking = meters[account.payer]?.live.values.count { $0 != nil } ?? 0
            guard talking > 0, let left = left(account, now) else { return nil }
            return now + max(left / talking, .milliseconds(100))
        }.min()
    }

    /// The calls that must end now.
    package func overspent(now: Instant) -> [(key: Key, refusal: TollRefusal)] {
        var found: [Key: TollRefusal] = [:]
        for account in timed.values {
            guard let left = left(account, now), left <= .zero else { continue }
            let refusal = TollRefusal(kind: .minutes, payer: account.payer.name)
            for (key, since) in meters[account.payer]?.live ?? [:] where since != nil { found[key] = refusal }
        }
        return found.map { ($0.key, $0.value) }
    }
}

/// Why a call may not be.
package struct TollRefusal: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case destination
        case concurrent
        case calls
        case minutes
    }

    package let kind: Kind
    /// Whose limit it was, for log lines: `user 3`, `trunk carrier`.
    package let payer: String

    package init(kind: Kind, payer: String) { (self.kind, self.payer) = (kind, payer) }
}

extension TollGuard.Payer {
    fileprivate var name: String {
        switch self {
        case .user(let id): "user \(id)"
        case .trunk(let name): "trunk \(name)"
        }
    }
}

extension TollGuard {
    private func objection(to account: Account, _ now: Instant) -> TollRefusal.Kind? {
        account.limits.permits(account.number) ? excess(of: account, now) : .destination
    }

    /// What a payer has no more of.
    private func excess(of account: Account, _ now: Instant) -> TollRefusal.Kind? {
        let (limits, meter) = (account.limits, meters[account.payer] ?? Meter())
        if let most = limits.concurrentCalls, meter.live.count >= most { return .concurrent }
        if let most = limits.callsPerHour, meter.begun.count >= min(most, Self.maximumHistory) { return .calls }
        return left(account, now).map { $0 <= .zero } ?? false ? .minutes : nil
    }

    /// What is left of the hour's minutes; nil: no limit.
    private func left(_ account: Account, _ now: Instant) -> Duration? {
        guard let minutes = account.limits.minutesPerHour else { return nil }
        let meter = meters[account.payer] ?? Meter()
        let start = now.earlier(by: Self.hour)
        let talked = meter.talks.map { $0.upperBound - max($0.lowerBound, start) }
        let talking = meter.live.values.compactMap { since in since.map { now - max($0, start) } }
        return .seconds(minutes * 60) - (talked + talking).reduce(.zero, +)
    }

    /// Forgets what is older than an hour, and who has nothing left.
    private mutating func prune(_ payer: Payer, _ now: Instant) {
        guard var meter = meters[payer] else { return }
        let start = now.earlier(by: Self.hour)
        if let first = meter.begun.first, first <= start { meter.begun.removeAll { $0 <= start } }
        if let first = meter.talks.first, first.upperBound <= start { meter.talks.removeAll { $0.upperBound <= start } }
        let isIdle = meter.begun.isEmpty && meter.talks.isEmpty && meter.live.isEmpty
        meters[payer] = isIdle ? nil : meter
    }
}

extension Instant {
    fileprivate func earlier(by duration: Duration) -> Instant {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(duration.wholeNanoseconds)
        return overflow ? .zero : Instant(nanoseconds: difference)
    }
}
