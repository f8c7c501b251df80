package import CallModel
package import Wire

/// What the events of an entry say of the call.
package struct MangoCallFacts: Hashable, Sendable {
    package var callID: String?
    package var entryID: String?
    package var direction: CallDirection
    package var clientNumber = ""
    /// Our own side: whoever answered, else whoever was or did call first.
    package var house = MangoSide()
    package var lineNumber: String?
    package var isCallback = false
    package var commandID: String?
    package var sipCallID: String?
    package var startedAt: WallTime
    package var ringingAt: WallTime?
    package var answeredAt: WallTime?
    /// Nil while a leg lives.
    package var endedAt: WallTime?
    /// Of a call that is over its ending, whether or not it has been waited for another leg.
    package var state: CallState
    package var endReason: EndReason?
    package var duration: Int
    package var holdSeconds = 0
    package var heldSince: WallTime?
    package var transferCount = 0
    package var disconnectReason: String?

    package var callerNumber: String { direction == .incoming ? clientNumber : houseNumber }

    package var receiverNumber: String {
        direction == .incoming ? lineNumber ?? houseNumber : clientNumber
    }

    private var houseNumber: String { house.extension ?? house.number ?? lineNumber ?? "" }
}

extension MangoEntry {
    /// Nil while there is no call to speak of.
    package var facts: MangoCallFacts? {
        guard isCall else { return nil }
        var facts = MangoCallFacts(
            direction: direction, startedAt: startedAt, state: .ringing, duration: 0)
        (facts.entryID, facts.callID) = (entryID, principal?.callID)
        facts.isCallback = legs.contains { leg in leg.events.contains(where: \.isCallback) }
        facts.commandID = legs.lazy.compactMap { $0.fact(\.commandID) }.first
        facts.sipCallID = summary?.sipCallID ?? principal?.fact(\.sipCallID)
        facts.lineNumber = summary?.lineNumber ?? legs.lazy.compactMap(\.lineNumber).first
        fillSides(&facts)
        fillTimes(&facts)
        fillEnding(&facts)
        return facts
    }

    /// The leg that names the call: the first to a person, else the first that is in no menu.
    private var principal: MangoLeg? {
        legs.first(where: \.isPersonal) ?? legs.first { $0.location != .ivr } ?? legs.first
    }

    private var answeredLegs: [MangoLeg] { legs.filter { $0.answeredAt != nil } }

    // MARK: - Sides

    private var direction: CallDirection {
        switch summary?.direction {
        case .internal: return .internal
        case .incoming: return .incoming
        case .outgoing: return .outgoing
        case nil: break
        }
        if legs.contains(where: { leg in leg.events.contains(where: \.isCallback) }) { return .outgoing }
        guard let first = legs.first else { return .incoming }
        if let isOutgoing = legs.lazy.compactMap({ $0.fact(\.isOutgoing) }).first {
            return isOutgoing ? .outgoing : .incoming
        }
        if first.lineNumber != nil || legs.contains(where: { !$0.isPersonal }) { return .incoming }
        if first.from.extension != nil, first.to.extension != nil { return .internal }
        return first.from.isInternal ? .outgoing : .incoming
    }

    private func fillSides(_ facts: inout MangoCallFacts) {
        let isIncoming = facts.direction == .incoming
        let near = { (leg: MangoLeg) in isIncoming ? leg.to : leg.from }
        let far = { (leg: MangoLeg) in isIncoming ? leg.from : leg.to }
        let theirs = summary.map { isIncoming ? [$0.from] : [$0.to] } ?? []
        let ours = summary.map { isIncoming ? [$0.to] : [$0.from] } ?? []
        let others = theirs + legs.map(far) + legs.map(near)
        let outside = facts.direction == .internal ? nil : others.lazy.compactMap(\.external).first
        facts.clientNumber = outside ?? others.lazy.compactMap { $0.extension ?? $0.number }.first ?? ""
        // Of a callback the first leg calls our side, so that both of its ends may name it.
        let anywhere = facts.isCallback ? legs.map(near) + legs.map(far) : []
        let answered = (answeredLegs.last ?? principal).map { [near($0)] } ?? []
        let named = (ours + answered + anywhere).filter { $0.number != nil || $0.extension != nil }
        facts.house = named.first(where: \.isInternal) ?? named.first ?? MangoSide()
    }

    // MARK: - Times

    private var startedAt: WallTime {
        summary?.createdAt ?? legs.map(\.beganAt).min() ?? summary?.endedAt ?? WallTime(milliseconds: 0)
    }

    private func fillTimes(_ facts: inout MangoCallFacts) {
        let outsideMenus = legs.filter { leg in leg.events.contains { $0.location != .ivr } }
        facts.ringingAt = outsideMenus.filter { $0.first?.state == .appeared }.map(\.beganAt).min()
        facts.answeredAt = answeredLegs.compactMap(\.answeredAt).min()
        facts.holdSeconds = legs.reduce(0) { $0 + $1.holdSeconds }
        let personal = Set(legs.filter(\.isPersonal).map(\.callID))
        facts.transferCount = legs.count { leg in leg.from.takenFrom.map(personal.contains) ?? false }
        guard !isOver else { return }
        let talking = answeredLegs.filter(\.isLive)
        guard facts.answeredAt != nil else { return }
        let isHeld = !talking.isEmpty && talking.allSatisfy(\.isHeld)
        facts.state = isHeld ? .held : .answered
        facts.heldSince = isHeld ? talking.compactMap(\.heldSince).max() : nil
    }

    // MARK: - Ending

    private func fillEnding(_ facts: inout MangoCallFacts) {
        guard isOver else { return }
        if let summary { return fillEnding(&facts, summary) }
        let last = legs.compactMap(\.end).max { $0.timestamp < $1.timestamp }
        facts.endedAt = last?.timestamp
        if let answeredAt = facts.answeredAt {
            (facts.state, facts.endReason) = (.completed, last?.reason?.endOfTalk)
            facts.disconnectReason = last?.reason?.text
            let whole = ((last?.timestamp.milliseconds ?? 0) - answeredAt.milliseconds) / 1000
            facts.duration = answeredLegs.count == 1 ? answeredLegs[0].duration : max(0, Int(whole))
            return
        }
        let reason = decisiveReason
        (facts.state, facts.endReason) = DisconnectReason.ending(reason, isIncoming: facts.direction == .incoming)
        facts.disconnectReason = reason?.text
    }

    /// Of the leg that ended last, people before queues and menus; a leg that was taken over says nothing.
    private var decisiveReason: DisconnectReason? {
        let ended = legs.filter { $0.end?.reason?.isIntercepted != true }
        let people = ended.filter(\.isPersonal)
        let deciding = people.isEmpty ? ended : people
        // Of equally late ones the last in order, so that it is always the same.
        return deciding.compactMap(\.end).reduce(nil) { latest, end -> MangoCallEvent? in
            guard let latest, latest.timestamp > end.timestamp else { return end }
            return latest
        }?.reason
    }

    private func fillEnding(_ facts: inout MangoCallFacts, _ summary: MangoSummary) {
        let legsEnd = legs.compactMap { $0.end?.timestamp }.max()
        let end = summary.endedAt ?? legsEnd ?? facts.startedAt
        (facts.endedAt, facts.disconnectReason) = (max(end, facts.startedAt), summary.reason?.text)
        guard summary.talkedAt != nil || summary.isSuccess else {
            facts.answeredAt = nil
            let ending = DisconnectReason.ending(summary.reason, isIncoming: facts.direction == .incoming)
            (facts.state, facts.endReason) = ending
            return
        }
        (facts.state, facts.endReason) = (.completed, summary.reason?.endOfTalk)
        facts.answeredAt = summary.talkedAt ?? end
        facts.duration = max(0, Int((end.milliseconds - (facts.answeredAt ?? end).milliseconds) / 1000))
    }
}
