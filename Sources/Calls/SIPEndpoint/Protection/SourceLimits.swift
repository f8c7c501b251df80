import Wire

/// How much others may ask of us.
package struct SourceLimits: Sendable {
    /// Requests a second from one address that nobody has authenticated from.
    package var requestsPerSecond: Int
    /// Requests at once, after silence.
    package var burst: Int
    /// Requests a second of all such addresses together: a flood from many costs no more than one from few.
    package var strangersPerSecond: Int
    /// Requests a second from an address with authenticated phones, however many share it.
    package var knownPerSecond: Int
    /// Messages a second from one address of a trunk: far more than a carrier sends, and an end to what is forged.
    package var trunkPerSecond: Int
    /// Bytes a second that an unknown datagram address is sent, and at once: nothing of ours is worth reflecting.
    package var answerBytesPerSecond: Int
    package var answerBurst: Int
    /// Wrong credentials within a minute that end in a ban; the challenge every phone begins with is none of them.
    package var failuresPerMinute: Int
    package var ban: Duration
    /// Wrong credentials for one account within a minute, from wherever, after which its credentials are not looked at.
    package var failuresPerAccount: Int
    /// How long they are not.
    package var accountRest: Duration
    /// Addresses remembered; the ones heard from longest ago are forgotten first.
    ///
    /// Half of them must outlast the time in which a budget of answers fills up again, at the rate of all strangers.
    package var addresses: Int

    package init(
        requestsPerSecond: Int = 20, burst: Int = 100, strangersPerSecond: Int = 2000, knownPerSecond: Int = 1000,
        trunkPerSecond: Int = 20_000, answerBytesPerSecond: Int = 4096, answerBurst: Int = 32_768,
        failuresPerMinute: Int = 20, ban: Duration = .seconds(600), failuresPerAccount: Int = 20,
        accountRest: Duration = .seconds(60), addresses: Int = 40_000
    ) {
        (self.requestsPerSecond, self.burst) = (requestsPerSecond, burst)
        (self.strangersPerSecond, self.knownPerSecond) = (strangersPerSecond, knownPerSecond)
        (self.trunkPerSecond, self.failuresPerAccount, self.accountRest) = (
            trunkPerSecond, failuresPerAccount, accountRest
        )
        (self.answerBytesPerSecond, self.answerBurst) = (answerBytesPerSecond, answerBurst)
        (self.failuresPerMinute, self.ban, self.addresses) = (failuresPerMinute, ban, addresses)
    }
}

/// Messages dropped unanswered, by why.
package struct DropCounts: Sendable, Equatable {
    /// Past the rate of one address.
    package var rate: UInt64 = 0
    /// Past the rate of all strangers together.
    package var flood: UInt64 = 0
    package var banned: UInt64 = 0
    /// The User-Agent of a scanner.
    package var scanner: UInt64 = 0
    /// Answers that an unknown address's byte budget did not allow.
    package var budget: UInt64 = 0

    package init() {}

    package var byReason: [(reason: String, count: UInt64)] {
        [("rate", rate), ("flood", flood), ("banned", banned), ("scanner", scanner), ("budget", budget)]
    }
}

/// Tokens that come back with time.
struct Bucket {
    private var tokens: Double
    private var filledAt: Instant

    init(full burst: Int, now: Instant) { (tokens, filledAt) = (Double(burst), now) }

    /// Takes `amount` if it is there.
    mutating func take(_ amount: Int = 1, perSecond rate: Int, burst: Int, now: Instant) -> Bool {
        tokens = min(Double(burst), tokens + (now - filledAt).inSeconds * Double(rate))
        filledAt = now
        guard tokens >= Double(amount) else { return false }
        tokens -= Double(amount)
        return true
    }
}

/// A dictionary of the keys used last: two halves, of which the older is thrown away as a whole.
struct RecentTable<Key: Hashable, Value> {
    private let limit: Int
    private var current: [Key: Value] = [:]
    private var previous: [Key: Value] = [:]

    init(limit: Int) { self.limit = max(2, limit) }

    var count: Int { current.count + previous.count }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = current[key] { return value }
            guard let value = previous.removeValue(forKey: key) else { return nil }
            self[key] = value
            return value
        }
        set {
            // Mostly it was heard from a moment ago.
            if let newValue, let place = current.index(forKey: key) {
                current.values[place] = newValue
                return
            }
            previous[key] = nil
            if newValue != nil, current.count >= limit / 2 {
                // Both keep their memory: a flood turns them over again and again.
                swap(&previous, &current)
                current.removeAll(keepingCapacity: true)
            }
            current[key] = newValue
        }
    }
}
