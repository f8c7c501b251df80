package import CUV
import Glibc
import Synchronization
package import Telemetry
package import Wire

/// The real event loop: libuv on one thread, which is also a serial executor for actors.
///
/// A turn of the loop polls sockets once, runs the timers that are due and then a bounded batch of queued jobs, so that
/// neither starves the others. Until `start` or `run`, the thread that made the loop counts as the loop's own: that is
/// when the program is wired together. Make it, `start()` it (a thread of its own) or `run()` it (the calling thread),
/// and `stop()` it from anywhere.
package final class ControlLoop: EventLoop, @unchecked Sendable {
    // Everything that is neither atomic nor locked is touched only on the loop's thread; `start` hands it over.

    /// How many jobs, and how many timers, may run before sockets are looked at again.
    static let turnLimit = 512

    let mailbox = LoopMailbox()
    let libuv: LoopEngine
    var ready = FIFO<LoopEntry>()
    private var closing: [LoopJob] = []
    var timers = TimerQueue<LoopJob>()
    var handles: [ObjectIdentifier: LoopHandle] = [:]
    private let owner: Atomic<UInt>
    private let isStopping = Atomic(false)
    private let thread = Locked<PlainThread?>(nil)
    private var turnTime: Instant?

    /// Makes a loop that is neither running nor started.
    ///
    /// `lag` is told, in seconds, how long each turn kept everybody else waiting (`event_loop_lag_seconds`).
    package init(lag: Histogram? = nil) throws(NetworkError) {
        libuv = try LoopEngine(lag: lag)
        owner = Atomic(PlainThread.currentID)
        libuv.attach(to: self)
        // A peer that closed its connection must show as an error of the write, not end the process.
        signal(SIGPIPE, SIG_IGN)
    }

    deinit {
        mailbox.close()
        libuv.close()
    }

    /// The loop itself, for whatever adds handles of its own to it; on the loop's thread only.
    ///
    /// Those handles must be closed before `stop`.
    package var uvLoop: UnsafeMutablePointer<uv_loop_t> { libuv.loop }

    package var isCurrent: Bool { owner.load(ordering: .relaxed) == PlainThread.currentID }

    package var now: Instant {
        guard isCurrent else { return SystemClock.now() }
        if let turnTime { return turnTime }
        let time = SystemClock.now()
        turnTime = time
        return time
    }

    package var wallTime: WallTime { SystemClock.wallTime() }

    package func makeEntropy() -> Entropy { .system }

    /// Sockets, listeners and signal watchers still open.
    package var openHandles: Int { handles.count }

    /// Timers still waiting.
    package var pendingTimers: Int { timers.count }

    /// Work that waits for its turn, jobs of actors and closures, of which `posted` came from other threads and is not
    /// sorted in yet.
    package var queueLengths: (ready: Int, posted: Int) { (ready.count, mailbox.count) }

    /// Says that something else begins: the next look at `now` reads the clock.
    func beginTurn() { turnTime = nil }
}

// MARK: - Running

extension ControlLoop {
    /// Makes the calling thread the loop's until it starts; that is the one which made it, otherwise.
    ///
    /// Whoever makes the parts of a program may go on on another thread after each wait, the main actor, too: on Linux its
    /// queue is anybody's once the first wait has come.
    package func claim() {
        precondition(thread.withLock { $0 } == nil, "the loop has a thread of its own")
        owner.store(PlainThread.currentID, ordering: .relaxed)
    }

    /// Runs the loop on a thread of its own until `stop`.
    package func start(name: String = "control") {
        // From here on nobody is the loop until its thread says so.
        owner.store(0, ordering: .relaxed)
        thread.withLock { $0 = PlainThread(name: name) { self.run() } }
    }

    /// Runs the loop on the calling thread until `stop`.
    package func run() {
        owner.store(PlainThread.currentID, ordering: .relaxed)
        let pilot = LoopPilot(self)
        pilot.assumeIsolated { $0.begin() }
        // Until the pilot's job has its turn, and has ended: it is queued behind what was queued before.
        while !isStopping.load(ordering: .acquiring) { turn() }
        shutDown()
        owner.store(0, ordering: .relaxed)
    }

    /// Turns until the loop is to stop.
    fileprivate func spin() {
        while !isStopping.load(ordering: .acquiring) { turn() }
    }

    /// Asks the loop to finish: jobs queued so far still run, then every socket closes untold and `run` returns.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        mailbox.wake()
    }

    /// Waits for a loop that was started to end; never from the loop itself.
    package func join() { thread.withLock { $0 }?.join() }

    private func turn() {
        libuv.poll()
        runTimers()
        runReady()
        runClosing()
    }

    private func runClosing() {
        guard !closing.isEmpty else { return }
        let jobs = closing
        closing.removeAll(keepingCapacity: true)
        for job in jobs { job() }
    }

    private func runTimers() {
        guard !timers.isEmpty else { return }
        for _ in 0..<Self.turnLimit {
            beginTurn()
            guard let job = timers.popExpired(now) else { return }
            job()
        }
    }

    private func runReady() {
        for _ in 0..<Self.turnLimit {
            guard let entry = ready.popFirst() else { return }
            beginTurn()
            switch entry {
            case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            case .call(let call): call()
            }
        }
    }

    private func shutDown() {
        mailbox.drain(into: &ready)
        // Jobs may queue jobs; those that never end are cut off.
        for _ in 0..<64 where !ready.isEmpty { runReady() }
        runClosing()
        for handle in Array(handles.values) { handle.abandon() }
        mailbox.close()
        libuv.close()
        timers = TimerQueue()
        ready = FIFO()
    }
}

/// Turns the loop within a job of the loop's own executor.
///
/// Then Swift's runtime knows from the thread alone where it is. Elsewhere each `assumeIsolated`, of which a call takes
/// some hundred and fifty, asks whether this is the main thread first, which is fifteen times as long.
private actor LoopPilot {
    private let loop: ControlLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: ControlLoop) { self.loop = loop }

    func begin() { Task { loop.spin() } }
}

// MARK: - Queueing

extension ControlLoop {
    package func execute(_ job: @escaping @Sendable () -> Void) {
        if isCurrent { ready.append(.call(job)) } else { mailbox.post(job) }
    }

    package func later(_ job: @escaping () -> Void) {
        assertCurrent()
        ready.append(.call(job))
    }

    package func atTurnsEnd(_ job: @escaping () -> Void) {
        assertCurrent()
        closing.append(job)
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

    /// Calls `body` on the loop each time the process receives a signal, instead of what the system would do.
    ///
    /// On the loop only; the watcher stays for the life of the loop.
    package func onSignal(_ number: Int32, _ body: @escaping () -> Void) throws(NetworkError) {
        assertCurrent()
        try SignalWatcher(number, on: self, body).begin()
    }

    func assertCurrent() { precondition(isCurrent, "called off the loop") }
}

// MARK: - Executor

extension ControlLoop {
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { ready.append(.job(job)) } else { mailbox.post(job) }
    }

    package func checkIsolated() { assertCurrent() }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }
}
