import Synchronization
import Wire

/// A plain thread worn as an actor's executor, for C libraries that block (SQLite, libpq …).
///
/// An actor names it as its `unownedExecutor` and may then block for as long as it must: only its own callers wait.
/// Jobs run first in, first out. The thread lives until `stop`, which whoever made it must call.
package final class BlockingThread: SerialExecutor, @unchecked Sendable {
    // `entries`, `delayed` and `isStopping` are guarded by `lock`.

    private let lock = SystemLock()
    private var entries = FIFO<LoopEntry>()
    private var delayed = TimerQueue<LoopJob>()
    private var isStopping = false
    private let owner = Atomic<UInt>(0)
    private let thread = Locked<PlainThread?>(nil)

    /// Starts the thread; `name` is what `top -H` shows, and so much nicer it is than the rest of the program.
    package init(name: String, niceness: Int = 0) {
        thread.withLock { $0 = PlainThread(name: name, niceness: niceness) { self.run() } }
    }

    /// Whether the caller runs on this thread.
    package var isCurrent: Bool { owner.load(ordering: .relaxed) == PlainThread.currentID }

    /// Queues a closure from any thread; dropped after `stop`.
    package func execute(_ job: @escaping @Sendable () -> Void) { append(.call(job)) }

    /// Queues a closure from any thread that runs once `delay` has passed, or when the thread is to stop.
    package func execute(after delay: Duration, _ job: @escaping @Sendable () -> Void) {
        lock.withLock {
            guard !isStopping else { return }
            delayed.schedule(at: SystemClock.now() + delay, job)
            lock.signal()
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) { append(.job(UnownedJob(job))) }

    package func checkIsolated() { precondition(isCurrent, "called off the blocking thread") }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Runs what is queued, then ends the thread and waits for it; idempotent, never from the thread itself.
    package func stop() {
        lock.withLock {
            isStopping = true
            lock.signal()
        }
        thread.withLock { $0 }?.join()
    }

    private func append(_ entry: LoopEntry) {
        lock.withLock {
            // Until the thread has seen the last job it may still queue more, for instance an actor's next step.
            guard !isStopping || isCurrent else { return }
            entries.append(entry)
            lock.signal()
        }
    }

    private func run() {
        owner.store(PlainThread.currentID, ordering: .relaxed)
        while let entry = next() {
            switch entry {
            case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            case .call(let call): call()
            }
        }
        owner.store(0, ordering: .relaxed)
    }

    /// Waits for a job; nil once the thread is stopping and the queue is empty.
    private func next() -> LoopEntry? {
        lock.withLock {
            while true {
                if !delayed.isEmpty, let job = delayed.popExpired(isStopping ? .never : SystemClock.now()) {
                    return .call(job)
                }
                if let entry = entries.popFirst() { return entry }
                guard !isStopping else { return nil }
                if let deadline = delayed.nextDeadline() { lock.wait(until: deadline) } else { lock.wait() }
            }
        }
    }
}
