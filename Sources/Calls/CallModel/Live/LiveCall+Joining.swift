import Wire

/// Two calls that become one, and legs that take the place of others.
extension LiveCall {
    /// What a party of this call can take along into another call.
    package struct Surrender: Sendable, Equatable {
        /// The leg of the one who brings them together, which is let go.
        package let by: LegID
        package let legs: [AdoptedLeg]
    }

    /// Whom the author talks to or rings in this call; nil when they can be taken nowhere at the moment.
    package func surrender(by author: HoldAuthor) -> Surrender? {
        switch phase {
        case .talking(let first, let second):
            guard isWhole, let own = operatorLeg(author, first, second), let other = leg(own == first ? second : first)
            else { return nil }
            return Surrender(by: own, legs: [adopted(other)])
        case .reachingCallee:
            guard let caller = openLegs(.caller).first, isAuthor(caller, author) else { return nil }
            let rung = openLegs(.callee)
            guard !rung.isEmpty, rung.allSatisfy({ [.calling, .ringing].contains($0.state) }) else { return nil }
            return Surrender(by: caller.id, legs: rung.map(adopted))
        case .reachingCaller, .joining, .transferring, .queued, .refused, .over: return nil
        }
    }

    private func adopted(_ leg: Leg) -> AdoptedLeg {
        AdoptedLeg(id: leg.id, party: leg.party, state: leg.state, isHolding: holders.contains(leg.id))
    }

    private func isAuthor(_ leg: Leg, _ author: HoldAuthor) -> Bool {
        switch author {
        case .leg(let id): leg.id == id
        case .user(let userID): userID == nil || leg.party.userID == userID
        }
    }

    /// Whether two talk here, one of them being the author, so that somebody can be brought to the other.
    package func canAdopt(by author: HoldAuthor) -> Bool {
        guard case .talking(let first, let second) = phase, isWhole else { return false }
        return operatorLeg(author, first, second) != nil
    }

    mutating func adopt(_ adoption: Adoption, _ moment: Moment) -> [CallEffect] {
        guard let talking = adoption.legs.first, talking.state == .up else { return adoptRung(adoption, moment) }
        guard case .talking(let first, let second) = phase, isWhole,
            let transferor = operatorLeg(adoption.request.by, first, second),
            let stayer = leg(transferor == first ? second : first)
        else { return [] }
        let id = addLeg(stayer.side == .caller ? .callee : .caller, talking.party, .up)
        let notice = CallNotice.transferred(fromUserID: leg(transferor)?.party.userID, toUserID: talking.party.userID)
        phase = .talking(stayer.id, id)
        record.transferCount += 1
        if let userID = talking.party.userID { record.assignedUserID = userID }
        let held = changeHolder(from: transferor, to: talking.isHolding ? id : nil, moment)
        return [.bridge(stayer.id, id), .reportTransfer(status: 200)] + release([transferor], .transferred) + held
            + [.record, .notify(notice)]
    }

    /// Those who are still being rung become the targets of a transfer like any other.
    private mutating func adoptRung(_ adoption: Adoption, _ moment: Moment) -> [CallEffect] {
        guard !adoption.legs.isEmpty, let announced = beginTransfer(adoption.request, moment) else { return [] }
        var effects = announced
        for adopted in adoption.legs {
            let id = addLeg(.target, adopted.party, adopted.keepsSession ? adopted.state : .calling)
            if !adopted.keepsSession { effects.append(.reach(id, autoAnswer: false)) }
        }
        if case .transferring(let transfer) = phase, openLegs(.target).contains(where: { $0.state == .ringing }) {
            effects += [.ring(transfer.stayer), .reportTransfer(status: 180)]
        }
        return effects
    }

    /// The legs live on elsewhere; the rest is let go.
    mutating func yielded(_ ids: [LegID], _ moment: Moment) -> [CallEffect] {
        for id in ids { set(id, .over) }
        let state: CallState = record.answeredAt == nil ? .cancelled : .completed
        return finish(Ending(state, .transferred), releasing: .transferred, moment)
    }

    /// Whether a session of its own may take the leg's place now.
    package func canReplace(_ id: LegID) -> Bool {
        guard let leg = leg(id), leg.state.isOpen else { return false }
        switch phase {
        case .talking: return isWhole && isTalking(id)
        case .reachingCallee: return leg.side == .callee
        case .transferring(let transfer):
            return leg.side == .target || (id == transfer.stayer && !transfer.isReferring) || id == transfer.transferor
        case .queued(let wait): return leg.side == .target && wait.taker == nil
        case .reachingCaller, .joining, .refused, .over: return false
        }
    }

    /// Somebody who is already here takes the place of a leg: of one that talks, or of one that rings (a pick-up).
    mutating func replaced(_ old: LegID, by party: Party, _ moment: Moment) -> [CallEffect] {
        guard canReplace(old), let leg = leg(old) else { return [] }
        let id = addLeg(leg.side, party, .ready)
        switch phase {
        case .talking(let first, let second):
            set(id, .up)
            let other = old == first ? second : first
            phase = old == first ? .talking(id, other) : .talking(other, id)
            let held = changeHolder(from: old, to: nil, moment)
            return [.bridge(other, id)] + release([old], .transferred) + held + noteReplaced(leg.party, party)
        case .reachingCallee: return calleeTaken(id, moment)
        case .transferring(let transfer): return replacedDuring(transfer, leg, id, moment)
        case .queued(let wait): return establishedInQueue(id, wait, moment)
        case .reachingCaller, .joining, .refused, .over: return []
        }
    }

    private mutating func replacedDuring(_ transfer: Transfer, _ old: Leg, _ id: LegID, _ moment: Moment)
        -> [CallEffect]
    {
        if old.side == .target { return targetTaken(id, transfer, moment) }
        set(id, .up)
        noLongerAwaited(old.id)
        var changed = transfer
        let isStayer = old.id == transfer.stayer
        if isStayer { changed.stayer = id } else { changed.transferor = id }
        phase = .transferring(changed)
        return [.park(id, music: isStayer)] + release([old.id], .transferred) + [.record]
    }

    private mutating func noteReplaced(_ old: Party, _ party: Party) -> [CallEffect] {
        guard old.userID != party.userID else { return [.record] }
        record.transferCount += 1
        if let userID = party.userID { record.assignedUserID = userID }
        return [.record, .notify(.transferred(fromUserID: old.userID, toUserID: party.userID))]
    }

    /// One who may have held the call is succeeded by one who may hold it too: whoever is still held hears music.
    private mutating func changeHolder(from old: LegID, to new: LegID?, _ moment: Moment) -> [CallEffect] {
        let wasHeld = !holders.isEmpty
        holders.remove(old)
        if let new { holders.insert(new) }
        if wasHeld == holders.isEmpty { noteHold(!holders.isEmpty, moment) }
        guard case .talking(let first, let second) = phase, let holder = holders.first else { return [] }
        let other = holder == first ? second : first
        return [.park(other, music: true), .park(holder, music: false)]
    }
}
