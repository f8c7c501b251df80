import Wire

/// How often the exchange may be asked (VPBX API): of one product ten times a second, and less often for some requests.
///
/// More than that is answered 429, and then nothing else for a while: whoever would have to wait too long is refused here.
struct CommandLimits: Sendable {
    private var nextOfAll = Instant.zero
    private var next: [String: Instant] = [:]

    private static let spacing = Duration.milliseconds(100)
    private static let spacings: [String: Duration] = [
        "commands/callback": .milliseconds(250), "commands/callback_group": .milliseconds(250),
        "commands/call/hangup": .milliseconds(250), "commands/recording/start": .milliseconds(250),
        "commands/route": .seconds(2), "stats/request": .seconds(2), "stats/result": .seconds(5),
    ]
    /// Nobody waits longer for a command to be sent.
    private static let longestWait = Duration.seconds(10)

    /// When a request may be sent, which it then must be; nil when too many wait already.
    mutating func reserve(_ path: String, now: Instant) -> Instant? {
        let general = max(now, nextOfAll)
        let moment = max(general, next[path] ?? .zero)
        guard moment - now <= Self.longestWait else { return nil }
        // What waits for others of its kind does not hold up the rest.
        nextOfAll = general + Self.spacing
        if let spacing = Self.spacings[path] { next[path] = moment + spacing }
        return moment
    }
}
