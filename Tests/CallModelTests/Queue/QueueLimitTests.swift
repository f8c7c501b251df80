import CallModel
import Directory
import Testing
import Wire

struct QueueLimitTests {
    @Test func `a full queue sends the next caller away at once, and counts it when it has left`() {
        var scene = QueueScene(.ringAll, members: 1) { $0.maximumWaiting = 1 }
        scene.play(.engaged(1, .talking))
        let first = scene.enter()
        let second = scene.enter()
        #expect(scene.decisions.last == .overflow(second, .full))
        #expect(scene.outcome(of: second) == nil)
        scene.play(.left(second))
        #expect(scene.outcome(of: second) == .overflowed(.full))
        #expect(scene.machine.callers.map(\.id) == [first])
    }

    @Test func `nobody waits longer than the queue allows`() {
        var scene = QueueScene(.ringAll, members: 1) { $0.maximumWait = .seconds(60) }
        let caller = scene.enter()
        scene.wait(.seconds(59))
        #expect(!scene.decisions.contains(.overflow(caller, .waitedTooLong)))
        scene.wait(.seconds(1))
        #expect(scene.decisions.contains(.overflow(caller, .waitedTooLong)))
        #expect(scene.state(1) == .available)
        scene.play(.left(caller))
        #expect(scene.machine.figures.overflowed == 1)
        #expect(scene.machine.figures.longestWait == .seconds(60))
    }

    @Test func `a member who answers on the way to the overflow has the caller`() {
        var scene = QueueScene(.ringAll, members: 1) { $0.maximumWait = .seconds(10) }
        let caller = scene.enter()
        scene.wait(.seconds(10))
        scene.answer(caller, by: 1)
        #expect(scene.outcome(of: caller) == .answered(by: 1))
        #expect(scene.machine.figures.overflowed == 0)
    }

    @Test func `without anybody to take calls a caller goes at once, and one who waits after a short grace`() {
        var scene = QueueScene(.ringAll, members: 1)
        scene.play(.engaged(1, .talking))
        let waiting = scene.enter()
        scene.play(.engaged(1, .free))
        scene.play(.online(1, false))
        #expect(scene.state(1) == .offline)
        let late = scene.enter()
        #expect(scene.decisions.last == .overflow(late, .unstaffed))
        scene.wait(.seconds(9))
        #expect(!scene.decisions.contains(.overflow(waiting, .unstaffed)))
        scene.wait(.seconds(1))
        #expect(scene.decisions.contains(.overflow(waiting, .unstaffed)))
    }

    @Test func `a page that is loaded again loses nobody`() {
        var scene = QueueScene(.ringAll, members: 1)
        let caller = scene.enter()
        scene.play(.refused(caller, by: 1))
        scene.play(.online(1, false))
        scene.wait(.seconds(5))
        scene.play(.online(1, true))
        scene.wait(.seconds(30))
        #expect(scene.rung(for: caller).count == 2)
    }

    @Test func `a queue that keeps its callers keeps them although nobody is there`() {
        var scene = QueueScene(.ringAll, members: 1) { $0.leavesWhenEmpty = false }
        scene.play(.paused(1, true, reason: nil))
        let caller = scene.enter()
        scene.wait(.seconds(200))
        #expect(scene.machine.caller(caller)?.stage == .waiting)
    }

    @Test func `everybody is told their place, and again when it changes`() {
        var scene = QueueScene(.ringAll, members: 1)
        scene.play(.engaged(1, .talking))
        let callers = [scene.enter(), scene.enter(), scene.enter()]
        #expect(scene.decisions.suffix(1) == [.moved(callers[2], position: 3)])
        #expect(
            scene.play(.left(callers[0])).filter { if case .moved = $0 { true } else { false } }
                == [.moved(callers[1], position: 1), .moved(callers[2], position: 2)])
        #expect(scene.outcome(of: callers[0]) == .abandoned)
    }

    @Test func `changed settings keep callers and members as they are, and stop ringing who is no member any more`() {
        var scene = QueueScene(.ringAll, members: 2)
        let caller = scene.enter()
        var queue = scene.machine.queue
        queue.members = [QueueMember(userID: 2), QueueMember(userID: 5)]
        queue.ringing = .seconds(40)
        scene.play(.configured(queue))
        #expect(scene.decisions.suffix(1) == [.withdraw(caller, from: [1])])
        #expect(scene.state(2) == .ringing)
        #expect(scene.state(5) == .offline)
        #expect(scene.play(.online(5, true)) == [.offer(caller, to: [5])])
    }

    @Test func `the service level counts who was answered within twenty seconds`() {
        var scene = QueueScene(.ringAll, members: 1)
        for seconds in [5, 30, 20] {
            let caller = scene.enter()
            scene.wait(.seconds(seconds))
            scene.answer(caller, by: 1)
            scene.play(.engaged(1, .free))
        }
        let caller = scene.enter()
        scene.play(.left(caller))
        #expect(scene.machine.figures.serviceLevel == 0.5)
        scene.play(.newDay)
        #expect(scene.machine.figures.serviceLevel == nil)
    }
}
