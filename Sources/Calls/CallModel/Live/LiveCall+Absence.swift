import Wire

/// A party of a conversation that is away for the moment: its page reloads, or its network changes.
struct Absence: Sendable {
    /// What was lost first, which ends the call should the party not come back.
    let departure: LegDeparture
    /// When the call ends for want of it.
    var until: Instant
    var lacksSignalling = false
    var lacksMedia = false
}

/// Pages that lose their socket or their media while they talk or are transferred, and take their places again.
///
/// The other party hears music meanwhile. Nothing of it is written into the record, for the conversation goes on.
extension LiveCall {
    /// Whether two talk here and both are there.
    package var isWhole: Bool {
        if case .talking = phase { absences.isEmpty } else { false }
    }

    /// Whether the leg is one of two that talk, one of them being away or not.
    package func isTalking(_ id: LegID) -> Bool { peer(of: id) != nil }

    /// Whether the leg's page may go away and come back: it talks, is transferred, or has others transferred.
    package func keepsPlace(_ id: LegID) -> Bool {
        if case .transferring(let transfer) = phase { return id == transfer.stayer || id == transfer.transferor }
        return isTalking(id)
    }

    /// Whether the leg has lost its media connection and waits for the offer of another.
    package func lacksMedia(_ id: LegID) -> Bool { absences[id]?.lacksMedia ?? false }

    func isAwaited(_ leg: Leg, after departure: LegDeparture) -> Bool {
        guard timing.resuming > .zero, leg.party.isBrowser, keepsPlace(leg.id) else { return false }
        switch departure {
        case .disconnected, .mediaLost, .mediaFailed, .mediaClosed: return true
        case .hungUp, .cancelled, .sessionLost: return false
        }
    }

    mutating func wentAway(_ id: LegID, _ departure: LegDeparture, _ moment: Moment) -> [CallEffect] {
        let isNews = absences[id] == nil
        if absences.isEmpty { presentEnd = deadline }
        var absence = absences[id] ?? Absence(departure: departure, until: moment.now + timing.resuming)
        if departure == .disconnected { absence.lacksSignalling = true } else { absence.lacksMedia = true }
        absences[id] = absence
        refreshDeadline()
        // On hold, and during a transfer, the other one hears already what it is to hear.
        return isNews && holders.isEmpty ? arrangement() : []
    }

    /// A page has its place back; unless it kept its media connection, the offer of a new one is to follow.
    mutating func rejoined(_ id: LegID, keepsMedia: Bool, _ moment: Moment) -> [CallEffect] {
        guard keepsPlace(id), absences[id] != nil || !keepsMedia else { return [] }
        let left = absences[id] == nil ? wentAway(id, .disconnected, moment) : []
        guard var absence = absences[id] else { return left }
        absence.lacksSignalling = false
        absence.lacksMedia = absence.lacksMedia || !keepsMedia
        absence.until = moment.now + timing.resuming
        absences[id] = absence
        refreshDeadline()
        return left + (absence.lacksMedia ? [] : cameBack(id))
    }

    /// A page's offer of another media connection is here.
    mutating func reconnected(_ id: LegID) -> [CallEffect] { keepsPlace(id) ? cameBack(id) : [] }

    private mutating func cameBack(_ id: LegID) -> [CallEffect] {
        noLongerAwaited(id)
        if case .transferring(let transfer) = phase { return waiting(id, in: transfer) }
        guard case .talking(let first, let second) = phase else { return [] }
        if let holder = holders.first { return [.park(id, music: holder != id)] }
        return absences.isEmpty ? [.bridge(first, second)] : [.park(id, music: true)]
    }

    /// What one of those hears who wait for the target of a transfer.
    private func waiting(_ id: LegID, in transfer: Transfer) -> [CallEffect] {
        guard id == transfer.stayer else { return [.park(id, music: false)] }
        let isRung = openLegs(.target).contains { $0.state == .ringing }
        return [.park(id, music: true)] + (isRung ? [.ring(id)] : [])
    }

    /// The leg is here again, or nobody waits for it any more.
    mutating func noLongerAwaited(_ id: LegID) {
        if absences.removeValue(forKey: id) != nil { refreshDeadline() }
    }

    /// Sets when the phase ends, should nobody's absence end it before.
    mutating func setDeadline(_ end: Instant) {
        presentEnd = end
        refreshDeadline()
    }

    /// Somebody did not come back in time; nil when nobody's time is up.
    mutating func absenceOver(_ moment: Moment) -> [CallEffect]? {
        let due = absences.filter { $0.value.until <= moment.now }
        guard let (id, absence) = due.min(by: { ($0.value.until, $0.key) < ($1.value.until, $1.key) }),
            let leg = leg(id)
        else { return nil }
        if case .transferring(let transfer) = phase {
            noLongerAwaited(id)
            return release([id], absence.departure.cause)
                + goneDuring(transfer, id, reason(absence.departure, leg), moment)
        }
        let ending = Ending(.completed, reason(absence.departure, leg))
        return finish(ending, releasing: absence.departure.cause, moment)
    }

    /// What each of the two who talk is to hear as things are.
    func arrangement() -> [CallEffect] {
        guard case .talking(let first, let second) = phase else { return [] }
        if let holder = holders.first {
            let other = holder == first ? second : first
            return [.park(other, music: absences[other] == nil), .park(holder, music: false)]
        }
        guard !absences.isEmpty else { return [.bridge(first, second)] }
        return [first, second].map { .park($0, music: absences[$0] == nil) }
    }

    private mutating func refreshDeadline() {
        deadline = absences.values.reduce(presentEnd) { min($0, $1.until) }
    }
}
