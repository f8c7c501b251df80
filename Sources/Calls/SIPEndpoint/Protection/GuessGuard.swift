import Wire

/// Ends the guessing of one account's password from ever other ports and addresses: after too many wrong credentials
/// within a minute nobody's are looked at for a while.
///
/// Counts accounts that exist and no other names, so that it is no larger than the directory.
struct GuessGuard {
    private struct Record {
        var count = 0
        var since: Instant
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
        var record = records[account] ?? Record(since: now)
        if now - record.since > .seconds(60) { (record.count, record.since) = (0, now) }
        record.count += 1
        let isTooMany = record.count >= limits.failuresPerAccount
        if isTooMany { (record.count, record.restsUntil) = (0, now + limits.accountRest) }
        records[account] = record
        return isTooMany
    }

    /// Whether credentials for an account are not looked at.
    mutating func rests(_ account: String, now: Instant) -> Bool {
        records[account].map { $0.restsUntil > now } ?? false
    }
}
