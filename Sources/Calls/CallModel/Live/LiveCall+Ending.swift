import Wire

/// Every way to the one end.
extension LiveCall {
    /// A final state and the word that says why.
    struct Ending {
        let state: CallState
        let reason: EndReason

        init(_ state: CallState, _ reason: EndReason) { (self.state, self.reason) = (state, reason) }
    }

    mutating func failed(_ id: LegID, _ failure: LegFailure, _ moment: Moment) -> [CallEffect] {
        guard let leg = leg(id), leg.state.isOpen else { return [] }
        if failure.isMoreTelling(than: lastFailure) { lastFailure = failure }
        return release([id], .rejected(status: failure.status)) + causedByFailure(of: leg, failure, moment)
    }

    private mutating func causedByFailure(of leg: Leg, _ failure: LegFailure, _ moment: Moment) -> [CallEffect] {
        let id = leg.id
        switch (phase, leg.side) {
        case (.reachingCaller, .caller) where openLegs(.caller).isEmpty,
            (.reachingCallee, .callee) where openLegs(.callee).isEmpty:
            return endUnreached(moment)
        case (.transferring(let transfer), .target) where openLegs(.target).isEmpty:
            return transferFailed(transfer, moment)
        case (.joining(let caller, let callee), _) where id == caller || id == callee,
            (.talking(let caller, let callee), _) where id == caller || id == callee:
            return finish(Ending(.failed, .mediaFailed), releasing: .rejected(status: failure.status), moment)
        case (.queued(let wait), _): return lostInQueue(leg, wait, nil, moment)
        default: return []
        }
    }

    mutating func gone(_ id: LegID, _ departure: LegDeparture, _ moment: Moment) -> [CallEffect] {
        guard let leg = leg(id), leg.state.isOpen else { return [] }
        if isAwaited(leg, after: departure) { return wentAway(id, departure, moment) }
        return release([id], departure.cause) + causedByDeparture(of: leg, departure, moment)
    }

    private mutating func causedByDeparture(of leg: Leg, _ departure: LegDeparture, _ moment: Moment)
        -> [CallEffect]
    {
        let id = leg.id
        switch phase {
        case .reachingCaller:
            guard leg.side == .caller, openLegs(.caller).isEmpty else { return [] }
            return callerGone(departure, leg, moment)
        case .reachingCallee:
            if leg.side == .caller { return callerGone(departure, leg, moment) }
            return openLegs(.callee).isEmpty ? endUnreached(moment) : []
        case .joining(let caller, let callee):
            if id == caller { return callerGone(departure, leg, moment) }
            return id == callee ? finish(Ending(.failed, reason(departure, leg)), releasing: .normal, moment) : []
        case .talking(let first, let second):
            guard id == first || id == second else { return [] }
            return finish(Ending(.completed, reason(departure, leg)), releasing: departure.cause, moment)
        case .transferring(let transfer): return goneDuring(transfer, id, reason(departure, leg), moment)
        case .queued(let wait): return lostInQueue(leg, wait, departure, moment)
        case .refused(let listener, let failure): return id == listener ? finish(refusedBy: failure, moment) : []
        case .over: return []
        }
    }

    mutating func goneDuring(_ transfer: Transfer, _ id: LegID, _ reason: EndReason, _ moment: Moment)
        -> [CallEffect]
    {
        if id == transfer.stayer {
            // Whoever was asked to call the target itself, and leaves, has done so.
            if transfer.isReferring { return referred(transfer, moment) }
            return finish(Ending(.completed, reason), releasing: .normal, moment)
        }
        if id == transfer.transferor {
            noLongerAwaited(id)
            var waiting = transfer
            waiting.transferor = nil
            phase = .transferring(waiting)
            return []
        }
        return openLegs(.target).isEmpty ? transferFailed(transfer, moment) : []
    }

    /// A user says no for all their devices; others who are being rung may still take the call.
    mutating func declined(_ userID: Int64?, _ moment: Moment) -> [CallEffect] {
        switch phase {
        case .transferring(let transfer):
            let released = release(declining(.target, userID), .rejected(status: 603))
            lastFailure = .status(603)
            return openLegs(.target).isEmpty ? released + transferFailed(transfer, moment) : released
        case .reachingCaller, .reachingCallee:
            let side: Leg.Side = phase == .reachingCaller ? .caller : .callee
            let released = release(declining(side, userID), .rejected(status: 603))
            guard openLegs(side).isEmpty else { return released }
            record.answeredByUserID = userID ?? record.answeredByUserID
            return released + [.notify(.rejected(userID: userID))]
                + finish(Ending(.rejected, .rejected), releasing: .rejected(status: 603), moment)
        case .queued(let wait): return declinedInQueue(userID, wait, moment)
        case .joining, .talking, .refused, .over: return []
        }
    }

    private func declining(_ side: Leg.Side, _ userID: Int64?) -> [LegID] {
        openLegs(side).filter { userID == nil || $0.party.userID == userID }.map(\.id)
    }

    mutating func hangUp(_ userID: Int64?, _ moment: Moment) -> [CallEffect] {
        switch phase {
        case .talking(let first, let second):
            let reason = commandReason(userID, operatorLeg(.user(userID), first, second))
            return finish(Ending(.completed, reason), releasing: .normal, moment)
        case .transferring(let transfer):
            return finish(Ending(.completed, commandReason(userID, transfer.transferor)), releasing: .normal, moment)
        case .reachingCaller, .reachingCallee, .joining:
            let isOurs = record.direction != .incoming || legs.contains { $0.side == .caller && $0.party.userID != nil }
            if !isOurs, phase == .reachingCallee { return declined(userID, moment) }
            return finish(Ending(.cancelled, .cancelled), releasing: .callerGaveUp, moment)
        case .queued(let wait): return hangUpInQueue(userID, wait, moment)
        case .refused(_, let failure): return finish(refusedBy: failure, moment)
        case .over: return []
        }
    }

    /// The two sides share no codec: nobody is left in a silent call.
    ///
    /// A device that was only being tried is given up as if it had refused; the others go on.
    mutating func incompatible(_ id: LegID, _ moment: Moment) -> [CallEffect] {
        switch phase {
        case .talking, .joining: finish(Ending(.failed, .noSharedCodec), releasing: .rejected(status: 488), moment)
        case .reachingCaller, .reachingCallee, .transferring, .queued: failed(id, .status(488), moment)
        case .refused, .over: []
        }
    }

    mutating func timeOut(_ moment: Moment) -> [CallEffect] {
        switch phase {
        case .reachingCaller, .reachingCallee:
            lastFailure = .timeout
            return endUnreached(moment)
        case .joining:
            let reason: EndReason = isCallerWithheld ? .signallingTimeout : .neverJoined
            return finish(Ending(.failed, reason), releasing: .rejected(status: 480), moment)
        case .transferring(let transfer):
            if let ended = absenceOver(moment) { return ended }
            lastFailure = .timeout
            return transferFailed(transfer, moment)
        case .queued(let wait): return timedOutInQueue(wait, moment)
        case .refused(_, let failure): return finish(refusedBy: failure, moment)
        case .talking:
            if let ended = absenceOver(moment) { return ended }
            return finish(Ending(.completed, .maximumDuration), releasing: .normal, moment)
        case .over: return []
        }
    }

    mutating func callerGaveUp(_ moment: Moment) -> [CallEffect] { callerGone(.callerCancelled, moment) }

    /// A page that is closed has given up; a phone or its path that failed has not.
    mutating func callerGone(_ departure: LegDeparture, _ leg: Leg, _ moment: Moment) -> [CallEffect] {
        switch departure {
        case .hungUp, .cancelled, .disconnected, .mediaClosed: callerGone(.callerCancelled, moment)
        case .sessionLost, .mediaLost, .mediaFailed: callerGone(reason(departure, leg), moment)
        }
    }

    private mutating func callerGone(_ reason: EndReason, _ moment: Moment) -> [CallEffect] {
        let state: CallState = record.direction == .incoming ? .missed : .cancelled
        return finish(Ending(state, reason), releasing: .callerGaveUp, moment)
    }

    /// Nobody took the call: the caller is told what the most telling of the attempts said.
    mutating func endUnreached(_ moment: Moment) -> [CallEffect] {
        let failure = lastFailure ?? .status(480)
        guard let listener else { return finish(refusedBy: failure, moment) }
        return signal(failure, to: listener, moment)
    }

    /// Who can be told by a tone alone, having been answered or, in a page, having heard something already.
    private var listener: LegID? {
        if case .queued(let wait) = phase { return wait.hearsMusic ? wait.waiter : nil }
        guard phase == .reachingCallee, let caller = openLegs(.caller).first else { return nil }
        return (caller.party.isBrowser ? wasHeardEarly : plan.ringsCallerFirst) ? caller.id : nil
    }

    /// Lets the last party hear why nobody else is there, and then ends the call.
    mutating func signal(_ failure: LegFailure, to listener: LegID, _ moment: Moment) -> [CallEffect] {
        let left = farewell()
        phase = .refused(listener, failure)
        deadline = moment.now + timing.refusal
        let others = legs.filter { $0.id != listener && $0.state.isOpen }.map(\.id)
        return release(others, .callerGaveUp) + left + [.signal(listener, failure.signal)]
    }

    /// A call that had been answered was one: what it ends with is that nobody else could be had.
    private mutating func finish(refusedBy failure: LegFailure, _ moment: Moment) -> [CallEffect] {
        guard record.answeredAt == nil else {
            return finish(Ending(.completed, .unavailable), releasing: .normal, moment)
        }
        return finish(Ending(failure: failure), releasing: .rejected(status: failure.statusForCaller), moment)
    }

    mutating func finish(_ ending: Ending, releasing cause: ReleaseCause, _ moment: Moment) -> [CallEffect] {
        let released = release(legs.map(\.id), cause) + farewell()
        phase = .over
        deadline = .never
        absences = [:]
        if record.isOnHold, let since = record.heldSince {
            record.holdSeconds += Int((moment.wall.milliseconds - since.milliseconds + 500) / 1000)
        }
        record.isOnHold = false
        record.heldSince = nil
        record.state = ending.state
        record.endReason = ending.reason
        record.endedAt = moment.wall
        let talked = record.answeredAt.map { max(0, moment.wall.milliseconds - $0.milliseconds) } ?? 0
        record.duration = Int((talked + 500) / 1000)
        return released + [.record, .notify(.ended), .finish]
    }

    var endingByLimits: Ending { Ending(record.answeredAt == nil ? .rejected : .completed, .forbidden) }
    var endingByShutDown: Ending { Ending(record.answeredAt == nil ? .failed : .completed, .shutdown) }

    func reason(_ departure: LegDeparture, _ leg: Leg) -> EndReason {
        switch departure {
        case .hungUp, .cancelled, .mediaClosed: hangUpReason(leg)
        case .disconnected: .signallingFailed
        case .sessionLost: .signallingTimeout
        case .mediaLost: .mediaTimeout
        case .mediaFailed: .mediaFailed
        }
    }

    private func hangUpReason(_ leg: Leg) -> EndReason { leg.side == .caller ? .callerHangup : .calleeHangup }

    /// A party that hangs up by command is still the party; anybody else ended a call of others.
    private func commandReason(_ userID: Int64?, _ own: LegID?) -> EndReason {
        guard let own = own.flatMap(leg), own.party.userID == userID, userID != nil || own.party == .visitor
        else { return .commandHangup }
        return hangUpReason(own)
    }
}

extension LiveCall.Ending {
    /// The end of a call that nobody took.
    init(failure: LegFailure) {
        let (state, reason) = EndReason.forResponse(failure.status, afterRingTimeout: failure == .timeout)
        self.init(state, failure == .timeout ? .noAnswer : reason)
    }
}

extension LegDeparture {
    /// What the leg itself is told, where it can still be told anything.
    var cause: ReleaseCause {
        switch self {
        case .hungUp, .cancelled, .disconnected, .sessionLost, .mediaClosed: .normal
        case .mediaLost: .mediaTimeout
        case .mediaFailed: .rejected(status: 488)
        }
    }
}

extension LegFailure {
    /// A person's answer says more than a machine's, and any answer more than silence.
    func isMoreTelling(than other: LegFailure?) -> Bool {
        guard let other else { return true }
        return weight > other.weight
    }

    /// By which tone a caller is told of it.
    var signal: CallSignal {
        switch self {
        case .timeout, .status(400..<500), .status(600...): .busy
        case .unreachable, .status: .congestion
        }
    }

    private var weight: Int {
        switch status {
        case 603, 600: 4
        case 486: 3
        case 408, 480: 1
        case 503: 0
        default: 2
        }
    }

    /// What the caller is told: the far end's own word where it is about the call, and ours where it is about what we
    /// sent, for such a status means nothing without headers that the caller could do nothing with (RFC 3261 21.3, 21.4).
    ///
    /// A timeout of ours is 480, for 408 would tell a proxy to try elsewhere; so is a redirection nobody followed.
    var statusForCaller: Int {
        switch status {
        case 300...399, 408, 481, 482, 487, 491: 480
        case 401, 407: 403
        case 405, 406, 411...417, 420...423, 493, 494: 500
        default: status
        }
    }
}
