import Wire

/// From the first moment to the conversation.
extension LiveCall {
    mutating func begin(_ moment: Moment) -> [CallEffect] {
        record.startedAt = moment.wall
        deadline = moment.now + timing.ringing
        let announced: [CallEffect] = [.record, .notify(.created)]
        if plan.ringsCallerFirst {
            return announced + openLegs(.caller).map { .reach($0.id, autoAnswer: plan.autoAnswer) }
        }
        return announced + reachCallees(moment)
    }

    private mutating func reachCallees(_ moment: Moment) -> [CallEffect] {
        if let ticket = plan.queue, let caller = openLegs(.caller).first {
            return enqueue(caller.id, in: ticket, isTransfer: false, fromUserID: nil, moment)
        }
        phase = .reachingCallee
        deadline = moment.now + timing.ringing
        guard !plan.callees.isEmpty else { return endUnreached(moment) }
        let reached = plan.callees.map { party in addLeg(.callee, party, .calling) }
        if let builtIn = reached.first(where: { leg($0)?.party.isBuiltIn == true }) {
            return established(builtIn, moment)
        }
        return reached.map { .reach($0, autoAnswer: false) }
    }

    mutating func ringing(_ id: LegID, _ moment: Moment) -> [CallEffect] {
        guard let leg = leg(id), leg.state == .calling else { return [] }
        set(id, .ringing)
        let isFirst = openLegs(leg.side).filter { $0.state == .ringing }.count == 1
        if case .transferring(let transfer) = phase, leg.side == .target {
            return (isFirst ? [.ring(transfer.stayer)] : []) + [.reportTransfer(status: 180)]
        }
        let tellCaller = leg.side == .callee && isFirst ? openLegs(.caller).map { CallEffect.ring($0.id) } : []
        // A caller that we called rang before: the call has long been ringing.
        guard record.state == .initiated else { return plan.ringsCallerFirst ? tellCaller : [] }
        record.state = .ringing
        record.ringingAt = moment.wall
        return tellCaller + [.record, .notify(.ringing)]
    }

    /// Early media is passed on only while there is no doubt whose it is: one callee leg, and a caller able to hear.
    ///
    /// Then no 180 goes out beside it: a caller would make a ringing tone of its own over what the far end plays
    /// (RFC 3960 3.2).
    mutating func earlyMedia(_ id: LegID, _ moment: Moment) -> [CallEffect] {
        let rung = ringing(id, moment)
        earlySource = id
        let bridged = bridgeEarly()
        guard case .bridgeEarly(let caller, _)? = bridged.first else { return rung }
        return rung.filter { $0 != .ring(caller) } + bridged
    }

    private mutating func bridgeEarly() -> [CallEffect] {
        guard phase == .reachingCallee, let source = earlySource, openLegs(.callee).map(\.id) == [source],
            let caller = openLegs(.caller).first, caller.state == .ready
        else { return [] }
        wasHeardEarly = true
        return [.bridgeEarly(caller: caller.id, callee: source)]
    }

    /// A leg answered, or a browser's offer arrived: that leg can be connected now.
    mutating func established(_ id: LegID, _ moment: Moment) -> [CallEffect] {
        guard let leg = leg(id), leg.state.isOpen, !leg.state.isEstablished else { return [] }
        set(id, .ready)
        switch (phase, leg.side) {
        case (.reachingCaller, .caller): return callerReached(id, moment)
        case (.reachingCallee, .callee): return calleeTaken(id, moment)
        case (.reachingCallee, .caller): return bridgeEarly()
        case (.joining(let caller, let callee), _): return bridgeIfReady(caller, callee, moment)
        case (.transferring(let transfer), .target): return targetTaken(id, transfer, moment)
        case (.queued(let wait), _): return establishedInQueue(id, wait, moment)
        default: return []
        }
    }

    /// A user said yes in a page: the others stop ringing at once, the page's offer follows.
    mutating func accepted(_ userID: Int64?, _ moment: Moment) -> [CallEffect] {
        let takers = legs.filter { leg in
            leg.party.isBrowser && [.calling, .ringing].contains(leg.state)
                && (userID == nil || leg.party.userID == userID)
        }
        guard let taker = takers.first else { return [] }
        set(taker.id, .accepted)
        switch (phase, taker.side) {
        case (.reachingCaller, .caller):
            deadline = moment.now + timing.joining
            return release(openLegs(.caller).map(\.id).filter { $0 != taker.id }, .answeredElsewhere)
        case (.reachingCallee, .callee):
            return calleeTaken(taker.id, moment)
        case (.queued(let wait), .target): return takenInQueue(taker, wait, moment)
        case (.transferring(var transfer), .target):
            transfer.accepted = taker.id
            phase = .transferring(transfer)
            setDeadline(moment.now + timing.joining)
            return release(openLegs(.target).map(\.id).filter { $0 != taker.id }, .answeredElsewhere)
        default: return []
        }
    }

    private mutating func callerReached(_ id: LegID, _ moment: Moment) -> [CallEffect] {
        release(openLegs(.caller).map(\.id).filter { $0 != id }, .answeredElsewhere) + reachCallees(moment)
    }

    mutating func calleeTaken(_ id: LegID, _ moment: Moment) -> [CallEffect] {
        let others = release(openLegs(.callee).map(\.id).filter { $0 != id }, .answeredElsewhere)
        guard let caller = openLegs(.caller).first else { return others }
        phase = .joining(caller: caller.id, callee: id)
        deadline = moment.now + timing.joining
        if record.answeredByUserID == nil { record.answeredByUserID = leg(id)?.party.userID }
        return others + bridgeIfReady(caller.id, id, moment)
    }

    /// The caller who has not been answered, while somebody may still answer.
    package var waitingCaller: LegID? {
        switch phase {
        case .reachingCallee: openLegs(.caller).first?.id
        case .joining(let caller, _): caller
        case .reachingCaller, .talking, .transferring, .queued, .refused, .over: nil
        }
    }

    /// Whoever answers waits for `acceptable`: there is no conversation before the caller can be told of it.
    package mutating func withholdCaller() { isCallerWithheld = true }

    mutating func acceptable(_ id: LegID, _ moment: Moment) -> [CallEffect] {
        guard id == waitingCaller else { return [] }
        isCallerWithheld = false
        guard case .joining(let caller, let callee) = phase else { return [] }
        return bridgeIfReady(caller, callee, moment)
    }

    private mutating func bridgeIfReady(_ caller: LegID, _ callee: LegID, _ moment: Moment) -> [CallEffect] {
        guard leg(caller)?.state == .ready, leg(callee)?.state == .ready, !isCallerWithheld else { return [] }
        set(caller, .up)
        set(callee, .up)
        phase = .talking(caller, callee)
        deadline = moment.now + timing.longest
        record.state = .answered
        record.answeredAt = moment.wall
        return [.bridge(caller, callee), .record, .notify(.answered)] + holdFromTheStart(caller, callee, moment)
    }
}

extension Party {
    /// A party of ours, which answers at once and has no media of its own.
    package var isBuiltIn: Bool {
        switch self {
        case .builtIn, .conference: true
        case .phone, .outside, .user, .visitor: false
        }
    }
}
