import CLinux
import Synchronization
package import Wire

/// An event loop in virtual time, pumped by the thread of a test: the same seed gives the same run.
///
/// Time passes only in `advance`, `run` and `runUntilIdle`, and only when nothing is left to do. Work waits in lanes,
/// one per source (the loop's own queue, other threads, timers, each socket); a lane is first in, first out, as on a
/// real loop, but the seed says which lane goes next, so that no test can rest on an order the real loop does not give.
///
/// The thread that made the loop or pumped it last counts as the loop's own: there actors on it may be entered by
/// `assumeIsolated`. Tests should not be `async`; `complete` runs asynchronous code.
package final class SimulatedLoop: EventLoop, @unchecked Sendable {
    // Everything that is neither atomic nor locked is touched only by the owning thread.

    /// Jobs at one moment, past which the program must be running in circles.
    private static let livelockLimit = 5_000_000

    package let seed: UInt64
    private let epoch: WallTime
    private let owner: Atomic<UInt>
    private let mailbox = Locked<[Letter]>([])
    private var time = Instant(nanoseconds: 1_000_000_000)
    private var lanes = LaneSet()
    private var timers = TimerQueue<LoopJob>()
    private var wire = TimerQueue<LoopJob>()
    private var scheduler: Entropy
    private var children: Entropy
    private var jobsAtThisMoment = 0

    private enum Letter: Sendable {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    /// Makes a loop whose every choice follows from `seed`; `epoch` is the civil time it starts at.
    package init(seed: UInt64, epoch: WallTime = WallTime(milliseconds: 1_767_225_600_000)) {
        self.seed = seed
        self.epoch = epoch
        var root = Entropy(seed: seed)
        scheduler = Entropy(seed: root.next())
        children = Entropy(seed: root.next())
        owner = Atomic(PlainThread.currentID)
    }

    package var isCurrent: Bool { owner.load(ordering: .relaxed) == PlainThread.currentID }
    package var now: Instant { time }
    package var wallTime: WallTime { epoch + (time - Instant(nanoseconds: 1_000_000_000)) }

    package func makeEntropy() -> Entropy {
        assertCurrent()
        return Entropy(seed: children.next())
    }

    /// Timers still waiting.
    package var pendingTimers: Int { timers.count }
    /// Jobs ready to run at this moment.
    package var readyJobs: Int { lanes.count }

    func assertCurrent() { precondition(isCurrent, "called off the loop") }
}

// MARK: - Queueing

extension SimulatedLoop {
    package func execute(_ job: @escaping @Sendable () -> Void) {
        if isCurrent {
            lanes.append(.call(job), to: LaneSet.own)
        } else {
            mailbox.withLock { $0.append(.call(job)) }
        }
    }

    package func later(_ job: @escaping () -> Void) {
        assertCurrent()
        lanes.append(.call(job), to: LaneSet.own)
    }

    @discardableResult
    package func schedule(at deadline: Instant, _ job: @escaping () -> Void) -> LoopTimer {
        assertCurrent()
        return LoopTimer(token: timers.schedule(at: deadline, job))
    }

    package func cancel(_ timer: LoopTimer) {
        assertCurrent()
        timers.cancel(timer.token)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { lanes.append(.job(job), to: LaneSet.own) } else { mailbox.withLock { $0.append(.job(job)) } }
    }

    package func checkIsolated() { assertCurrent() }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// A lane of its own for a source of callbacks, such as a socket.
    func makeLane() -> Int { lanes.make() }

    /// Queues a callback of such a source.
    func post(to lane: Int, _ job: @escaping LoopJob) { lanes.append(.call(job), to: lane) }

    /// Something that happens outside the program, between its turns, such as a packet's arrival.
    func happen(at moment: Instant, _ event: @escaping LoopJob) { wire.schedule(at: moment, event) }
}

// MARK: - Pumping

extension SimulatedLoop {
    /// Runs what is ready now; time stands still.
    package func runReady() {
        pumping {
            while step() {}
        }
    }

    /// Lets `duration` pass, with everything that falls into it.
    package func advance(by duration: Duration) {
        pumping {
            let end = time + duration
            while pass(noLaterThan: end) {}
            time = end
        }
    }

    /// Runs until nothing is left to do, now or ever, or until `limit` has passed; says whether all came to rest.
    @discardableResult
    package func runUntilIdle(limit: Duration = .seconds(600)) -> Bool {
        pumping {
            let end = time + limit
            while pass(noLaterThan: end) {}
            return nextMoment == nil
        }
    }

    /// Runs job by job until `condition` holds; false when it does not within `limit`.
    package func run(until condition: () -> Bool, limit: Duration = .seconds(600)) -> Bool {
        pumping {
            let end = time + limit
            while !condition() {
                guard step() || moveOn(noLaterThan: end) else { return false }
            }
            return true
        }
    }

    /// Runs asynchronous code on the loop, pumping until it returns; nil when it does not within `limit`.
    package func complete<Value: Sendable>(
        limit: Duration = .seconds(600), _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value? {
        let outcome = Outcome<Value>()
        let runner = Runner(loop: self)
        pumping { runner.assumeIsolated { $0.begin(body, outcome) } }
        guard run(until: { outcome.result.withLock { $0 != nil } }, limit: limit) else { return nil }
        return try outcome.result.withLock { $0 }?.get()
    }

    /// Makes the calling thread the loop's own, and the loop the place for jobs of no actor that arise meanwhile.
    private func pumping<Result>(_ body: () -> Result) -> Result {
        _ = Self.interception
        owner.store(PlainThread.currentID, ordering: .relaxed)
        let outer = tandem_thread_owner()
        tandem_thread_owner_set(Unmanaged.passUnretained(self).toOpaque())
        defer { tandem_thread_owner_set(outer) }
        return body()
    }

    /// Without it a task that leaves its actor, if only to be resumed by a continuation, would pass through Swift's
    /// thread pool, and the run would no longer follow from its seed.
    private static let interception: Void = tandem_intercept_jobs { job, owner in
        guard let job, let owner else { return 0 }
        let loop = Unmanaged<SimulatedLoop>.fromOpaque(owner).takeUnretainedValue()
        // `UnownedJob` is the pointer the runtime hands out, under a name.
        loop.lanes.append(.job(unsafeBitCast(job, to: UnownedJob.self)), to: LaneSet.own)
        return 1
    }

    /// Everything of one moment, then on to the next; false when there is no further moment up to `end`.
    private func pass(noLaterThan end: Instant) -> Bool {
        while step() {}
        return moveOn(noLaterThan: end)
    }

    private var nextMoment: Instant? {
        switch (timers.nextDeadline(), wire.nextDeadline()) {
        case (let timer?, let event?): min(timer, event)
        case (let timer, let event): timer ?? event
        }
    }

    private func moveOn(noLaterThan end: Instant) -> Bool {
        guard let next = nextMoment, next <= end, next != .never else { return false }
        time = max(time, next)
        jobsAtThisMoment = 0
        return true
    }

    /// Runs one job of a lane the seed picks; false when none is ready.
    private func step() -> Bool {
        collect()
        let timerIsDue = timers.nextDeadline().map { $0 <= time } ?? false
        let choices = lanes.waiting + (timerIsDue ? 1 : 0)
        guard choices > 0 else { return false }
        jobsAtThisMoment += 1
        precondition(jobsAtThisMoment < Self.livelockLimit, "the program runs in circles; seed \(seed)")
        let choice = choices == 1 ? 0 : Int.random(in: 0..<choices, using: &scheduler)
        guard choice < lanes.waiting else {
            timers.popExpired(time)?()
            return true
        }
        switch lanes.take(choice) {
        case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .call(let call): call()
        case nil: break
        }
        return true
    }

    /// Lets the outside world happen up to now, and takes what other threads have sent.
    private func collect() {
        while let event = wire.popExpired(time) { event() }
        let letters = mailbox.withLock { letters in
            defer { letters = [] }
            return letters
        }
        for letter in letters {
            switch letter {
            case .job(let job): lanes.append(.job(job), to: LaneSet.mail)
            case .call(let call): lanes.append(.call(call), to: LaneSet.mail)
            }
        }
    }
}

/// Where `complete` finds what its asynchronous code returned.
private final class Outcome<Value: Sendable>: Sendable {
    let result = Locked<Result<Value, any Error>?>(nil)
}

/// Starts a task on the loop.
private actor Runner {
    private nonisolated let loop: SimulatedLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: SimulatedLoop) { self.loop = loop }

    func begin<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value, _ outcome: Outcome<Value>) {
        Task {
            do { settle(outcome, .success(try await body())) } catch { settle(outcome, .failure(error)) }
        }
    }

    private func settle<Value: Sendable>(_ outcome: Outcome<Value>, _ result: Result<Value, any Error>) {
        outcome.result.withLock { $0 = result }
    }
}
