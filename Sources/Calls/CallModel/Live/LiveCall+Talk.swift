import Wire

/// What happens to a call that is up: hold and transfer.
extension LiveCall {
    mutating func hold(_ on: Bool, _ author: HoldAuthor, _ moment: Moment) -> [CallEffect] {
        if waitingCaller != nil, case .leg(let id) = author { noteEarlyHold(on, by: id) }
        guard case .talking(let first, let second) = phase, let holder = operatorLeg(author, first, second)
        else { return [] }
        let wasHeld = !holders.isEmpty
        if on { holders.insert(holder) } else { holders = author.isUser ? [] : holders.subtracting([holder]) }
        guard holders.isEmpty == wasHeld else { return [] }
        noteHold(on, moment)
        let notice: [CallEffect] = [.record, .notify(.held(on, userID: leg(holder)?.party.userID))]
        return arrangement() + notice
    }

    /// Nobody is held before there is a conversation, which then begins on hold.
    private mutating func noteEarlyHold(_ on: Bool, by id: LegID) {
        if on { holders.insert(id) } else { holders.remove(id) }
    }

    /// One of the two put the other on hold before they were joined, and has not taken it back.
    mutating func holdFromTheStart(_ first: LegID, _ second: LegID, _ moment: Moment) -> [CallEffect] {
        holders.formIntersection([first, second])
        guard let holder = holders.first else { return [] }
        noteHold(true, moment)
        return arrangement() + [.record, .notify(.held(true, userID: leg(holder)?.party.userID))]
    }

    mutating func noteHold(_ on: Bool, _ moment: Moment) {
        record.state = on ? .held : .answered
        record.isOnHold = on
        if let since = record.heldSince, !on {
            record.holdSeconds += Int((moment.wall.milliseconds - since.milliseconds + 500) / 1000)
        }
        record.heldSince = on ? moment.wall : nil
    }

    mutating func transfer(_ request: TransferRequest, _ moment: Moment) -> [CallEffect] {
        if let ticket = request.queue { return transfer(request, into: ticket, moment) }
        guard !request.parties.isEmpty, let announced = beginTransfer(request, moment),
            case .transferring(var transfer) = phase
        else { return [] }
        guard request.refersFarEnd else { return announced + reachTargets(request, moment) }
        transfer.isReferring = true
        phase = .transferring(transfer)
        return announced + [.refer(transfer.stayer, target: request.target)]
    }

    /// Both parties wait for the target; nil while there are no two who talk and are there.
    mutating func beginTransfer(_ request: TransferRequest, _ moment: Moment) -> [CallEffect]? {
        guard case .talking(let first, let second) = phase, isWhole,
            let transferor = operatorLeg(request.by, first, second)
        else { return nil }
        if !holders.isEmpty { noteHold(false, moment) }
        holders = []
        lastFailure = nil
        let fromUserID = leg(transferor)?.party.userID
        let stayer = transferor == first ? second : first
        phase = .transferring(
            Transfer(stayer: stayer, transferor: transferor, accepted: nil, request: request, fromUserID: fromUserID))
        deadline = moment.now + timing.ringing
        record.state = .transferring
        let notice = CallNotice.transferRequested(
            fromUserID: fromUserID, toUserID: request.targetUserID, target: request.target, reason: request.reason)
        return [.park(stayer, music: true), .park(transferor, music: false), .record, .notify(notice)]
    }

    private mutating func reachTargets(_ request: TransferRequest, _ moment: Moment) -> [CallEffect] {
        let targets = request.parties.map { addLeg(.target, $0, .calling) }
        if let builtIn = targets.first(where: { leg($0)?.party.isBuiltIn == true }) {
            return established(builtIn, moment)
        }
        return targets.map { .reach($0, autoAnswer: false) }
    }

    /// The far end that was asked to call the target itself tells how that goes; when it cannot, we call.
    mutating func referProgress(_ id: LegID, _ status: Int, _ moment: Moment) -> [CallEffect] {
        guard case .transferring(var transfer) = phase, transfer.isReferring, transfer.stayer == id else { return [] }
        switch status {
        case ..<200: return [.reportTransfer(status: status)]
        case 200..<300: return referred(transfer, moment)
        default:
            transfer.isReferring = false
            phase = .transferring(transfer)
            setDeadline(moment.now + timing.ringing)
            return reachTargets(transfer.request, moment)
        }
    }

    /// The two talk without us now.
    mutating func referred(_ transfer: Transfer, _ moment: Moment) -> [CallEffect] {
        record.transferCount += 1
        let notice = CallNotice.transferred(fromUserID: transfer.fromUserID, toUserID: transfer.request.targetUserID)
        return [.reportTransfer(status: 200), .notify(notice)]
            + finish(Ending(.completed, .transferred), releasing: .transferred, moment)
    }

    /// The target answered: it takes the transferor's side.
    mutating func targetTaken(_ id: LegID, _ transfer: Transfer, _ moment: Moment) -> [CallEffect] {
        let others = release(openLegs(.target).map(\.id).filter { $0 != id }, .answeredElsewhere)
        let left = transfer.transferor.map { [.reportTransfer(status: 200)] + release([$0], .transferred) } ?? []
        guard let index = legs.firstIndex(where: { $0.id == id }),
            let stayer = leg(transfer.stayer)
        else { return others + left }
        legs[index].side = stayer.side == .caller ? .callee : .caller
        legs[index].state = .up
        phase = .talking(transfer.stayer, id)
        if let transferor = transfer.transferor { noLongerAwaited(transferor) }
        setDeadline(moment.now + timing.longest)
        record.state = .answered
        record.transferCount += 1
        let toUserID = legs[index].party.userID
        if let toUserID { record.assignedUserID = toUserID }
        let notice = CallNotice.transferred(fromUserID: transfer.fromUserID, toUserID: toUserID)
        return others + arrangement() + left + [.record, .notify(notice)]
    }

    /// No target answered: the two who talked before talk again; who was left alone hears why it ends.
    mutating func transferFailed(_ transfer: Transfer, _ moment: Moment) -> [CallEffect] {
        let released = release(openLegs(.target).map(\.id), .callerGaveUp)
        guard let transferor = transfer.transferor else {
            return released + signal(lastFailure ?? .status(480), to: transfer.stayer, moment)
        }
        phase = .talking(transfer.stayer, transferor)
        setDeadline(moment.now + timing.longest)
        record.state = .answered
        let notices: [CallEffect] = [.record, .notify(.transferFailed(fromUserID: transfer.fromUserID))]
        return released + arrangement()
            + [.reportTransfer(status: lastFailure?.statusForCaller ?? 480)] + notices
    }

    /// The leg on whose behalf a hold or transfer is asked.
    ///
    /// A user's own leg when they have one in the call; otherwise our side of it: the callee of an incoming call, the
    /// caller of any other.
    func operatorLeg(_ author: HoldAuthor, _ first: LegID, _ second: LegID) -> LegID? {
        switch author {
        case .leg(let id): return [first, second].contains(id) ? id : nil
        case .user(let userID):
            let pair = [first, second].compactMap(leg)
            if let userID, let own = pair.first(where: { $0.party.userID == userID }) { return own.id }
            let side: Leg.Side = record.direction == .incoming ? .callee : .caller
            return pair.first { $0.side == side }?.id ?? first
        }
    }
}

extension HoldAuthor {
    var isUser: Bool {
        if case .user = self { true } else { false }
    }
}
