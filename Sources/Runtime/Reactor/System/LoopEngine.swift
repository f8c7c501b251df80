import CUV
import Telemetry
import Wire

/// The libuv half of a control loop: polling, the one timer that wakes it, and the measure of its lag.
final class LoopEngine {
    /// Longer waits are cut up: libuv counts the time to wait in an `int` of milliseconds.
    private static let longestWait: UInt64 = 3_600_000

    let loop: UnsafeMutablePointer<uv_loop_t>
    private let async = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    private let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    private let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let lag: Histogram?
    private unowned var owner: ControlLoop?
    private var armedFor: Instant?
    private var lastPoll: (time: UInt64, idle: UInt64)?
    private var isOpen = true
    /// Somebody else's handle, or a name still being looked up, holds on to the loop's memory.
    private var isInUse = false

    init(lag: Histogram?) throws(NetworkError) {
        self.lag = lag
        loop = .allocate(capacity: 1)
        let status = uv_loop_init(loop)
        guard status == 0 else {
            isOpen = false
            throw NetworkError(uv: status)
        }
        tandem_uv_measure_idle_time(loop)
    }

    deinit {
        async.deallocate()
        timer.deallocate()
        prepare.deallocate()
        if !isInUse { loop.deallocate() }
    }

    func attach(to owner: ControlLoop) {
        self.owner = owner
        let data = Unmanaged.passUnretained(self).toOpaque()
        uv_async_init(loop, async) { LoopEngine.of($0?.pointee.data)?.collectMail() }
        uv_timer_init(loop, timer)
        uv_prepare_init(loop, prepare)
        async.pointee.data = data
        timer.pointee.data = data
        prepare.pointee.data = data
        uv_prepare_start(prepare) { LoopEngine.of($0?.pointee.data)?.beforePoll() }
        owner.mailbox.open(async)
    }

    /// One round of libuv: waits for something to happen, unless `beforePoll` finds work.
    func poll() { uv_run(loop, UV_RUN_ONCE) }

    /// Arms the timer for the earliest deadline; a wake-up a little early is harmless.
    private func wake(at deadline: Instant?, now: Instant) {
        guard deadline != armedFor else { return }
        armedFor = deadline
        guard let deadline else {
            uv_timer_stop(timer)
            return
        }
        let wait = (deadline - now).wholeNanoseconds
        let milliseconds = min(wait / 1_000_000 + (wait.isMultiple(of: 1_000_000) ? 0 : 1), Self.longestWait)
        uv_update_time(loop)
        uv_timer_start(timer, { LoopEngine.of($0?.pointee.data)?.armedFor = nil }, milliseconds, 0)
    }

    /// Closes the loop's own handles and, if nobody else's are left on it, the loop.
    func close() {
        guard isOpen else { return }
        isOpen = false
        uv_close(UnsafeMutableRawPointer(async).assumingMemoryBound(to: uv_handle_t.self), nil)
        uv_close(UnsafeMutableRawPointer(timer).assumingMemoryBound(to: uv_handle_t.self), nil)
        uv_close(UnsafeMutableRawPointer(prepare).assumingMemoryBound(to: uv_handle_t.self), nil)
        for _ in 0..<16 where uv_run(loop, UV_RUN_NOWAIT) != 0 {}
        isInUse = uv_loop_close(loop) != 0
    }

    private func collectMail() {
        guard let owner else { return }
        owner.mailbox.drain(into: &owner.ready)
    }

    /// The last moment before libuv waits.
    ///
    /// Its timers and other libraries' handles have run by now and may have left work for us: then it must not wait.
    private func beforePoll() {
        guard let owner else { return }
        owner.beginTurn()
        let now = owner.now
        let deadline = owner.timers.nextDeadline()
        if !owner.ready.isEmpty || deadline.map({ $0 <= now }) ?? false {
            uv_stop(loop)
        } else {
            wake(at: deadline, now: now)
        }
        measureLag(now)
        owner.beginTurn()
    }

    private func measureLag(_ now: Instant) {
        guard let lag else { return }
        let current = (time: now.nanoseconds, idle: uv_metrics_idle_time(loop))
        if let lastPoll {
            let elapsed = current.time &- lastPoll.time
            let idle = current.idle &- lastPoll.idle
            lag.observe(Double(elapsed > idle ? elapsed - idle : 0) / 1e9)
        }
        lastPoll = current
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> LoopEngine? {
        data.map { Unmanaged<LoopEngine>.fromOpaque($0).takeUnretainedValue() }
    }
}
