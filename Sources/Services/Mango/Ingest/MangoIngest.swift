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
    package let roster: RosterBox
    package let logger: Logger
    /// When the day of a moment began, for counting today's calls.
    package let dayStart: @Sendable (WallTime) -> WallTime

    package init(
        loop: any EventLoop, calls: CallManager, callStore: any CallStore, userStore: any UserStore,
        store: any MangoStore, roster: RosterBox, logger: Logger, dayStart: @escaping @Sendable (WallTime) -> WallTime
    ) {
        (self.loop, self.calls, self.callStore, self.userStore) = (loop, calls, callStore, userStore)
        (self.store, self.roster, self.logger, self.dayStart) = (store, roster, logger, dayStart)
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
    var byEntry: [String: TrackedEntry] = [:]
    var byCall: [String: TrackedEntry] = [:]
    private var isBusy = false
    private var waiting = FIFO<CheckedContinuation<Void, Never>>()
    private var lastTrim: Instant?
    /// Called when a recording may be due.
    var recordingsChanged: @Sendable () -> Void = {}

    /// Events that wait for those before them.
    private static let maximumWaiting = 1000
    static let maximumEntries = 20_000
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

    /// Takes one event; nil when it is to come again: too many wait, or the store does not take what follows from it.
    package func receive(_ delivery: MangoDelivery) async -> Result? {
        guard waiting.count < Self.maximumWaiting else { return nil }
        await enter()
        defer { leave() }
        let kept = await keep(delivery)
        if let kept, kept.isKnown, let reply = kept.reply.flatMap(MangoReply.init(json:)) {
            return Result(reply: reply, isRepeated: true)
        }
        trimIfDue()
        let outcome: Outcome
        do throws(StoreError) {
            outcome = try await process(delivery)
        } catch {
            services.logger.error("what follows from an event cannot be stored", [LogField("reason", "\(error)")])
            return nil
        }
        if let kept {
            let stored = MangoEventOutcome(
                isApplied: outcome.isApplied, error: outcome.reply.isSuccess ? nil : outcome.reply.message,
                reply: outcome.reply.json.text)
            do throws(StoreError) {
                try await services.store.conclude(kept.id, stored, outcome.row)
            } catch {
                services.logger.warn("what came of an event cannot be stored", [LogField("reason", "\(error)")])
            }
        }
        return Result(reply: outcome.reply, isRepeated: false)
    }

    /// What came of an event.
    struct Outcome {
        var reply: MangoReply
        var isApplied = true
        var row: MangoRow?
    }

    /// Nil when the store does not take it: calls go on, and the event is dealt with all the same.
    private func keep(_ delivery: MangoDelivery) async -> KeptMangoEvent? {
        let event = delivery.event
        var stored = StoredMangoEvent(
            kind: event.kind, dialect: event.dialect.rawValue, dedupeKey: delivery.dedupeKey,
            payload: delivery.storedPayload, remoteIP: delivery.remoteIP, receivedAt: delivery.receivedAt)
        (stored.entryID, stored.callID, stored.sequence) = (event.entryID, event.callID, event.sequence)
        stored.isSignatureGood = delivery.isSignatureGood
        do throws(StoreError) {
            return try await services.store.keep(stored)
        } catch {
            services.logger.error("an event of the exchange cannot be stored", [LogField("reason", "\(error)")])
            return nil
        }
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

    private func process(_ delivery: MangoDelivery) async throws(StoreError) -> Outcome {
        switch delivery.event {
        case .call(let event): try await take(event, delivery)
        case .summary(let summary): try await take(summary, delivery)
        case .recording(let event): await take(event)
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
    func entry(of delivery: MangoDelivery) async -> TrackedEntry? {
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
        await restore(tracked, except: delivery.dedupeKey)
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

    private func restore(_ tracked: TrackedEntry, except key: String) async {
        let (entryID, callIDs) = (tracked.entryIDs.first, Array(tracked.callIDs))
        do throws(StoreError) {
            for stored in try await services.store.events(entryID: entryID, callIDs: callIDs)
            where stored.dedupeKey != key {
                guard let event = MangoEvent(stored) else { continue }
                note(stored.payload, of: event, isNewest: tracked.entry.add(event), in: tracked)
                index(tracked, event.entryID, event.callID)
            }
            let names = Array(tracked.callIDs)
            tracked.uuid = try await services.store.call(entryID: entryID, callIDs: names)?.uuid
            tracked.isGraceOver = tracked.entry.isOver
        } catch {
            services.logger.warn("stored events cannot be read", [LogField("reason", "\(error)")])
        }
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

extension MangoDelivery {
    /// Longest payload that is stored as it is, in bytes.
    private static let longestPayload = 64 << 10

    var dedupeKey: String { event.dedupeKey ?? "h:\(digest)" }

    /// Of what is too long the beginning, as a JSON string: that is no event any more, and can still be read by people.
    var storedPayload: String {
        guard payload.utf8.count > Self.longestPayload else { return payload }
        // Escapes may make it twice as long.
        return JSONValue.string(String(decoding: payload.utf8.prefix(Self.longestPayload / 2), as: UTF8.self)).text
    }
}

extension MangoEvent {
    /// Reads an event that was stored.
    init?(_ stored: StoredMangoEvent) {
        guard let object = (try? JSONValue(parsing: stored.payload))?.objectValue else { return nil }
        let path: MangoPath = stored.kind == "summary" ? .summary : stored.dialect == "json" ? .base : .call
        guard let event = try? MangoEvent(object, at: path, received: stored.receivedAt) else { return nil }
        self = event
    }
}
