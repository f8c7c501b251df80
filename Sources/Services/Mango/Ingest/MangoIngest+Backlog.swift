import CallModel
import Directory
import Reactor
import Telemetry
import Wire

/// What is known of events that the store has not taken yet.
struct PostponedEvents {
    /// How many wait.
    var count = 0
    var isDrainScheduled = false
    /// How often the next one was refused for what it is.
    var refusals = 0
    /// How often it was not taken for another reason, while the store was there.
    var failures = 0
    /// What came of those that were dealt with in memory.
    private(set) var outcomes: [Int64: MangoIngest.Outcome] = [:]

    /// Beyond it, an event is dealt with anew.
    private static let maximumOutcomes = 10_000

    mutating func note(_ outcome: MangoIngest.Outcome, of number: Int64) {
        if outcomes.count < Self.maximumOutcomes { outcomes[number] = outcome }
    }

    mutating func finish(_ number: Int64) {
        outcomes[number] = nil
        (count, refusals, failures) = (max(0, count - 1), 0, 0)
    }
}

/// Events that come while the database server is away: kept here, dealt with as far as memory goes so that calls are
/// shown, and given to the store in their order when it is back.
///
/// An entry says the same whatever event of it comes again, so what was dealt with before a restart may be so once more.
extension MangoIngest {
    private static let drainInterval = Duration.seconds(1)
    /// What a row names may be written a moment after it.
    private static let maximumRefusals = 3
    /// How often one is tried in vain before it is told, and how often it is told again.
    private static let toldFailures = 60

    /// Takes up what an earlier run could not give to the store.
    package func start() async {
        do throws(StoreError) {
            try await services.backlog.retryParked()
            postponed.count = try await services.backlog.postponedCount()
        } catch {
            services.logger.error("events that wait cannot be read", [LogField("reason", "\(error)")])
        }
        scheduleDrain()
    }

    /// Keeps an event until the store takes it; nil when there is no place for it.
    ///
    /// `outcome`: what came of it, when it was dealt with already.
    func postpone(_ delivery: MangoDelivery, _ outcome: Outcome? = nil) async -> Result? {
        let kept: KeptMangoEvent
        do throws(StoreError) {
            kept = try await services.backlog.postpone(StoredMangoEvent(delivery))
        } catch {
            services.logger.error("an event cannot be kept for the database", [LogField("reason", "\(error)")])
            return nil
        }
        if kept.isKnown {
            guard let outcome = postponed.outcomes[kept.id] else {
                return Result(reply: .noted, isRepeated: true)
            }
            return Result(reply: outcome.reply, isRepeated: true)
        }
        postponed.count += 1
        scheduleDrain()
        guard let outcome = await attempted(outcome, delivery) else {
            return Result(reply: .noted, isRepeated: false)
        }
        postponed.note(outcome, of: kept.id)
        return Result(reply: outcome.reply, isRepeated: false)
    }

    private func attempted(_ outcome: Outcome?, _ delivery: MangoDelivery) async -> Outcome? {
        if let outcome { return outcome }
        do throws(StoreError) {
            return try await process(delivery)
        } catch {
            services.logger.debug("an event waits for the database", [LogField("reason", "\(error)")])
            return nil
        }
    }

    // MARK: - When the store is back

    private func scheduleDrain() {
        guard postponed.count > 0, !postponed.isDrainScheduled else { return }
        postponed.isDrainScheduled = true
        loop.schedule(after: Self.drainInterval) { [weak self] in self?.assumeIsolated { $0.beginDrain() } }
    }

    private func beginDrain() { Task { await drain() } }

    private func drain() async {
        while await giveNext() {}
        postponed.isDrainScheduled = false
        scheduleDrain()
    }

    /// Gives the store the event that has waited longest; false when none waits, or it has to wait on.
    private func giveNext() async -> Bool {
        await enter()
        defer { leave() }
        do throws(StoreError) {
            guard let next = try await services.backlog.nextPostponed() else {
                postponed.count = 0
                return false
            }
            return try await give(next.number, next.event)
        } catch {
            services.logger.debug("events wait on", [LogField("reason", "\(error)")])
            return false
        }
    }

    private func give(_ number: Int64, _ event: StoredMangoEvent) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            let kept = try await services.store.keep(event)
            if !kept.isKnown || kept.reply == nil { try await conclude(kept.id, try await outcome(of: event, number)) }
        } catch {
            if case .unavailable = error { return false }
            if error.isOfRow { return try await refused(number, event, error) }
            tellOfWaiting(event, error)
            return false
        }
        try await services.backlog.forgetPostponed(number)
        postponed.finish(number)
        if postponed.count == 0 { services.logger.info("the database has all events that waited") }
        return true
    }

    private func outcome(of event: StoredMangoEvent, _ number: Int64) async throws(StoreError) -> Outcome {
        if let outcome = postponed.outcomes[number] { return outcome }
        guard let delivery = MangoDelivery(event) else { return Outcome(reply: .noted, isApplied: false) }
        let outcome = try await process(delivery)
        postponed.note(outcome, of: number)
        return outcome
    }

    /// Nothing is given up for what may pass: a disk that is full, others in the way.
    private func tellOfWaiting(_ event: StoredMangoEvent, _ error: StoreError) {
        postponed.failures += 1
        guard postponed.failures % Self.toldFailures == 0 else { return }
        services.logger.error(
            "the database does not take an event, and those behind it wait, too",
            [LogField("event", event.dedupeKey), LogField("reason", "\(error)")])
    }

    /// One that is refused for what it is must not hold up the others.
    private func refused(_ number: Int64, _ event: StoredMangoEvent, _ error: StoreError) async throws(StoreError)
        -> Bool
    {
        postponed.refusals += 1
        guard postponed.refusals >= Self.maximumRefusals else { return false }
        services.logger.error(
            "the database refuses an event; it stays in the outbox until the next start",
            [LogField("event", event.dedupeKey), LogField("reason", "\(error)")])
        try await services.backlog.parkPostponed(number)
        postponed.finish(number)
        return true
    }
}

extension StoreError {
    /// Whether the row is at fault, and not the store.
    fileprivate var isOfRow: Bool {
        switch self {
        case .conflict, .unfit: true
        default: false
        }
    }
}
