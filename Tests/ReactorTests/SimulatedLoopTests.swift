import Reactor
import Synchronization
import TestKit
import Testing
import Wire

struct SimulatedLoopTests {
    @Test(arguments: Seeds.some(20)) func `queued jobs keep their order whatever the seed`(seed: UInt64) {
        let loop = SimulatedLoop(seed: seed)
        var order: [Int] = []
        for index in 0..<50 { loop.later { order.append(index) } }
        let ledger = Ledger(on: loop)
        loop.execute { ledger.intrude() }
        loop.later { order += ledger.assumeIsolated { $0.entries } }
        loop.runReady()
        #expect(order == Array(0..<50) + [0])
    }

    @Test func `time passes only when it is let, straight to the next deadline`() {
        let loop = SimulatedLoop(seed: 1)
        let start = loop.now
        var fired: [Duration] = []
        for hours in [3, 1, 2] { loop.schedule(after: .seconds(hours * 3600)) { fired.append(loop.now - start) } }
        let cancelled = loop.schedule(after: .seconds(60)) { fired.append(.zero) }
        loop.cancel(cancelled)
        loop.runReady()
        #expect(fired.isEmpty)
        loop.advance(by: .seconds(7200))
        #expect(fired == [.seconds(3600), .seconds(7200)])
        #expect(loop.now - start == .seconds(7200))
        #expect(loop.runUntilIdle(limit: .seconds(86400)))
        #expect(fired.last == .seconds(10800))
        #expect(loop.wallTime.iso8601() == "2026-01-01T03:00:00.000Z")
    }

    @Test func `a timer may interleave with queued jobs, as the seed says, and a seed says it again`() {
        func run(_ seed: UInt64) -> [Int] {
            let loop = SimulatedLoop(seed: seed)
            var order: [Int] = []
            for index in 0..<5 {
                loop.later { order.append(index) }
                loop.schedule(at: loop.now) { order.append(10 + index) }
            }
            loop.runReady()
            return order
        }
        let runs = (1...20).map { run(UInt64($0)) }
        #expect(runs == (1...20).map { run(UInt64($0)) })
        #expect(Set(runs).count > 1)
        for order in runs {
            #expect(order.filter { $0 < 10 } == Array(0..<5))
            #expect(order.filter { $0 >= 10 } == Array(10..<15))
        }
    }

    @Test func `actors are entered by the test and awaited while it pumps`() throws {
        let loop = SimulatedLoop(seed: 3)
        let (first, second) = (Ledger(on: loop), Ledger(on: loop))
        first.intrude()
        let stayed = try loop.complete { await first.staysOnLoop(with: second) }
        #expect(stayed == true)
        let entries = try loop.complete {
            await first.add(1)
            return await first.entries
        }
        #expect(entries == [0, 1])
    }

    @Test func `asynchronous code sees virtual time, and one that never ends is given up`() throws {
        let loop = SimulatedLoop(seed: 4)
        let sleeper = Sleeper(on: loop)
        let start = loop.now
        #expect(try loop.complete { await sleeper.sleep(.seconds(90)) } != nil)
        #expect(loop.now - start == .seconds(90))
        #expect(try loop.complete(limit: .seconds(5)) { await sleeper.sleep(.seconds(6)) } == nil)
        loop.advance(by: .seconds(6))
        #expect(loop.pendingTimers == 0)
    }

    @Test func `other threads' jobs are taken in when the loop is pumped`() {
        let loop = SimulatedLoop(seed: 5)
        let thread = BlockingThread(name: "other")
        let count = Atomic(0)
        thread.execute { for _ in 0..<1000 { loop.execute { count.add(1, ordering: .relaxed) } } }
        thread.stop()
        loop.runReady()
        #expect(count.load(ordering: .relaxed) == 1000)
    }

    @Test func `every caller of makeEntropy has its own stream, repeated by the seed`() {
        func draw(_ seed: UInt64) -> [UInt64] {
            let loop = SimulatedLoop(seed: seed)
            return (0..<4).map { _ in
                var entropy = loop.makeEntropy()
                return entropy.next()
            }
        }
        #expect(draw(1) == draw(1))
        #expect(Set(draw(1) + draw(2)).count == 8)
    }
}

private actor Sleeper {
    private nonisolated let loop: SimulatedLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: SimulatedLoop) { self.loop = loop }

    func sleep(_ duration: Duration) async {
        await withCheckedContinuation { wake in loop.schedule(after: duration) { wake.resume() } }
    }
}
