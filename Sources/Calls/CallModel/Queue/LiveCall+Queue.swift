import Wire

/// A call that waits in a queue, from its entry to the member who takes it.
extension LiveCall {
    /// What a queue is given beyond its own limit before the call ends by itself.
    private static var queueMargin: Duration { .seconds(60) }

    package var isQueued: Bool { if case .queued = phase { true } else { false } }

    /// Whether somebody may still take or decline the call, although its caller may have been answered.
    package var isBeingOffered: Bool { isTransferring || isQueued }

    /// Puts the one who waits into a queue: at once when they can hear, else when their page has offered.
    ///
    /// They are answered when the queue welcomes them: whom it sends elsewhere at once is told nothing before.
    mutating func enqueue(
        _ waiter: LegID, in ticket: QueueTicket, isTransfer: Bool, fromUserID: Int64?, _ moment: Moment
    ) -> [CallEffect] {
        let hearsMusic = isTransfer || (isQueued && hearsMusicNow)
        let wait = QueueWait(
            waiter: waiter, queue: ticket.name, seen: queuesSeen.union([ticket.name]),
            until: moment.now + ticket.longestWait + Self.queueMargin,
            hearsMusic: hearsMusic, isTransfer: isTransfer, fromUserID: fromUserID)
        phase = .queued(wait)
        deadline = wait.until
        return leg(waiter)?.state.isEstablished == true ? enter(wait, moment) : []
    }

    /// The queue takes everybody: the one who sends somebody there need not wait for the answer.
    mutating func transfer(_ request: TransferRequest, into ticket: QueueTicket, _ moment: Moment) -> [CallEffect] {
        guard let announced = beginTransfer(request, moment), case .transferring(let transfer) = phase else {
            return []
        }
        let left = transfer.transferor.map { [.reportTransfer(status: 200)] + release([$0], .transferred) } ?? []
        return announced + left
            + enqueue(transfer.stayer, in: ticket, isTransfer: true, fromUserID: transfer.fromUserID, moment)
    }

    private mutating func enter(_ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        var entered = wait
        entered.hasEntered = true
        phase = .queued(entered)
        return beginRinging(moment) + tell(entered, .entered)
    }

    private mutating func beginRinging(_ moment: Moment) -> [CallEffect] {
        guard record.state == .initiated else { return [] }
        record.state = .ringing
        record.ringingAt = moment.wall
        return [.record, .notify(.ringing)]
    }

    private func tell(_ wait: QueueWait, _ report: QueueReport) -> [CallEffect] {
        guard wait.hasEntered, let queue = wait.queue else { return [] }
        return [.tellQueue(queue, report)]
    }

    /// What the queue is told when the call ends while it waits.
    func farewell() -> [CallEffect] {
        if case .queued(let wait) = phase { tell(wait, .left) } else { [] }
    }

    /// The queues the call has waited in so far: none is entered twice in a row of overflows.
    package var queuesSeen: Set<String> { if case .queued(let wait) = phase { wait.seen } else { [] } }

    private var hearsMusicNow: Bool { if case .queued(let wait) = phase { wait.hearsMusic } else { false } }

    // MARK: - Orders of the queue

    /// Orders of a queue the call is not in any more are void, and so are all once a member has said yes.
    mutating func obey(_ order: QueueOrder, of queue: String, _ moment: Moment) -> [CallEffect] {
        guard case .queued(let wait) = phase, wait.queue == queue, wait.hasEntered, wait.taker == nil else { return [] }
        switch order {
        case .welcome:
            guard !wait.hearsMusic else { return [] }
            var welcomed = wait
            welcomed.hearsMusic = true
            phase = .queued(welcomed)
            return [.entertain(wait.waiter)]
        case .offer(let parties): return offer(parties)
        case .withdraw(let users):
            return drop(openLegs(.target).filter { leg in leg.party.userID.map(users.contains) ?? false }.map(\.id))
        case .leave(let exit): return leave(wait, to: exit, moment)
        }
    }

    private mutating func offer(_ parties: [Party]) -> [CallEffect] {
        let asked = Set(openLegs(.target).compactMap(\.party.userID))
        let fresh = parties.filter { party in party.userID.map { !asked.contains($0) } ?? true }
        return fresh.map { party in .reach(addLeg(.target, party, .calling), autoAnswer: false) }
    }

    private mutating func leave(_ wait: QueueWait, to exit: QueueExit, _ moment: Moment) -> [CallEffect] {
        let gone = drop(openLegs(.target).map(\.id)) + tell(wait, .left)
        var next = wait
        next.queue = nil
        lastFailure = nil
        switch exit {
        case .nowhere:
            phase = .queued(next)
            return gone + endUnserved(moment)
        case .queue(let ticket):
            let (isTransfer, fromUserID) = (wait.isTransfer, wait.fromUserID)
            var effects = gone
            effects += enqueue(wait.waiter, in: ticket, isTransfer: isTransfer, fromUserID: fromUserID, moment)
            return effects
        case .parties(let parties):
            next.until = moment.now + timing.ringing
            phase = .queued(next)
            deadline = next.until
            let reached = offer(parties)
            if let builtIn = openLegs(.target).first(where: \.party.isBuiltIn) {
                return gone + memberJoined(builtIn.id, next, moment)
            }
            return gone + (reached.isEmpty ? endUnserved(moment) : [.ring(wait.waiter)] + reached)
        }
    }

    // MARK: - What legs do

    /// A leg can be connected: the waiter's own page has offered, or a member has answered.
    mutating func establishedInQueue(_ id: LegID, _ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        if id == wait.waiter { return wait.hasEntered ? [] : enter(wait, moment) }
        guard wait.taker == nil || wait.taker == id else { return [] }
        return memberJoined(id, wait, moment)
    }

    private mutating func memberJoined(_ id: LegID, _ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        let others = drop(openLegs(.target).map(\.id).filter { $0 != id }, .answeredElsewhere)
        guard let index = legs.firstIndex(where: { $0.id == id }), let waiter = leg(wait.waiter) else { return others }
        legs[index].side = waiter.side == .caller ? .callee : .caller
        legs[index].state = .up
        set(wait.waiter, .up)
        phase = .talking(wait.waiter, id)
        deadline = moment.now + timing.longest
        let userID = legs[index].party.userID
        let notice = noteAnswer(by: userID, wait, moment)
        let report = userID.map { tell(wait, .joined(by: $0)) } ?? tell(wait, .left)
        return others + [.bridge(wait.waiter, id), .record, .notify(notice)] + report
    }

    private mutating func noteAnswer(by userID: Int64?, _ wait: QueueWait, _ moment: Moment) -> CallNotice {
        record.state = .answered
        if let userID { record.assignedUserID = userID }
        guard wait.isTransfer else {
            record.answeredAt = moment.wall
            record.answeredByUserID = userID
            record.operatorID = userID ?? record.operatorID
            return .answered
        }
        record.transferCount += 1
        return .transferred(fromUserID: wait.fromUserID, toUserID: userID)
    }

    /// A member took the call in a page: the others stop ringing at once, the page's offer follows.
    mutating func takenInQueue(_ taker: Leg, _ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        var taken = wait
        taken.taker = taker.id
        phase = .queued(taken)
        deadline = moment.now + timing.joining
        let others = drop(openLegs(.target).map(\.id).filter { $0 != taker.id }, .answeredElsewhere)
        return others + (taker.party.userID.map { tell(wait, .taken(by: $0)) } ?? [])
    }

    /// A leg came to nothing or went away; it is released already.
    mutating func lostInQueue(_ lost: Leg, _ wait: QueueWait, _ departure: LegDeparture?, _ moment: Moment)
        -> [CallEffect]
    {
        guard lost.id != wait.waiter else { return waiterLost(lost, wait, departure, moment) }
        guard lost.side == .target else { return [] }
        return refused([lost], wait, moment)
    }

    private mutating func waiterLost(_ leg: Leg, _ wait: QueueWait, _ departure: LegDeparture?, _ moment: Moment)
        -> [CallEffect]
    {
        guard let departure else {
            return finish(Ending(.failed, .mediaFailed), releasing: .normal, moment)
        }
        guard wait.isTransfer else { return callerGone(departure, leg, moment) }
        return finish(Ending(.completed, reason(departure, leg)), releasing: departure.cause, moment)
    }

    /// A user says no for all their devices; without a user everybody who is being rung does.
    mutating func declinedInQueue(_ userID: Int64?, _ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        let declining = openLegs(.target).filter { userID == nil || $0.party.userID == userID }
        return release(declining.map(\.id), .rejected(status: 603)) + refused(declining, wait, moment)
    }

    /// Tells the queue which members are out of the question; the overflow has no more to offer than it rang.
    private mutating func refused(_ lost: [Leg], _ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        let forgotten = forget(lost.map(\.id))
        var left = wait
        if lost.contains(where: { $0.id == wait.taker }) {
            left.taker = nil
            deadline = wait.until
        }
        phase = .queued(left)
        guard wait.queue != nil else {
            return forgotten + (openLegs(.target).isEmpty ? endUnserved(moment) : [])
        }
        let reachable = Set(openLegs(.target).compactMap(\.party.userID))
        let users = Set(lost.compactMap(\.party.userID)).subtracting(reachable)
        return forgotten + users.sorted().flatMap { tell(left, .refused(by: $0)) }
    }

    mutating func timedOutInQueue(_ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        if let taker = wait.taker.flatMap(leg) {
            return release([taker.id], .normal) + refused([taker], wait, moment)
        }
        guard wait.hasEntered else {
            return finish(Ending(.failed, .neverJoined), releasing: .rejected(status: 480), moment)
        }
        return endUnserved(moment)
    }

    mutating func hangUpInQueue(_ userID: Int64?, _ wait: QueueWait, _ moment: Moment) -> [CallEffect] {
        let isRung = userID != nil && openLegs(.target).contains { $0.party.userID == userID }
        if isRung { return declinedInQueue(userID, wait, moment) }
        let isOwn = userID != nil && leg(wait.waiter)?.party.userID == userID
        if wait.isTransfer {
            return finish(Ending(.completed, isOwn ? .callerHangup : .commandHangup), releasing: .normal, moment)
        }
        return isOwn ? callerGaveUp(moment) : finish(Ending(.cancelled, .cancelled), releasing: .normal, moment)
    }

    /// Nobody took the call.
    private mutating func endUnserved(_ moment: Moment) -> [CallEffect] {
        lastFailure = lastFailure ?? .timeout
        return endUnreached(moment)
    }

    // MARK: - Bookkeeping

    private mutating func drop(_ ids: [LegID], _ cause: ReleaseCause = .callerGaveUp) -> [CallEffect] {
        release(ids, cause) + forget(ids)
    }

    /// A queue may try members for hours: of those that came to nothing nothing is kept.
    private mutating func forget(_ ids: [LegID]) -> [CallEffect] {
        legs.removeAll { leg in leg.side == .target && !leg.state.isOpen && ids.contains(leg.id) }
        return ids.map(CallEffect.forget)
    }

    /// What each user has to do with the call at present.
    package var engagements: [Int64: Engagement] {
        var result: [Int64: Engagement] = [:]
        for leg in legs where leg.state.isOpen {
            guard let user = leg.party.userID else { continue }
            let isCaller = leg.side == .caller && (leg.state == .ready || leg.state == .awaited)
            let engagement: Engagement = leg.state == .up || isCaller ? .talking : .ringing
            result[user] = max(result[user] ?? .free, engagement)
        }
        return result
    }
}
