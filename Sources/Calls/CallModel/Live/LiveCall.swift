package import Wire

/// A call from its first moment to its end, as a pure machine: inputs and the time go in, effects come out.
///
/// Inbound and outbound are the same machine. It ends exactly once, and a default ending is armed from the first
/// moment: whatever never comes, `deadline` does. After the end every input is ignored.
package struct LiveCall: Sendable {
    package internal(set) var record: CallRecord
    package internal(set) var legs: [Leg]
    package internal(set) var phase: Phase
    /// When `.deadline` is due.
    package internal(set) var deadline: Instant
    package let timing: CallTiming

    package let plan: CallPlan
    /// Legs whose party holds the call at present.
    package internal(set) var holders: Set<LegID> = []
    /// The most telling failure among the legs tried so far, which the caller is given if none answers.
    var lastFailure: LegFailure?
    /// The callee that sends sound before its answer.
    var earlySource: LegID?
    /// The caller has heard it, or is about to.
    var wasHeardEarly = false
    /// The caller cannot be told of an answer now: its signalling has something else to get done first.
    var isCallerWithheld = false
    /// Of those who talk, or wait for the target of a transfer, whoever is away for the moment.
    var absences: [LegID: Absence] = [:]
    /// When the phase ends at the latest, while `deadline` is about somebody who is away.
    var presentEnd = Instant.never
    private var lastLegID = 0

    package enum Phase: Sendable, Equatable {
        /// Click-to-call: the caller's own devices ring first.
        case reachingCaller
        case reachingCallee
        /// Both sides have said yes; a browser's offer is still on its way.
        case joining(caller: LegID, callee: LegID)
        case talking(LegID, LegID)
        case transferring(Transfer)
        /// Waits in a queue, or for whoever the queue sent it to; hears music.
        case queued(QueueWait)
        /// Nobody else is left: a party that can be told in no other way hears by a tone why.
        case refused(LegID, LegFailure)
        case over
    }

    package struct Transfer: Sendable, Equatable {
        package internal(set) var stayer: LegID
        /// Gone when the transferor hung up without waiting for the target.
        var transferor: LegID?
        /// Set once a target has taken the call and only its offer is outstanding.
        var accepted: LegID?
        package let request: TransferRequest
        let fromUserID: Int64?
        /// The far end of the one who stays was asked by REFER, and has not said how that went.
        var isReferring = false
    }

    package init(record: CallRecord, plan: CallPlan, timing: CallTiming = CallTiming(), now: Instant) {
        self.record = record
        self.plan = plan
        self.timing = timing
        legs = []
        phase = plan.ringsCallerFirst ? .reachingCaller : .reachingCallee
        deadline = now + timing.ringing
        for party in plan.callers { addLeg(.caller, party, plan.callerState) }
    }

    /// One input, then everything it causes, in order.
    package mutating func reduce(_ input: CallInput, at moment: Moment) -> [CallEffect] {
        guard phase != .over else { return [] }
        switch input {
        case .begin: return begin(moment)
        case .ringing(let leg): return ringing(leg, moment)
        case .earlyMedia(let leg): return earlyMedia(leg, moment)
        case .answered(let leg), .offered(let leg): return established(leg, moment)
        case .acceptable(let leg): return acceptable(leg, moment)
        case .failed(let leg, let failure): return failed(leg, failure, moment)
        case .gone(let leg, let departure): return gone(leg, departure, moment)
        case .accepted(let userID): return accepted(userID, moment)
        case .declined(let userID): return declined(userID, moment)
        case .hold(let on, let author): return hold(on, author, moment)
        case .transfer(let request): return transfer(request, moment)
        case .adopt(let adoption): return adopt(adoption, moment)
        case .yielded(let legs): return yielded(legs, moment)
        case .replaced(let leg, let party): return replaced(leg, by: party, moment)
        case .referProgress(let leg, let status): return referProgress(leg, status, moment)
        case .rejoined(let leg, let keepsMedia): return rejoined(leg, keepsMedia: keepsMedia, moment)
        case .reconnected(let leg): return reconnected(leg)
        case .queue(let name, let order): return obey(order, of: name, moment)
        case .hangUp(let userID): return hangUp(userID, moment)
        case .incompatible(let leg): return incompatible(leg, moment)
        case .deadline: return moment.now >= deadline ? timeOut(moment) : []
        case .overspent: return finish(endingByLimits, releasing: .rejected(status: 403), moment)
        case .shutDown: return finish(endingByShutDown, releasing: .shutDown, moment)
        }
    }

    package func leg(_ id: LegID) -> Leg? { legs[id] }

    /// The leg on the other side of an established call.
    package func peer(of id: LegID) -> LegID? {
        guard case .talking(let first, let second) = phase else { return nil }
        return id == first ? second : id == second ? first : nil
    }

    /// What the next leg will be called.
    package var nextLegID: LegID { LegID(rawValue: lastLegID + 1) }

    @discardableResult
    mutating func addLeg(_ side: Leg.Side, _ party: Party, _ state: LegState) -> LegID {
        lastLegID += 1
        let id = LegID(rawValue: lastLegID)
        legs.append(Leg(id: id, side: side, party: party, state: state))
        return id
    }

    mutating func set(_ id: LegID, _ state: LegState) {
        guard let index = legs.firstIndex(where: { $0.id == id }) else { return }
        legs[index].state = state
    }

    /// Marks legs as over and tells each why.
    mutating func release(_ ids: [LegID], _ cause: ReleaseCause) -> [CallEffect] {
        ids.filter { leg($0)?.state.isOpen == true }.map { id in
            set(id, .over)
            return .release(id, cause)
        }
    }

    func openLegs(_ side: Leg.Side) -> [Leg] { legs.filter { $0.side == side && $0.state.isOpen } }
}

/// One moment on both clocks: deadlines are counted on the first, records carry the second.
package struct Moment: Sendable {
    package let now: Instant
    package let wall: WallTime

    package init(now: Instant, wall: WallTime) { (self.now, self.wall) = (now, wall) }
}

/// How long a call waits for what.
package struct CallTiming: Sendable {
    /// From the first ring to giving up.
    package var ringing: Duration = .seconds(60)
    /// From a user's "yes" to the offer of their page.
    package var joining: Duration = .seconds(30)
    /// How long a party hears the tone that ends the call.
    package var refusal: Duration = .seconds(3)
    /// How long the place of a page that is away is kept (`RESUME_TIMEOUT_S`); zero: not at all.
    package var resuming: Duration = .seconds(20)
    /// No call outlives this, whatever else is missed.
    package var longest: Duration = .seconds(24 * 3600)

    package init() {}
}

/// Who is to be joined with whom.
package struct CallPlan: Sendable {
    package let callers: [Party]
    /// `.ready` for an inbound INVITE, `.awaited` for a page that will join, `.calling` for devices to be rung first.
    package let callerState: LegState
    package let callees: [Party]
    /// Phones that can do it pick up by themselves (`POST /api/calls/dial` with `autoAnswer`).
    package let autoAnswer: Bool
    /// The queue the call is for; there are no callees then.
    package let queue: QueueTicket?

    package init(
        callers: [Party], callerState: LegState, callees: [Party], autoAnswer: Bool = false, queue: QueueTicket? = nil
    ) {
        (self.callers, self.callerState) = (callers, callerState)
        (self.callees, self.autoAnswer, self.queue) = (callees, autoAnswer, queue)
    }

    var ringsCallerFirst: Bool { callerState == .calling }

    /// The queue a call of this plan waits in, or is for while nobody has answered; asked of the plan, for a whole call is
    /// large to look into.
    package func queueName(in phase: LiveCall.Phase, isAnswered: Bool) -> String? {
        if case .queued(let wait) = phase { return wait.queue }
        return isAnswered ? nil : queue?.name
    }
}
