package import CallModel
package import Calls
package import Directory
package import Reactor
package import Telemetry
package import Wire

/// An event on its way in, read and admitted.
package struct MangoDelivery: Sendable {
    package var event: MangoEvent
    /// JSON text, without the keys of the account.
    package var payload: String
    /// SHA-256 of the body, for events that nothing else tells apart.
    package var digest: String
    package var remoteIP: String
    /// Nil: it was not signed, or cannot be checked.
    package var isSignatureGood: Bool?
    package var receivedAt: WallTime
}

/// What the ingest works with.
package struct MangoServices: Sendable {
    package let loop: any EventLoop
    package let calls: CallManager
    package let callStore: any CallStore
    package let userStore: any UserStore
    package let store: any MangoStore
    package let backlog: any MangoBacklog
    package let roster: RosterBox
    package let logger: Logger
    /// When the day of a moment began, for counting today's calls.
    package let dayStart: @Sendable (WallTime) -> WallTime
    /// Nil: nothing is traced.
    package var tracer: Tracer?

    package init(
        loop: any EventLoop, calls: CallManager, callStore: any CallStore, userStore: any UserStore,
        store: any MangoStore, backlog: any MangoBacklog, roster: RosterBox, logger: Logger,
        dayStart: @escaping @Sendable (WallTime) -> WallTime
    ) {
        (self.loop, self.calls, self.callStore, self.userStore) = (loop, calls, callStore, userStore)
        (self.store, self.backlog, self.roster) = (store, backlog, roster)
        (self.logger, self.dayStart) = (logger, dayStart)
    }
}

/// Takes the exchange's events, one after the other, and makes calls of them.
///
/// Each is written down before anything follows from it. What is in memory can be made again from what is written, so a
/// restart loses nothing.
package actor MangoIngest {
    nonisolated let services: MangoServices
    nonisolated let settings: MangoSettings
    package nonisolated var unownedExecutor: UnownedSerialExecutor { services.loop.asUnownedSerialExecutor() }
    var loop: any EventLoop { services.loop }

    private var entries: [Int: TrackedEntry] = [:]
    private var lastID = 0
    /// Calls that a command is to make, by its id.
    var expected: [String: UUID] = [:]
    /// Those of them that were hung up before they began.
    var unwanted: Set<UUID> = []
    var byEntry: [String: TrackedEntry] = [:]
    var byCall: [String: TrackedEntry] = [:]
    private var isBusy = false
    private var waiting = FIFO<CheckedContinuation<Void, Never>>()
    private var lastTrim: Instant?
    /// Events that the store has not taken yet.
    var postponed = PostponedEvents()
    /// What entries said of events that came to nothing then, by their keys: whether they were new.
    private var unfinished: [String: Bool] = [:]
    /// Called when a recording may be due.
    var recordingsChanged: @Sendable () -> Void = {}

    /// Events that wait for those before them.
    private static let maximumWaiting = 1000
    static let maximumEntries = 20_000
    private static let maximumUnfinished = 10_000
    /// How long an entry that is over, and one that is not, is kept in memory after its last event.
    private static let lifeAfterEnd = Duration.seconds(600)
    private static let longestLife = Duration.seconds(24 * 3600)
    /// Events that are kept in the store at most, and for how long.
    private static let maximumStored = 1_000_000
    private static let storedLife: Int64 = 90 * 24 * 3_600_000  // milliseconds
    private static let trimInterval = Duration.seconds(3600)

    package init(_ services: MangoServices, _ settings: MangoSettings) {
        (self.services, self.settings) = (services, settings)
    }

    package func setRecordingsChanged(_ tell: @escaping @Sendable () -> Void) { recordingsChanged = tell }

    /// What became of a delivery; `isRepeated`: a copy of it came before.
    package struct Result: Sendable {
        package let reply: MangoReply
        package let isRepeated: Bool
    }

    /// Takes one event; nil when it is to come again: too many wait, or nothing takes it.
    package func receive(_ delivery: MangoDelivery) async -> Result? {
        guard waiting.count < Self.maximumWaiting else { return nil }
        await enter()
        defer { leave() }
        // Behind those that wait it waits, too.
        return postponed.count == 0 ? await take(delivery) : await postpone(delivery)
    }

    private func take(_ delivery: MangoDelivery) async -> Result? {
        var kept: KeptMangoEvent?
        do throws(StoreError) {
            kept = try await services.store.keep(StoredMangoEvent(delivery))
        } catch {
            if case .unavailable = error { return await postpone(delivery) }
            // Calls go on, and the event is dealt with all the same.
            services.logger.error("an event of the exchange cannot be stored", [LogField("reason", "\(error)")])
        }
        if let kept, kept.isKnown, let reply = kept.reply.flatMap(MangoReply.init(json:)) {
            return Result(reply: reply, isRepeated: true)
        }
        trimIfDue()
        return await deal(with: delivery, kept)
    }

    private func deal(with delivery: MangoDelivery, _ kept: KeptMangoEvent?) async -> Result? {
        let outcome: Outcome
        do throws(StoreError) {
            outcome = try await process(delivery)
        } catch {
            if case .unavailable = error { return await postpone(delivery) }
            services.logger.error("what follows from an event cannot be stored", [LogField("reason", "\(error)")])
            return nil
        }
        do throws(StoreError) {
            if let kept { try await conclude(kept.id, outcome) }
        } catch {
            if case .unavailable = error { return await postpone(delivery, outcome) }
            services.logger.warn("what came of an event cannot be stored", [LogField("reason", "\(error)")])
        }
        return Result(reply: outcome.reply, isRepeated: false)
    }

    func conclude(_ id: Int64, _ outcome: Outcome) async throws(StoreError) {
        let stored = MangoEventOutcome(
            isApplied: outcome.isApplied, error: outcome.reply.isSuccess ? nil : outcome.reply.message,
            reply: outcome.reply.json.text)
        try await services.store.conclude(id, stored, outcome.row)
    }

    /// What came of an event.
    struct Outcome {
        var reply: MangoReply
        var isApplied = true
        var row: MangoRow?
    }

    /// Keeps the events in the store from growing without end; nobody waits for it.
    private func trimIfDue() {
        let now = loop.now
        if let lastTrim, now - lastTrim < Self.trimInterval { return }
        lastTrim = now
        Task { await trim() }
    }

    private func trim() async {
        let oldest = WallTime(milliseconds: loop.wallTime.milliseconds - Self.storedLife)
        do throws(StoreError) {
            try await services.store.trimEvents(to: Self.maximumStored, since: oldest)
        } catch {
            services.logger.warn("old events of the exchange cannot be removed", [LogField("reason", "\(error)")])
        }
    }

    func process(_ delivery: MangoDelivery) async throws(StoreError) -> Outcome {
        let outcome = try await consequences(of: delivery)
        unfinished[delivery.dedupeKey] = nil
        return outcome
    }

    /// Adds an event to its entry; answers whether it was new when it was first tried.
    func add(_ delivery: MangoDelivery, to tracked: TrackedEntry) -> Bool {
        let isNewest = tracked.entry.add(delivery.event)
        if let former = unfinished[delivery.dedupeKey] { return former }
        if unfinished.count < Self.maximumUnfinished { unfinished[delivery.dedupeKey] = isNewest }
        return isNewest
    }

    private func consequences(of delivery: MangoDelivery) async throws(StoreError) -> Outcome {
        switch delivery.event {
        case .call(let event): try await take(event, delivery)
        case .summary(let summary): try await take(summary, delivery)
        case .recording(let event): try await take(event)
        case .noted(let note):
            switch note.kind {
            case .ping: Outcome(reply: .pong)
            case .other: Outcome(reply: .legacy)
            case .tagged, .dtmf, .sms, .result: Outcome(reply: .noted)
            }
        }
    }

    // MARK: - One after the other

    func enter() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        if let next = waiting.popFirst() { next.resume() } else { isBusy = false }
    }

    // MARK: - Entries

    /// The entry of an event: in memory, or made again from what is stored; nil when there are too many.
    ///
    /// A call that begins is shown also while nothing can be read of it.
    func entry(of delivery: MangoDelivery) async throws(StoreError) -> TrackedEntry? {
        let (entryID, callID) = (delivery.event.entryID, delivery.event.callID)
        if let known = entryID.flatMap({ byEntry[$0] }) ?? callID.flatMap({ byCall[$0] }) {
            index(known, entryID, callID)
            return known
        }
        guard entries.count < Self.maximumEntries else { return nil }
        lastID += 1
        let tracked = TrackedEntry(id: lastID)
        entries[lastID] = tracked
        index(tracked, entryID, callID)
        do throws(StoreError) {
            try await restore(tracked, except: delivery.dedupeKey)
        } catch {
            guard delivery.event.beginsCall else {
                drop(tracked.id)
                throw error
            }
        }
        return tracked
    }

    private func index(_ tracked: TrackedEntry, _ entryID: String?, _ callID: String?) {
        if let entryID, byEntry[entryID] == nil {
            byEntry[entryID] = tracked
            tracked.entryIDs.insert(entryID)
        }
        if let callID, byCall[callID] == nil {
            byCall[callID] = tracked
            tracked.callIDs.insert(callID)
        }
    }

    private func restore(_ tracked: TrackedEntry, except key: String) async throws(StoreError) {
        let (entryID, callIDs) = (tracked.entryIDs.first, Array(tracked.callIDs))
        for stored in try await services.store.events(entryID: entryID, callIDs: callIDs) where stored.dedupeKey != key
        {
            guard let event = MangoEvent(stored) else { continue }
            note(stored.payload, of: event, isNewest: tracked.entry.add(event), in: tracked)
            index(tracked, event.entryID, event.callID)
        }
        let names = Array(tracked.callIDs)
        tracked.uuid = try await services.store.call(entryID: entryID, callIDs: names)?.uuid
        tracked.isGraceOver = tracked.entry.isOver
    }

    /// Keeps the payload of the event that says most: the summary, else the newest.
    func note(_ payload: String, of event: MangoEvent, isNewest: Bool, in tracked: TrackedEntry) {
        if case .call(let call) = event, let url = call.recordURL { tracked.recordURL = url }
        if case .summary = event {
            tracked.data = payload
        } else if tracked.data == nil || (isNewest && !tracked.entry.hasSummary) {
            tracked.data = payload
        }
    }

    func keepForAWhile(_ tracked: TrackedEntry) {
        if let timer = tracked.expiry { loop.cancel(timer) }
        let life = tracked.entry.isOver ? Self.lifeAfterEnd : Self.longestLife
        let id = tracked.id
        tracked.expiry = loop.schedule(after: life) { [weak self] in self?.assumeIsolated { $0.drop(id) } }
    }

    func tracked(_ id: Int) -> TrackedEntry? { entries[id] }

    func tracked(uuid: UUID) -> TrackedEntry? { entries.values.first { $0.uuid == uuid } }

    func drop(_ id: Int) {
        guard let tracked = entries.removeValue(forKey: id) else { return }
        if let timer = tracked.graceTimer { loop.cancel(timer) }
        for id in tracked.entryIDs { byEntry[id] = nil }
        for id in tracked.callIDs { byCall[id] = nil }
    }
}
