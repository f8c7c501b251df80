import CallModel
import Directory
import Reactor
import Telemetry
import Wire

/// What is known of events that the store has not taken yet.
struct PostponedEvents {
    /// What came of one when it was dealt with in memory.
    enum Attempt {
        case done(MangoIngest.Outcome)
        /// The store had to be asked.
        case failed
    }

    /// How many wait.
    var count = 0
    var isDrainScheduled = false
    /// How often the next one was refused for what it is.
    var refusals = 0
    private(set) var attempts: [Int64: Attempt] = [:]

    /// Beyond it, an event is dealt with anew.
    private static let maximumAttempts = 10_000

    mutating func note(_ attempt: Attempt, of number: Int64) {
        if attempts.count < Self.maximumAttempts { attempts[number] = attempt }
    }

    mutating func finish(_ number: Int64) {
        attempts[number] = nil
        (count, refusals) = (max(0, count - 1), 0)
    }
}

/// Events that come while the database server is away: kept here, dealt with as far as memory goes so that calls are
/// shown, and given to the store in their order when it is back.
///
/// An entry says the same whatever event of it comes again, so what was dealt with before a restart may be so once more.
extension MangoIngest {
    private static let drainInterval = Duration.seconds(1)
    /// A refusal may pass, when it is the disk's and not the event's.
    private static let maximumRefusals = 20

    /// Takes up what an earlier run could not give to the store.
    package func start() async {
        do throws(StoreError) {
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
            guard case .done(let outcome)? = postponed.attempts[kept.id] else {
                return Result(reply: .noted, isRepeated: true)
            }
            return Result(reply: outcome.reply, isRepeated: true)
        }
        postponed.count += 1
        scheduleDrain()
        guard let outcome = await attempted(outcome, delivery) else {
            postponed.note(.failed, of: kept.id)
            return Result(reply: .noted, isRepeated: false)
        }
        postponed.note(.done(outcome), of: kept.id)
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
            return try await refused(number, event, error)
        }
        try await services.backlog.forgetPostponed(number)
        postponed.finish(number)
        if postponed.count == 0 { services.logger.info("the database has all events that waited") }
        return true
    }

    private func outcome(of event: StoredMangoEvent, _ number: Int64) async throws(StoreError) -> Outcome {
        if case .done(let outcome)? = postponed.attempts[number] { return outcome }
        guard let delivery = MangoDelivery(event) else { return Outcome(reply: .noted, isApplied: false) }
        var outcome = try await process(delivery)
        // It was added to its entry before, when it could not be written down.
        if case .failed? = postponed.attempts[number] { outcome.isApplied = true }
        return outcome
    }

    /// One that is refused again and again must not hold up the others.
    private func refused(_ number: Int64, _ event: StoredMangoEvent, _ error: StoreError) async throws(StoreError)
        -> Bool
    {
        postponed.refusals += 1
        guard postponed.refusals >= Self.maximumRefusals else { return false }
        services.logger.error(
            "the database refuses an event; it stays in the outbox",
            [LogField("event", event.dedupeKey), LogField("reason", "\(error)")])
        try await services.backlog.parkPostponed(number)
        postponed.finish(number)
        return true
    }
}
