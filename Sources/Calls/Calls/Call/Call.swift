package import CallModel
import Media
import Reactor
import SDP
import SIPEndpoint
import Telemetry
import Wire

/// Performs one call: feeds its machine (`LiveCall`) what happens and carries out what the machine decides.
///
/// It lives on the control loop with the manager, the SIP endpoint and the sessions. Inputs come in turns of their own
/// (`post`), so that an effect never runs inside the call that caused it.
package actor Call {
    nonisolated let loop: any EventLoop
    nonisolated package var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    /// The call's number, the same as in its record; media legs of one number share a worker.
    nonisolated let number: Int64
    nonisolated let uuid: UUID

    unowned let manager: CallManager
    private(set) var logger: Logger
    var live: LiveCall { didSet { beFoundByUsers() } }
    var links = PerLeg<LegLink>()
    /// Users whose pages were shown the call.
    var offeredTo: [Int64] = [] { didSet { beFoundByUsers() } }
    /// It is among the live calls.
    private(set) var isListed = false
    /// Users for whom the manager keeps it at hand.
    var foundBy: [Int64] = []
    /// What the queues were last told of what users do here.
    var engagements: [Int64: Engagement] = [:]
    /// What was dialled, for legs behind the trunk.
    let target: String
    let callerIdentity: CallerIdentity
    /// What is left of the caller's Max-Forwards, so that exchanges which call each other do not do so for ever.
    let maxForwards: UInt8
    /// Who sent the caller here, for the callees (RFC 3892).
    let referredBy: String?
    /// Of the call's own span, or else of the request that made it, if one did (W3C Trace Context).
    let traceParent: String?
    /// Nil: the call is not recorded.
    var trace: CallTrace?
    /// The leg that asked for the transfer under way by REFER, and is told how it goes.
    var referrer: LegID?
    var transfers = TransferLog()
    /// What the telephone network said on the leg that ended (ITU-T Q.850), for the others.
    var networkCause: Int?
    var recording: CallRecording?
    var recordingsMade = 0
    /// The recording of its conference hears its legs.
    var isInRecordedConference = false
    var stream: CallStream?
    /// Announcements that are being heard.
    var plays: [AnnouncementID: Play] = [:]
    var lastAnnouncement: UInt64 = 0
    var playTurns = PlayTurns()
    private var deadlineTimer: LoopTimer?
    private var armedFor = Instant.never
    var quality = QualityWatch()
    var entropy: Entropy

    init(manager: CallManager, services: CallServices, record: CallRecord, plan: CallPlan, setup: CallSetup) {
        self.manager = manager
        loop = services.loop
        number = record.id
        uuid = record.uuid
        target = setup.target
        callerIdentity = setup.identity
        maxForwards = setup.maxForwards
        referredBy = setup.referredBy
        entropy = services.loop.makeEntropy()
        logger = services.logger.with(LogField("callId", record.uuid))
        let trace = services.tracer.flatMap {
            CallTrace($0, record, parent: setup.traceParent ?? TraceContext.parent, at: services.loop.now)
        }
        traceParent = trace?.traceParent ?? setup.traceParent ?? TraceContext.parent
        self.trace = trace
        live = LiveCall(record: record, plan: plan, timing: services.timing, now: services.loop.now)
    }

    package var record: CallRecord { live.record }
    /// The manager's: a copy in each of thousands of calls would be the largest part of them.
    nonisolated var services: CallServices { manager.services }

    /// It is among the live calls now, or no more; answers whom it was kept at hand for.
    func setListed(_ on: Bool) -> [Int64] {
        isListed = on
        beFoundByUsers()
        return foundBy
    }

    /// Queues an input for a turn of its own.
    nonisolated func post(_ input: CallInput) {
        loop.later { [weak self] in self?.assumeIsolated { $0.perform(input) } }
    }

    /// Reduces one input now and carries out what it causes; for commands that answer with the record as it became.
    func perform(_ input: CallInput) {
        if mustCallerWait { live.withholdCaller() }
        let effects = live.reduce(input, at: Moment(now: loop.now, wall: loop.wallTime))
        watchLegs()
        if let trace { note(input, effects, in: trace) }
        logger.debug("step", stepFields(input, effects))
        carryOut(effects)
        armDeadline()
        if manager.assumeIsolated({ $0.hasQueues }) { reportEngagements() }
    }

    private func armDeadline() {
        guard live.deadline != armedFor else { return }
        if let deadlineTimer { loop.cancel(deadlineTimer) }
        (deadlineTimer, armedFor) = (nil, live.deadline)
        guard live.deadline != .never else { return }
        deadlineTimer = loop.schedule(at: live.deadline) { [weak self] in
            self?.assumeIsolated { call in
                call.armedFor = .never
                call.perform(.deadline)
            }
        }
    }

    /// What is told right after the record is written reaches others with that write.
    private func carryOut(_ effects: [CallEffect]) {
        var published = 0
        for (place, effect) in effects.enumerated() {
            switch effect {
            case .record:
                let notices = effects[(place + 1)...].prefix { $0.notice != nil }.compactMap(\.notice)
                published = place + 1 + notices.count
                for event in writeRecord(telling: notices) { manager.announce(event) }
            case .notify where place < published: break
            default: carryOut(effect)
            }
        }
    }

    private func carryOut(_ effect: CallEffect) {
        switch effect {
        case .reach(let leg, let autoAnswer): reach(leg, autoAnswer: autoAnswer)
        case .ring(let leg): ring(leg)
        case .signal(let leg, let signal): self.signal(leg, signal)
        case .bridgeEarly(let caller, let callee): bridgeEarly(caller, callee)
        case .bridge(let first, let second): bridge(first, second)
        case .release(let leg, let cause): release(leg, cause)
        case .park(let leg, let music): park(leg, music: music)
        case .refer(let leg, let target): refer(leg, to: target)
        case .reportTransfer(let status): reportTransfer(status)
        case .entertain(let leg): entertain(leg)
        case .forget(let leg): forget(leg)
        case .tellQueue(let queue, let report): tellQueue(queue, report)
        case .record: writeRecord()
        case .notify(let notice): tell(notice)
        case .finish: finish()
        }
    }

    /// Answers what has then happened, to be announced.
    @discardableResult
    func writeRecord(telling notices: [CallNotice] = []) -> [CallEvent] {
        live.touch(at: loop.wallTime)
        let snapshot = CallSnapshot(live.record)
        let events = notices.map { event(.life($0), snapshot) }
        services.store.write(
            CallChange(snapshot, rows: legRows() + transferRows(notices) + events.flatMap(services.publish)))
        return events
    }

    // MARK: - What others are told

    /// `snapshot` is of the record as it is now, where there is one.
    func event(_ notice: CallEvent.Notice, _ snapshot: CallSnapshot? = nil) -> CallEvent {
        let queue = live.plan.queueName(in: live.phase, isAnswered: live.record.answeredAt != nil)
        return CallEvent(
            snapshot ?? CallSnapshot(live.record), notice, offeredTo: offeredTo, queue: queue, traceParent: traceParent)
    }

    func tell(_ notice: CallNotice) { tell(.life(notice)) }

    /// Tells of something that no write of the record goes with; `rows` are written in the same step.
    func tell(_ notice: CallEvent.Notice, with rows: [CallRow] = []) {
        let event = event(notice)
        let handedOn: [CallRow] = if case .life(let life) = notice { transferRows([life]) } else { [] }
        let all = rows + handedOn + services.publish(event)
        // Once the call is over its record may have been changed by others.
        let snapshot = live.phase == .over ? nil : event.snapshot
        if !all.isEmpty { services.store.write(CallChange(snapshot, rows: all)) }
        manager.announce(event)
    }

    private func finish() {
        stopRecording()
        endStream("call ended")
        if let timer = quality.timer { loop.cancel(timer) }
        quality.timer = nil
        manager.assumeIsolated { $0.forget(self) }
        // The line for everybody is the observers'; whoever follows this call alone reads here how it ended.
        logger.debug(
            "call is over",
            [
                LogField("state", live.record.state.rawValue),
                LogField("reason", live.record.endReason?.rawValue ?? ""),
                LogField("seconds", live.record.duration ?? 0),
            ])
    }

    /// Changes what people wrote about a call, and answers its record.
    func edit(userID: Int64?, rows: [CallRow], _ change: @Sendable (inout CallRecord) -> Void) -> CallRecord {
        let before = live.record
        live.edit(change)
        let notice = CallEvent.Notice.edited(userID: userID, changesNotes: live.record.notes != before.notes)
        live.touch(at: loop.wallTime)
        let event = event(notice)
        let more = live.record.tagRows(since: before) + services.publish(event)
        services.store.write(CallChange(event.snapshot, rows: legRows() + rows + more))
        manager.announce(event)
        return live.record
    }

    /// Whether every line about this call is written, whatever the level is.
    func setDebug(_ on: Bool) { logger = logger.writing(from: on ? .trace : nil) }

    /// The link of a leg, made on first use.
    func link(_ id: LegID) -> LegLink? {
        if let link = links[id] { return link }
        guard let leg = live.legs[id] else { return nil }
        let mediaID = manager.assumeIsolated { $0.registerMedia(call: self, leg: id) }
        let link = LegLink(id: id, party: leg.party, mediaID: mediaID, sessionID: entropy.next())
        links[id] = link
        return link
    }

    func update(_ id: LegID, _ change: (LegLink) -> Void) {
        if let link = link(id) { change(link) }
    }
}

/// What a call is made with besides its record and plan.
struct CallSetup: Sendable {
    var target: String
    var identity: CallerIdentity
    var maxForwards: UInt8 = 70
    /// Who sent the caller here (RFC 3892).
    var referredBy: String?
    /// The trace it belongs to, where no request of a client says that.
    var traceParent: String?
}
