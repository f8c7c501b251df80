import Wire

/// The calls that are looking for a server that takes them.
struct HuntTable {
    private var hunts: [SIPLegID: Hunt] = [:]
    private var deadlines = TimerQueue<SIPLegID>()
    private var scheduled: [SIPLegID: TimerQueue<SIPLegID>.Token] = [:]

    var count: Int { hunts.count }

    subscript(leg: SIPLegID) -> Hunt? {
        get { hunts[leg] }
        // Changed where it is: a copy of a hunt takes its whole INVITE along.
        _modify {
            let before = hunts[leg]?.giveUpAt
            yield &hunts[leg]
            let after = hunts[leg]?.giveUpAt
            if before != after { reschedule(leg, after) }
        }
    }

    mutating func nextDeadline() -> Instant? { deadlines.nextDeadline() }

    /// Takes one call whose server had its time.
    mutating func popExpired(_ now: Instant) -> SIPLegID? {
        guard let leg = deadlines.popExpired(now) else { return nil }
        scheduled[leg] = nil
        return leg
    }

    private mutating func reschedule(_ leg: SIPLegID, _ deadline: Instant?) {
        if let token = scheduled.removeValue(forKey: leg) { deadlines.cancel(token) }
        if let deadline { scheduled[leg] = deadlines.schedule(at: deadline, leg) }
    }
}
