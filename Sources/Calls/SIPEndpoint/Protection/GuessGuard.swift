import Wire

/// Ends the guessing of one account's password from ever other ports and addresses: after too many wrong credentials
/// within a minute nobody's are looked at for a while.
///
/// Counts accounts that exist and no other names, so that it is no larger than the directory.
struct GuessGuard {
    private struct Record {
        var count = 0
        var since: Instant
        /// The latest wrong credentials, before any right ones.
        var latest: Instant?
        var restsUntil = Instant.zero
    }

    private let limits: SourceLimits
    private var records: RecentTable<String, Record>

    init(limits: SourceLimits) {
        self.limits = limits
        records = RecentTable(limit: limits.addresses)
    }

    /// Wrong credentials came for an account; true when they were the ones too many.
    mutating func failed(_ account: String, now: Instant) -> Bool {
        var record = records[account] ?? Record(since: now, latest: now)
        if now - record.since > .seconds(60) { (record.count, record.since) = (0, now) }
        record.count += 1
        record.latest = now
        let isTooMany = record.count >= limits.failuresPerAccount
        if isTooMany { (record.count, record.restsUntil) = (0, now + limits.accountRest) }
        records[account] = record
        return isTooMany
    }

    /// Right credentials came for an account.
    ///
    /// What was counted stays: whoever guesses would else have a new minute with each registration of the phone.
    mutating func succeeded(_ account: String) {
        guard var record = records[account], record.latest != nil else { return }
        record.latest = nil
        records[account] = record
    }

    /// When wrong credentials came for an account last; nil when right ones have come since, or that is long ago.
    mutating func latestFailure(_ account: String, now: Instant) -> Instant? {
        guard let latest = records[account]?.latest, now - latest <= Self.memory else { return nil }
        return latest
    }

    private static let memory = Duration.seconds(600)

    /// Whether credentials for an account are not looked at.
    mutating func rests(_ account: String, now: Instant) -> Bool {
        records[account].map { $0.restsUntil > now } ?? false
    }
}
