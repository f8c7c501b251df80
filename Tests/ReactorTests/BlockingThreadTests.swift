import Glibc
import Reactor
import Synchronization
import Testing
import Wire

struct BlockingThreadTests {
    @Test func `an actor on the thread runs its calls in order, off everybody else's thread`() async {
        let thread = BlockingThread(name: "store")
        let archive = Archive(on: thread)
        for entry in 0..<500 { await archive.add(entry) }
        #expect(await archive.entries == Array(0..<500))
        #expect(await archive.isAtHome)
        #expect(!thread.isCurrent)
        thread.stop()
    }

    @Test func `stopping runs what is queued and nothing after it`() {
        let thread = BlockingThread(name: "store")
        let count = Atomic(0)
        for _ in 0..<10_000 { thread.execute { count.add(1, ordering: .relaxed) } }
        thread.stop()
        thread.execute { count.add(1, ordering: .relaxed) }
        thread.stop()
        #expect(count.load(ordering: .relaxed) == 10_000)
    }

    @Test func `what is put off runs in the order of its time, at the latest when the thread stops`() {
        let thread = BlockingThread(name: "store")
        let order = Mutex<[Int]>([])
        thread.execute(after: .seconds(7200)) { order.withLock { $0.append(4) } }
        thread.execute(after: .seconds(3600)) { order.withLock { $0.append(3) } }
        thread.execute(after: .milliseconds(2)) {
            order.withLock { $0.append(1) }
            thread.execute { order.withLock { $0.append(2) } }
        }
        while order.withLock({ $0.count }) < 2 { sched_yield() }
        thread.stop()
        #expect(order.withLock { $0 } == [1, 2, 3, 4])
    }

    @Test func `a caller goes back and forth between a loop and a thread`() async throws {
        let loop = try ControlLoop()
        let thread = BlockingThread(name: "store")
        let archive = Archive(on: thread)
        let ledger = Ledger(on: loop)
        loop.start()
        for entry in 0..<200 {
            await ledger.add(entry)
            await archive.add(entry)
        }
        #expect(await ledger.entries == archive.entries)
        loop.stop()
        thread.stop()
    }
}

private actor Archive {
    private nonisolated let thread: BlockingThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private(set) var entries: [Int] = []
    var isAtHome: Bool { thread.isCurrent }

    init(on thread: BlockingThread) { self.thread = thread }

    func add(_ entry: Int) { entries.append(entry) }
}
