import CUV
import Glibc
import Reactor
import Synchronization
import Telemetry
import Testing
import Wire

struct ControlLoopTests {
    @Test func `jobs run in the order they were queued, each in a turn of its own`() throws {
        let loop = try ControlLoop()
        var order: [Int] = []
        loop.later {
            loop.later { order.append(3) }
            order.append(1)
        }
        loop.later { order.append(2) }
        loop.later { loop.later { loop.stop() } }
        run(loop)
        #expect(order == [1, 2, 3])
    }

    @Test func `what waits for a turn's end runs once, after all that the turn's jobs have queued`() throws {
        let loop = try ControlLoop()
        var order: [Int] = []
        loop.later {
            loop.atTurnsEnd {
                order.append(4)
                loop.later { loop.stop() }
            }
            loop.later {
                order.append(2)
                loop.later { order.append(3) }
            }
            order.append(1)
        }
        run(loop)
        #expect(order == [1, 2, 3, 4])
    }

    @Test func `timers fire by deadline, then in the order they were set, and never once cancelled`() throws {
        let loop = try ControlLoop()
        var fired: [Int] = []
        let start = loop.now
        for (index, delay) in [5, 1, 3, 1, 5].enumerated() {
            loop.schedule(at: start + .milliseconds(delay)) { fired.append(index) }
        }
        let cancelled = loop.schedule(at: start + .milliseconds(2)) { fired.append(99) }
        // Cancelled by a timer that is due at the same moment or before, perhaps in the same turn.
        loop.schedule(at: start + .milliseconds(1)) { loop.cancel(cancelled) }
        loop.schedule(at: start + .milliseconds(6)) { loop.stop() }
        run(loop)
        #expect(fired == [1, 3, 2, 0, 4])
    }

    @Test func `a timer never fires early`() throws {
        let loop = try ControlLoop()
        var early = 0
        for microseconds in stride(from: 0, to: 20_000, by: 333) {
            let deadline = loop.now + .microseconds(microseconds)
            loop.schedule(at: deadline) { if SystemClock.now() < deadline { early += 1 } }
        }
        loop.schedule(after: .milliseconds(21)) { loop.stop() }
        run(loop)
        #expect(early == 0)
    }

    @Test func `jobs that queue jobs starve neither timers nor sockets`() throws {
        let loop = try ControlLoop()
        let network = SystemNetwork(loop: loop)
        var timerFired = false
        func spin() { loop.later { spin() } }
        spin()
        loop.schedule(after: .milliseconds(1)) { timerFired = true }
        let receiver = try network.openDatagram(on: loopback()) { _, _ in if timerFired { loop.stop() } }
        let sender = try network.openDatagram(on: loopback()) { _, _ in }
        func send() {
            sender.send([1], to: receiver.localAddress)
            loop.schedule(after: .milliseconds(1)) { send() }
        }
        send()
        run(loop)
        #expect(timerFired)
    }

    @Test func `no job posted from other threads is lost, and each thread's come in order`() throws {
        let (threads, jobs) = (8, 12_500)
        let loop = try ControlLoop()
        let last = Mutex([Int](repeating: -1, count: threads))
        let count = Atomic(0)
        let inOrder = Atomic(true)
        loop.start()
        let posters = (0..<threads).map { _ in BlockingThread(name: "poster") }
        for (number, poster) in posters.enumerated() {
            poster.execute {
                for job in 0..<jobs {
                    loop.execute {
                        let previous = last.withLock { last in
                            defer { last[number] = job }
                            return last[number]
                        }
                        if previous != job - 1 || !loop.isCurrent { inOrder.store(false, ordering: .relaxed) }
                        if count.add(1, ordering: .relaxed).newValue == threads * jobs { loop.stop() }
                    }
                }
            }
        }
        loop.join()
        for poster in posters { poster.stop() }
        #expect(count.load(ordering: .relaxed) == 100_000)
        #expect(inOrder.load(ordering: .relaxed) == true)
    }

    @Test func `an actor on the loop is entered from its callbacks and awaited from anywhere`() async throws {
        let loop = try ControlLoop()
        let (first, second) = (Ledger(on: loop), Ledger(on: loop))
        loop.start()
        for entry in 0..<1000 { await first.add(entry) }
        #expect(await first.entries == Array(0..<1000))
        #expect(await first.staysOnLoop(with: second))
        let entered: Int = await withCheckedContinuation { answer in
            loop.execute { answer.resume(returning: second.assumeIsolated { $0.entries.count }) }
        }
        #expect(entered == 1)
        loop.stop()
    }

    /// Whoever makes a program's parts may go on on another thread after a wait.
    @Test func `until it starts, a loop is that of the thread which claims it`() async throws {
        let loop = try ControlLoop()
        let ledger = Ledger(on: loop)
        PlainThread(name: "maker") {
            loop.claim()
            ledger.assumeIsolated { $0.add(1) }
        }.join()
        #expect(!loop.isCurrent)
        loop.claim()
        #expect(loop.isCurrent && ledger.assumeIsolated { $0.entries } == [1])
        loop.start()
        await ledger.add(2)
        #expect(await ledger.entries == [1, 2] && !loop.isCurrent)
        loop.stop()
    }

    @Test func `entering an actor off its loop ends the process`() async {
        await #expect(processExitsWith: .failure) {
            let loop = try ControlLoop()
            let ledger = Ledger(on: loop)
            loop.start()
            ledger.intrude()
        }
    }

    @Test func `the moment stands still within a turn and moves between turns`() throws {
        let loop = try ControlLoop()
        var moments: [Instant] = []
        loop.later {
            moments.append(loop.now)
            let start = SystemClock.now()
            while SystemClock.now() == start {}
            moments.append(loop.now)
        }
        loop.later {
            moments.append(loop.now)
            loop.stop()
        }
        run(loop)
        #expect(moments[0] == moments[1])
        #expect(moments[1] < moments[2])
    }

    @Test func `a signal reaches its callback on the loop`() throws {
        let loop = try ControlLoop()
        var onLoop = false
        try loop.onSignal(SIGUSR1) {
            onLoop = loop.isCurrent
            loop.stop()
        }
        loop.later { kill(getpid(), SIGUSR1) }
        run(loop)
        #expect(onLoop)
    }

    @Test func `a turn that blocks shows in the lag`() throws {
        let lag = Histogram(bounds: [0.001, 0.01, 0.1])
        let loop = try ControlLoop(lag: lag)
        loop.later {
            let end = SystemClock.now() + .milliseconds(20)
            while SystemClock.now() < end {}
            loop.schedule(after: .milliseconds(1)) { loop.stop() }
        }
        run(loop)
        #expect(lag.snapshot.sum >= 0.02)
        #expect(lag.snapshot.cumulative.last! > lag.snapshot.cumulative[1])
    }

    @Test func `work that another library's timer leaves is done without waiting for anything else`() throws {
        let loop = try ControlLoop()
        var timer = uv_timer_t()
        uv_timer_init(loop.uvLoop, &timer)
        withUnsafeMutablePointer(to: &timer) { timer in
            timer.pointee.data = Unmanaged.passUnretained(loop).toOpaque()
            let leaveWork: uv_timer_cb = { timer in
                guard let data = timer?.pointee.data else { return }
                let loop = Unmanaged<ControlLoop>.fromOpaque(data).takeUnretainedValue()
                loop.later { loop.schedule(at: loop.now) { loop.stop() } }
                uv_close(UnsafeMutableRawPointer(timer)?.assumingMemoryBound(to: uv_handle_t.self), nil)
            }
            uv_timer_start(timer, leaveWork, 0, 0)
            run(loop)
        }
    }

    @Test func `jobs queued before the stop still run`() throws {
        let loop = try ControlLoop()
        var count = 0
        for _ in 0..<5000 { loop.later { count += 1 } }
        loop.stop()
        run(loop)
        #expect(count == 5000)
    }
}

func loopback(_ port: UInt16 = 0) -> SocketAddress { SocketAddress(ip: .loopbackIPv4, port: port) }
