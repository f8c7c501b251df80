import CallModel
import Directory
import Reactor
import Telemetry
import Wire

/// Feeds the queues what happens and carries out what they decide.
extension CallManager {
    /// Whether calls need to tell what their users do.
    var hasQueues: Bool { !queues.isEmpty }

    // MARK: - Settings

    /// The directory has changed: queues follow it, and those who wait in them stay where they are.
    package func rosterChanged() {
        let settings = services.roster.current.queues
        guard settings != queues.settings else { return }
        let before = Dictionary(queues.settings.map { ($0.name, $0) }) { first, _ in first }
        let wasEmpty = queues.isEmpty
        queues.settings = settings
        for queue in settings where queues.machines[queue.name]?.isClosed ?? true { open(queue) }
        for queue in settings where before[queue.name].map({ $0 != queue }) ?? false {
            feedQueue(queue.name, .configured(queue))
        }
        let names = Set(settings.map(\.name))
        for name in queues.machines.keys.sorted() where !names.contains(name) { feedQueue(name, .closed) }
        if wasEmpty { learnEngagements() }
        for name in names { refreshMembers(of: name) }
        noteDay()
    }

    private func open(_ queue: CallQueue) {
        queues.machines[queue.name] = QueueMachine(queue, timing: services.queueTiming, now: loop.now)
        tellChange(of: queue.name)
    }

    /// What goes on was not followed while there was no queue.
    private func learnEngagements() {
        queues.forgetEngagements()
        for case .call(let call) in calls.values { call.assumeIsolated { $0.reportEngagements() } }
    }

    /// Tells a queue what its members do at present.
    func refreshMembers(of name: String) {
        guard let machine = queues.machines[name] else { return }
        for member in machine.members {
            let (isOnline, engagement) = (isReachable(member.userID), queues.engagement(of: member.userID))
            if member.isOnline != isOnline { feedQueue(name, .online(member.userID, isOnline)) }
            if member.engagement != engagement { feedQueue(name, .engaged(member.userID, engagement)) }
        }
    }

    private func isReachable(_ userID: Int64) -> Bool {
        services.roster.current.users[userID]?.status != .inactive && !devices(ofUser: userID).isEmpty
    }

    // MARK: - What happens to members

    /// A page was opened or closed, or a phone registered or went.
    func reachabilityChanged(of userID: Int64) {
        guard hasQueues else { return }
        let isOnline = isReachable(userID)
        for name in queues.queues(of: userID) where queues.machines[name]?.member(userID)?.isOnline != isOnline {
            feedQueue(name, .online(userID, isOnline))
        }
    }

    func engaged(_ userID: Int64, _ engagement: Engagement, in call: UUID) {
        let before = queues.engagement(of: userID)
        queues.note(engagement, of: userID, in: call)
        guard queues.engagement(of: userID) != before else { return }
        for name in queues.queues(of: userID) {
            // Asked anew for each: the queue before may ring the member already.
            feedQueue(name, .engaged(userID, queues.engagement(of: userID)))
        }
    }

    // MARK: - Feeding

    func feedQueue(_ name: String, _ input: QueueInput) {
        guard var machine = queues.machines[name] else { return }
        let decisions = machine.reduce(input, at: loop.now)
        queues.machines[name] = machine.isClosed && machine.callers.isEmpty ? nil : machine
        reserve(decisions, for: name)
        for decision in decisions { carryOut(decision, of: name, machine) }
        tellChange(of: name)
        if queues.machines[name] == nil { announce(QueueEvent.removed(queue: name)) }
        armQueueTimer()
    }

    /// The other queues know at once whom this one rings, long before the phones do.
    private func reserve(_ decisions: [QueueDecision], for name: String) {
        for case .offer(let caller, let members) in decisions {
            for member in members {
                queues.note(max(.ringing, queues.engagement(of: member)), of: member, in: caller)
                for other in queues.queues(of: member) where other != name { queues.machines[other]?.occupy(member) }
            }
        }
    }

    private func carryOut(_ decision: QueueDecision, of name: String, _ machine: QueueMachine) {
        switch decision {
        case .welcome(let caller): order(.welcome, caller, of: name)
        case .offer(let caller, let members): offer(caller, to: members, of: name)
        case .withdraw(let caller, let members): order(.withdraw(members), caller, of: name)
        case .overflow(let caller, let reason):
            services.logger.info(
                "queue sends a caller on",
                [LogField("queue", name), LogField("callId", caller), LogField("why", reason.rawValue)])
            order(.leave(to: exit(machine.queue.overflow, from: queuesSeen(by: caller))), caller, of: name)
        case .moved(let caller, let position):
            guard let record = liveRecord(.uuid(caller)), let waiting = machine.caller(caller) else { return }
            announce(
                .moved(
                    QueuePlace(
                        queue: name, record: record, position: position, waited: loop.now - waiting.enteredAt,
                        estimatedWait: machine.estimatedWait)))
        case .outcome(_, let outcome, let waited): announce(.ended(queue: name, outcome, waited: waited))
        }
    }

    private func queuesSeen(by caller: UUID) -> Set<String> {
        guard case .call(let call) = calls[caller] else { return [] }
        return call.assumeIsolated { $0.live.queuesSeen }
    }

    private func order(_ order: QueueOrder, _ caller: UUID, of name: String) {
        guard case .call(let call) = calls[caller] else { return }
        call.post(.queue(name, order))
    }

    /// Rings the devices of members; afterwards what was reserved gives way to what is.
    private func offer(_ caller: UUID, to members: [Int64], of name: String) {
        let rung = members.map { (member: $0, parties: devices(ofUser: $0)) }
        order(.offer(rung.flatMap(\.parties)), caller, of: name)
        loop.later { [weak self] in
            self?.assumeIsolated { manager in
                for (member, parties) in rung {
                    manager.engaged(member, manager.engagement(of: member, in: caller), in: caller)
                    if parties.isEmpty { manager.feedQueue(name, .refused(caller, by: member)) }
                }
            }
        }
    }

    private func engagement(of user: Int64, in caller: UUID) -> Engagement {
        guard case .call(let call) = calls[caller] else { return .free }
        return call.assumeIsolated { $0.live.engagements[user] ?? .free }
    }

    private func armQueueTimer() {
        if let timer = queues.timer { loop.cancel(timer) }
        queues.timer = nil
        let next = queues.nextDeadline
        guard next != .never else { return }
        queues.timer = loop.schedule(at: next) { [weak self] in
            self?.assumeIsolated { manager in
                manager.queues.timer = nil
                let due = manager.queues.machines.filter { $0.value.nextDeadline <= manager.loop.now }
                for name in due.keys.sorted() { manager.feedQueue(name, .deadline) }
                manager.armQueueTimer()
            }
        }
    }

    // MARK: - Telling

    private func announce(_ event: QueueEvent) {
        loop.later { [weak self] in
            self?.assumeIsolated { manager in
                for observer in manager.observers { observer.queueChanged(event) }
            }
        }
    }

    /// Changes within a moment are told as one.
    private func tellChange(of name: String) {
        queues.changed.insert(name)
        guard !queues.isTelling else { return }
        queues.isTelling = true
        loop.schedule(after: .milliseconds(100)) { [weak self] in
            self?.assumeIsolated { manager in
                let changed = manager.queues.changed
                (manager.queues.isTelling, manager.queues.changed) = (false, [])
                for name in changed.sorted() {
                    if let status = manager.queueStatus(named: name) { manager.announce(.updated(status)) }
                }
            }
        }
    }

    /// The figures are of one day.
    private func noteDay() {
        let today = services.day(loop.wallTime)
        guard queues.day != today else { return }
        let isFirst = queues.day == nil
        queues.day = today
        guard !isFirst else { return }
        for name in queues.machines.keys.sorted() { feedQueue(name, .newDay) }
    }

    // MARK: - Looking

    /// Every queue as it is now, by name.
    package func queueStatuses() -> [QueueStatus] {
        rosterChanged()
        return queues.machines.keys.sorted().compactMap(queueStatus)
    }

    package func queueStatus(named name: String) -> QueueStatus? {
        noteDay()
        guard let machine = queues.machines[name] else { return nil }
        let rings = Dictionary(grouping: machine.members.filter { $0.ring != nil }) { $0.ring?.caller }
        let lined = machine.callers.filter { $0.stage != .leaving }
        let waiting = zip(1..., lined).compactMap { position, caller -> QueueStatus.Waiting? in
            guard let record = liveRecord(.uuid(caller.id)) else { return nil }
            return QueueStatus.Waiting(
                record: record, position: position, waited: loop.now - caller.enteredAt,
                ringing: rings[caller.id]?.map(\.userID) ?? [])
        }
        let members = machine.members.map { member in
            QueueStatus.Member(
                userID: member.userID, state: member.state, pauseReason: member.pauseReason,
                isPaused: member.isPaused, answered: member.answered)
        }
        return QueueStatus(
            queue: machine.queue, waiting: waiting, members: members, figures: machine.figures,
            estimatedWait: machine.estimatedWait)
    }
}
