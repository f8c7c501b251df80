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
            let before = deadline(of: leg)
            yield &hunts[leg]
            let after = deadline(of: leg)
            if before != after { reschedule(leg, after) }
        }
    }

    /// The way that is tried at present.
    func current(_ leg: SIPLegID) -> HuntAttempt? {
        hunts.index(forKey: leg).flatMap { hunts.values[$0].current }
    }

    private func deadline(of leg: SIPLegID) -> Instant? {
        hunts.index(forKey: leg).flatMap { hunts.values[$0].giveUpAt }
    }

    func nextDeadline() -> Instant? { deadlines.nextDeadline() }

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
