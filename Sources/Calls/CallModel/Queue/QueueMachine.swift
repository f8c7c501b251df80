package import Directory
package import Wire

/// One queue as a pure machine: who waits and who may be rung go in, who is to be rung for whom comes out.
///
/// Callers are served in the order they came; a member rings for one caller at a time, and a caller is offered to one
/// member at a time unless the strategy is ring-all. Every caller that entered gets exactly one outcome.
package struct QueueMachine: Sendable {
    package internal(set) var queue: CallQueue
    /// In the order they came.
    package internal(set) var callers: [Caller] = []
    /// In the order of the queue's settings.
    package internal(set) var members: [Member]
    package internal(set) var figures = QueueFigures()
    package let timing: QueueTiming

    /// The newest waits that ended in an answer, from which the next ones are estimated.
    var recentWaits: [Duration] = []
    /// Since when nobody has been there to take calls.
    var emptySince: Instant?
    package private(set) var isClosed = false
    /// Where round-robin goes on.
    var lastRung: Int64?

    static let estimatedFrom = 20

    package init(_ queue: CallQueue, timing: QueueTiming = QueueTiming(), now: Instant) {
        (self.queue, self.timing) = (queue, timing)
        members = queue.members.map { Member($0, now: now) }
        emptySince = now
    }

    /// One input, then everything it causes, in order.
    package mutating func reduce(_ input: QueueInput, at now: Instant) -> [QueueDecision] {
        let caused = apply(input, now)
        return caused + expire(now) + leaveIfEmpty(now) + dispatch(now) + movements()
    }

    private mutating func apply(_ input: QueueInput, _ now: Instant) -> [QueueDecision] {
        switch input {
        case .entered(let caller): return enter(caller, now)
        case .left(let caller): return leave(caller, now)
        case .taken(let caller, let member): take(caller, member)
        case .joined(let caller, let member): return join(caller, member, now)
        case .refused(let caller, let member): refuse(caller, member, now)
        case .online(let member, let isOnline):
            change(member) { $0.isOnline = isOnline }
            return isOnline ? [] : withdraw { $0.userID == member }
        case .engaged(let member, let engagement): engage(member, engagement, now)
        case .paused(let member, let on, let reason): return pause(member, on, reason)
        case .configured(let queue): return configure(queue, now)
        case .closed:
            isClosed = true
            return callers.filter { $0.stage == .waiting }.flatMap { overflow($0.id, .removed) }
        case .newDay: figures = QueueFigures()
        case .deadline: break
        }
        return []
    }

    // MARK: - Callers

    private mutating func enter(_ id: UUID, _ now: Instant) -> [QueueDecision] {
        guard caller(id) == nil else { return [] }
        let refusal = refusal(now)
        callers.append(Caller(id: id, enteredAt: now))
        figures.entered += 1
        return refusal.map { overflow(id, $0) } ?? [.welcome(id)]
    }

    /// Why a caller who came now would be sent away at once; nil when there is room.
    func refusal(_ now: Instant) -> OverflowReason? {
        if isClosed { return .removed }
        if let most = queue.maximumWaiting, callers.count(where: { $0.stage != .leaving }) >= most { return .full }
        return queue.leavesWhenEmpty && !isStaffed ? .unstaffed : nil
    }

    private mutating func leave(_ id: UUID, _ now: Instant) -> [QueueDecision] {
        guard let caller = caller(id) else { return [] }
        return end(caller, caller.overflow.map(QueueOutcome.overflowed) ?? .abandoned, now)
    }

    private mutating func end(_ caller: Caller, _ outcome: QueueOutcome, _ now: Instant) -> [QueueDecision] {
        let waited = now - caller.enteredAt
        callers.removeAll { $0.id == caller.id }
        stopRinging(caller.id)
        if case .answered = outcome {
            recentWaits = (recentWaits + [waited]).suffix(Self.estimatedFrom)
        }
        figures.count(outcome, waited: waited, soon: timing.soon)
        return [.outcome(caller.id, outcome, waited: waited)]
    }

    /// Sends a caller away; the ringing for it ends with the call's own move.
    mutating func overflow(_ id: UUID, _ reason: OverflowReason) -> [QueueDecision] {
        guard let caller = caller(id), caller.stage == .waiting else { return [] }
        change(id) { ($0.stage, $0.overflow) = (.leaving, reason) }
        stopRinging(id)
        return [.overflow(id, reason)]
    }

    private mutating func take(_ id: UUID, _ member: Int64) {
        guard caller(id) != nil else { return }
        change(id) { ($0.stage, $0.overflow) = (.taken(by: member), nil) }
        stopRinging(id)
        change(member) { $0.hasOurCaller = true }
    }

    private mutating func join(_ id: UUID, _ member: Int64, _ now: Instant) -> [QueueDecision] {
        guard let caller = caller(id) else { return [] }
        take(id, member)
        change(member) {
            $0.engagement = .talking
            $0.answered += 1
        }
        return end(caller, .answered(by: member), now)
    }

    private mutating func refuse(_ id: UUID, _ member: Int64, _ now: Instant) {
        let hadTaken = caller(id)?.stage == .taken(by: member)
        let until = now + timing.afterRefusal
        change(id) {
            $0.rests[member] = until
            if hadTaken { $0.stage = .waiting }
        }
        change(member) {
            if $0.ring?.caller == id { $0.ring = nil }
            if hadTaken { $0.hasOurCaller = false }
        }
    }

    // MARK: - Looking

    package func caller(_ id: UUID) -> Caller? { callers.first { $0.id == id } }
    package func member(_ id: Int64) -> Member? { members.first { $0.userID == id } }

    /// How long a caller who came now would wait, as far as the newest answers tell; nil before the first.
    package var estimatedWait: Duration? {
        recentWaits.isEmpty ? nil : recentWaits.reduce(.zero, +) / recentWaits.count
    }

    /// Whether somebody is there who can take a call now or after the present one.
    package var isStaffed: Bool { members.contains { !$0.isPaused && ($0.isOnline || $0.engagement == .talking) } }

    mutating func change(_ id: UUID, _ change: (inout Caller) -> Void) {
        guard let index = callers.firstIndex(where: { $0.id == id }) else { return }
        change(&callers[index])
    }

    mutating func change(_ id: Int64, _ change: (inout Member) -> Void) {
        guard let index = members.firstIndex(where: { $0.userID == id }) else { return }
        change(&members[index])
    }

    mutating func stopRinging(_ id: UUID) {
        for index in members.indices where members[index].ring?.caller == id { members[index].ring = nil }
    }
}
