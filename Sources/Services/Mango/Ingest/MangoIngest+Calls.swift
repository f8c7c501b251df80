import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Telemetry
import Wire

/// Events about calls: what they make of the record, and what they are answered.
extension MangoIngest {
    func take(_ event: MangoCallEvent, _ delivery: MangoDelivery) async throws(StoreError) -> Outcome {
        warnOfShift(event.timestamp, delivery.receivedAt)
        guard let tracked = try await entry(of: delivery) else { return Outcome(reply: .tooMany, isApplied: false) }
        let isNewest = add(delivery, to: tracked)
        note(delivery.payload, of: delivery.event, isNewest: isNewest, in: tracked)
        keepForAWhile(tracked)
        let record = try await apply(tracked)
        endIfUnwanted(record)
        if let url = event.recordURL, event.state == .disconnected { try await keepRecording(url, event, record) }
        let row = event.location == .ivr ? nil : tracked.entry.row(of: event, data: delivery.payload)
        return Outcome(reply: reply(to: event, tracked, record), isApplied: isNewest, row: row)
    }

    func take(_ summary: MangoSummary, _ delivery: MangoDelivery) async throws(StoreError) -> Outcome {
        guard let tracked = try await entry(of: delivery) else { return Outcome(reply: .tooMany, isApplied: false) }
        let isNewest = add(delivery, to: tracked)
        note(delivery.payload, of: delivery.event, isNewest: isNewest, in: tracked)
        keepForAWhile(tracked)
        if tracked.uuid == nil, let facts = tracked.entry.facts { try await adopt(facts, summary, into: tracked) }
        let record = try await apply(tracked)
        guard let facts = tracked.entry.facts else { return Outcome(reply: .tooMany, isApplied: false) }
        guard record?.operatorID != nil else { return Outcome(reply: .noOperator, isApplied: isNewest) }
        let status = CallView.records.status(facts.state, facts.direction)
        return Outcome(
            reply: .ended("Summary processed", summary.entryID, status: status, duration: facts.duration),
            isApplied: isNewest)
    }

    /// Takes over a call whose legs never named the entry: the same client on the same line at the same time.
    private func adopt(_ facts: MangoCallFacts, _ summary: MangoSummary, into tracked: TrackedEntry)
        async throws(StoreError)
    {
        guard let created = summary.createdAt, !facts.clientNumber.isEmpty else { return }
        let (client, line) = (facts.clientNumber, facts.lineNumber)
        let around = (from: created + .seconds(-10), through: created + .seconds(10))
        let found = try await services.store.call(
            client: client, line: line, from: around.from, through: around.through)
        guard let found else { return }
        // Its legs, if they are still in memory, belong to this entry from now on.
        if let callID = found.callID, let other = byCall[callID], other !== tracked { moveLegs(of: other, to: tracked) }
        tracked.uuid = found.uuid
    }

    private func moveLegs(of other: TrackedEntry, to tracked: TrackedEntry) {
        tracked.entry.takeLegs(of: other.entry)
        tracked.recordURL = tracked.recordURL ?? other.recordURL
        for id in other.callIDs {
            byCall[id] = tracked
            tracked.callIDs.insert(id)
        }
        other.callIDs = []
        drop(other.id)
    }

    /// The vendor's clock is said to be three hours ahead of UTC; what comes like that is told.
    private func warnOfShift(_ timestamp: WallTime, _ received: WallTime) {
        let shift = abs(timestamp.milliseconds - received.milliseconds) / 60_000
        guard (150...210).contains(shift) else { return }
        services.logger.warn("an event's time is about three hours off", [LogField("minutes", shift)])
    }

    // MARK: - The record

    /// Brings the record up to what the events say; answers it as it is now.
    private func apply(_ tracked: TrackedEntry) async throws(StoreError) -> CallRecord? {
        guard let facts = tracked.entry.facts else { return nil }
        if tracked.uuid == nil { tracked.uuid = takeExpected(facts) }
        if tracked.uuid == nil { return await create(tracked, facts) }
        if let live = update(tracked) { return live }
        return try await correct(tracked, facts)
    }

    private func create(_ tracked: TrackedEntry, _ facts: MangoCallFacts) async -> CallRecord? {
        begin(tracked, facts, await newContext(tracked, facts))
    }

    private func begin(_ tracked: TrackedEntry, _ facts: MangoCallFacts, _ context: MangoContext) -> CallRecord? {
        let entry = tracked.entry
        let record = services.calls.assumeIsolated { calls in
            try? calls.mirror(facts.direction, rows: { entry.rows(ofCall: $0.id) }) { facts.fill(&$0, context) }
        }
        tracked.uuid = record?.uuid
        if record == nil { services.logger.warn("too many live calls; one of the exchange is not shown") }
        armGrace(tracked)
        return record
    }

    /// Brings a live record up to date; nil when there is none.
    @discardableResult
    private func update(_ tracked: TrackedEntry) -> CallRecord? {
        guard let uuid = tracked.uuid, let facts = tracked.entry.facts else { return nil }
        let (context, entry) = (context(tracked, facts), tracked.entry)
        let record = services.calls.assumeIsolated { calls in
            calls.mirror(uuid, rows: { entry.rows(ofCall: $0.id) }) { facts.fill(&$0, context) }
        }
        if record != nil { armGrace(tracked) }
        return record
    }

    /// Mends what is written about a call that is over.
    private func correct(
        _ tracked: TrackedEntry, _ facts: MangoCallFacts
    ) async throws(StoreError) -> CallRecord? {
        guard let uuid = tracked.uuid, facts.state.isTerminal else { return try await written(tracked) }
        var context = context(tracked, facts)
        context.isOver = true
        let (entry, known) = (tracked.entry, context)
        guard let before = try await written(tracked) else { return nil }
        let rows = entry.rows(ofCall: before.id)
        let (now, calls) = (services.loop.wallTime, services.calls)
        let event: @Sendable (CallRecord) -> CallEvent = {
            CallEvent(record: $0, notice: .filed(isNew: false), offeredTo: [])
        }
        let after = try await services.callStore.edit(
            .uuid(uuid), rows: rows, at: now,
            following: { $0.isSame(as: before) ? [] : calls.publications(of: event($0)) },
            { facts.fill(&$0, known) })
        guard let after else { return before }
        if !after.isSame(as: before) { calls.announce(event(after)) }
        return after
    }

    private func written(_ tracked: TrackedEntry) async throws(StoreError) -> CallRecord? {
        guard let uuid = tracked.uuid else { return nil }
        return try await services.callStore.call(.uuid(uuid))
    }

    /// Waits for another leg after the last one; the summary waits for nothing.
    private func armGrace(_ tracked: TrackedEntry) {
        if let timer = tracked.graceTimer { loop.cancel(timer) }
        tracked.graceTimer = nil
        guard tracked.entry.isOver, !tracked.entry.hasSummary, !tracked.isGraceOver else {
            if !tracked.entry.isOver { tracked.isGraceOver = false }
            return
        }
        let id = tracked.id
        tracked.graceTimer = loop.schedule(after: MangoEntry.grace) { [weak self] in
            self?.assumeIsolated { $0.graceOver(id) }
        }
    }

    private func graceOver(_ id: Int) {
        guard let tracked = tracked(id), tracked.entry.isOver else { return }
        tracked.isGraceOver = true
        update(tracked)
    }

    // MARK: - What goes with it

    private func context(_ tracked: TrackedEntry, _ facts: MangoCallFacts) -> MangoContext {
        let isOver = tracked.entry.hasSummary || (tracked.entry.isOver && tracked.isGraceOver)
        var context = MangoContext(isOver: isOver)
        let roster = services.roster.current
        context.person = OperatorSearch(roster: roster, defaultID: settings.defaultOperatorID).person(at: facts.house)
        context.line =
            facts.lineNumber.flatMap { roster.line(number: $0) }
            ?? (facts.direction == .incoming ? facts.house.number.flatMap { roster.line(number: $0) } : nil)
        (context.data, context.recordURL) = (tracked.data, tracked.recordURL)
        return context
    }

    private func newContext(_ tracked: TrackedEntry, _ facts: MangoCallFacts) async -> MangoContext {
        var context = context(tracked, facts)
        let client = PhoneNumber(facts.clientNumber)
        context.company = (try? await services.userStore.company(phone: client)) ?? nil
        if context.person == nil { context.keeper = await keeper(context.line) }
        return context
    }

    /// Of the operators of the line's city the one with the fewest calls today, else whoever is left.
    private func keeper(_ line: PhoneLine?) async -> User? {
        let search = OperatorSearch(roster: services.roster.current, defaultID: settings.defaultOperatorID)
        guard let city = line?.city else { return search.anybody }
        let people = search.operators(ofCity: city)
        guard people.count > 1 else { return people.first ?? search.anybody }
        var query = CallQuery()
        query.startedFrom = services.dayStart(loop.wallTime)
        let today = query
        let tallies = (try? await services.callStore.tallies(matching: today, byPerson: true)) ?? []
        let counts = tallies.reduce(into: [Int64: Int]()) { counts, tally in
            if let id = tally.operatorID { counts[id, default: 0] += tally.calls }
        }
        return people.min { (counts[$0.id] ?? 0, $0.id) < (counts[$1.id] ?? 0, $1.id) }
    }

    // MARK: - The answer

    private func reply(to event: MangoCallEvent, _ tracked: TrackedEntry, _ record: CallRecord?) -> MangoReply {
        if event.location == .ivr { return .menu }
        guard record?.operatorID != nil else { return .noOperator }
        switch event.state {
        case .appeared: return MangoReply("Call appeared")
        case .connected: return .called("Call connected", event.callID)
        case .onHold: return .called("Call on hold", event.callID)
        case .disconnected:
            let ending = tracked.entry.ending(ofLeg: event.callID)
            return .ended("Call disconnected", event.callID, status: ending.status, duration: ending.duration)
        }
    }
}

extension CallRecord {
    /// Whether two states of a record say the same, whatever their version.
    fileprivate func isSame(as other: CallRecord) -> Bool {
        var copy = self
        (copy.version, copy.updatedAt) = (other.version, other.updatedAt)
        return copy == other
    }
}

extension MangoEntry {
    /// How a leg ended, in document 000's words: the whole call when that is over, else the leg alone.
    fileprivate func ending(ofLeg callID: String) -> (status: String?, duration: Int) {
        guard let facts else { return (nil, 0) }
        if isOver { return (CallView.records.status(facts.state, facts.direction), facts.duration) }
        guard let leg = legs.first(where: { $0.callID == callID }) else { return (nil, 0) }
        if leg.answeredAt != nil { return ("answered", leg.duration) }
        let state = DisconnectReason.ending(leg.end?.reason, isIncoming: facts.direction == .incoming).state
        return (CallView.records.status(state, facts.direction), 0)
    }

    /// Document 001's row of a leg.
    fileprivate func row(of event: MangoCallEvent, data: String) -> MangoRow? {
        guard let facts, let leg = legs.first(where: { $0.callID == event.callID }) else { return nil }
        let status: MangoRow.Status = leg.end != nil ? .completed : leg.answeredAt != nil ? .answered : .started
        let isIncoming = facts.direction == .incoming
        var row = MangoRow(
            callID: event.callID, phoneNumber: facts.clientNumber, isIncoming: isIncoming, status: status, data: data)
        row.duration = leg.end == nil ? nil : leg.duration
        row.recordURL = leg.fact(\.recordURL)
        return row
    }
}
