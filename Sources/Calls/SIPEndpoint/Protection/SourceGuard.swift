import Wire

/// Decides which messages are worth an answer, by where they come from: a bucket of requests for each address, one for
/// all strangers together, bans, and a budget of bytes for what unknown addresses are sent.
///
/// Addresses that an account or a trunk has shown itself from are limited as a whole office is, so that the phones of
/// one NAT do not starve each other; there a ban meets one port and not the address. Strangers of IPv6 are limited by
/// their network, of which each has addresses without end.
struct SourceGuard {
    private struct Stranger {
        var requests: Bucket
        var answers: Bucket
    }

    private struct Failures {
        var count: Int
        var since: Instant

        /// One more within a minute, or the first of the next.
        mutating func add(_ now: Instant) {
            if now - since > .seconds(60) { (count, since) = (0, now) }
            count += 1
        }
    }

    private let limits: SourceLimits
    private var strangers: RecentTable<IPAddress, Stranger>
    private var offices: RecentTable<IPAddress, Bucket>
    private var carriers: RecentTable<IPAddress, Bucket>
    private var trusted: RecentTable<IPAddress, Instant>
    private var failures: RecentTable<SocketAddress, Failures>
    /// Port 0 stands for the whole address.
    private var bans: RecentTable<SocketAddress, Instant>
    private var everybody: Bucket?
    /// Failures by account, whatever their source.
    var guesses: GuessGuard
    private(set) var dropped = DropCounts()
    private(set) var banCount: UInt64 = 0

    init(limits: SourceLimits) {
        self.limits = limits
        guesses = GuessGuard(limits: limits)
        strangers = RecentTable(limit: limits.addresses)
        offices = RecentTable(limit: limits.addresses)
        carriers = RecentTable(limit: limits.addresses)
        trusted = RecentTable(limit: limits.addresses)
        failures = RecentTable(limit: limits.addresses)
        bans = RecentTable(limit: limits.addresses)
    }

    /// An account was authenticated from there.
    mutating func trust(_ source: IPAddress, until end: Instant) {
        trusted[source] = max(trusted[source] ?? .zero, end)
    }

    mutating func isTrusted(_ source: IPAddress, now: Instant) -> Bool {
        guard let end = trusted[source] else { return false }
        if end > now { return true }
        trusted[source] = nil
        return false
    }

    /// Whether a message is to be read at all.
    mutating func admits(_ source: IPAddress, now: Instant) -> Bool {
        if isTrusted(source, now: now) {
            return count(Self.take(from: &offices, source, perSecond: limits.knownPerSecond, now))
        }
        let network = source.network
        if isBanned(SocketAddress(ip: network, port: 0), now: now) { return false }
        let known = strangers[network]
        var stranger = known ?? newcomer(now)
        let isWithinOwn = stranger.requests.take(perSecond: limits.requestsPerSecond, burst: limits.burst, now: now)
        let isWithinAll = isWithinOwn && takesFromAll(now)
        // A flood that is not read must not make us forget those that were, and what they have been sent.
        if known != nil || isWithinAll { strangers[network] = stranger }
        if !isWithinOwn { dropped.rate += 1 } else if !isWithinAll { dropped.flood += 1 }
        return isWithinAll
    }

    /// Whether a message from a trunk's address is to be read.
    mutating func admitsTrunk(_ source: IPAddress, now: Instant) -> Bool {
        count(Self.take(from: &carriers, source, perSecond: limits.trunkPerSecond, now))
    }

    /// Whether credentials from there are not to be looked at, be the ban that of the port or of the whole address.
    mutating func isBannedAnywhere(_ source: SocketAddress, now: Instant) -> Bool {
        isBanned(source, now: now) || isBanned(SocketAddress(ip: source.ip.network, port: 0), now: now)
    }

    /// Whether what was read may be answered; a ban meets one port of an address with phones.
    mutating func isBanned(_ source: SocketAddress, now: Instant) -> Bool {
        guard let end = bans[source] else { return false }
        guard end > now else {
            bans[source] = nil
            return false
        }
        dropped.banned += 1
        return true
    }

    /// Whether an unknown datagram address may be sent that many bytes more.
    mutating func mayAnswer(_ source: IPAddress, bytes: Int, now: Instant) -> Bool {
        if isTrusted(source, now: now) { return true }
        var stranger = strangers[source.network] ?? newcomer(now)
        let isWithin = stranger.answers.take(
            bytes, perSecond: limits.answerBytesPerSecond, burst: limits.answerBurst, now: now)
        strangers[source.network] = stranger
        if !isWithin { dropped.budget += 1 }
        return isWithin
    }

    /// Wrong credentials came; true when they were the ones too many, and the source is banned from now on.
    mutating func failed(_ source: SocketAddress, now: Instant) -> Bool {
        let key = banned(source, now)
        var record = failures[key] ?? Failures(count: 0, since: now)
        record.add(now)
        failures[key] = record
        guard record.count >= limits.failuresPerMinute else { return false }
        failures[key] = nil
        ban(key, now)
        return true
    }

    /// A scanner named itself; true when that is news.
    ///
    /// A datagram may name anybody as its source, so that it bans nobody.
    mutating func scanned(_ source: SocketAddress, isDatagram: Bool, now: Instant) -> Bool {
        dropped.scanner += 1
        guard !isDatagram else { return false }
        let key = banned(source, now)
        guard bans[key].map({ $0 <= now }) ?? true else { return false }
        ban(key, now)
        return true
    }

    private mutating func ban(_ key: SocketAddress, _ now: Instant) {
        bans[key] = now + limits.ban
        banCount += 1
    }

    /// What a ban of that source meets: all of an unknown address, and of an address with phones that port alone.
    private mutating func banned(_ source: SocketAddress, _ now: Instant) -> SocketAddress {
        isTrusted(source.ip, now: now) ? source : SocketAddress(ip: source.ip.network, port: 0)
    }

    private static func take(
        from buckets: inout RecentTable<IPAddress, Bucket>, _ source: IPAddress, perSecond rate: Int, _ now: Instant
    ) -> Bool {
        var bucket = buckets[source] ?? Bucket(full: rate, now: now)
        defer { buckets[source] = bucket }
        return bucket.take(perSecond: rate, burst: rate, now: now)
    }

    private mutating func count(_ isWithinRate: Bool) -> Bool {
        if !isWithinRate { dropped.rate += 1 }
        return isWithinRate
    }

    private mutating func takesFromAll(_ now: Instant) -> Bool {
        let rate = limits.strangersPerSecond
        var all = everybody ?? Bucket(full: rate, now: now)
        defer { everybody = all }
        return all.take(perSecond: rate, burst: rate, now: now)
    }

    private func newcomer(_ now: Instant) -> Stranger {
        Stranger(
            requests: Bucket(full: limits.burst, now: now), answers: Bucket(full: limits.answerBurst, now: now))
    }
}

extension IPAddress {
    /// What one party holds at least: the address of IPv4, and the /64 of IPv6.
    var network: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }
}
