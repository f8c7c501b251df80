import CallModel
import Directory
import Testing
import Wire

struct QueueMachineTests {
    @Test func `ring-all rings everybody who is free, and the first who answers has the caller`() {
        var scene = QueueScene(.ringAll)
        scene.play(.engaged(2, .talking))
        let caller = scene.enter()
        #expect(scene.rung(for: caller) == [[1, 3]])
        scene.wait(.seconds(4))
        scene.answer(caller, by: 3)
        #expect(scene.outcome(of: caller) == .answered(by: 3))
        #expect(scene.state(1) == .available)
        #expect(scene.state(3) == .talking)
        #expect(scene.machine.callers.isEmpty)
        #expect(scene.machine.figures.answeredSoon == 1)
        #expect(scene.machine.estimatedWait == .seconds(4))
    }

    @Test func `ring-all takes in whoever becomes free while it rings, and begins again after a while`() {
        var scene = QueueScene(.ringAll, members: 2)
        scene.play(.engaged(2, .talking))
        let caller = scene.enter()
        scene.wait(.seconds(5))
        #expect(scene.play(.engaged(2, .free)) == [.offer(caller, to: [2])])
        scene.wait(.seconds(15))
        #expect(scene.decisions.contains(.withdraw(caller, from: [1])))
        #expect(scene.state(2) == .ringing)
        scene.wait(.seconds(5))
        #expect(scene.rung(for: caller) == [[1], [2], [1]])
    }

    @Test func `round-robin goes on after whoever was rung last, one member at a time`() {
        var scene = QueueScene(.roundRobin)
        let first = scene.enter()
        scene.wait(.seconds(20))
        #expect(scene.rung(for: first) == [[1], [2]])
        scene.answer(first, by: 2)
        let second = scene.enter()
        #expect(scene.rung(for: second) == [[3]])
        let third = scene.enter()
        #expect(scene.rung(for: third) == [[1]])
    }

    @Test func `least-recent rings whoever has been free for longest, and asks everybody before it asks again`() {
        var scene = QueueScene(.leastRecent)
        for member in [1, 3] as [Int64] {
            scene.play(.engaged(member, .talking))
            scene.wait(.seconds(1))
            scene.play(.engaged(member, .free))
        }
        let caller = scene.enter()
        scene.wait(.seconds(85))
        #expect(scene.rung(for: caller) == [[2], [1], [3], [2], [1]])
    }

    @Test func `two callers are offered to different members at the same time`() {
        var scene = QueueScene(.leastRecent, members: 2)
        let callers = [scene.enter(), scene.enter(), scene.enter()]
        #expect(callers.map { scene.rung(for: $0) } == [[[1]], [[2]], []])
        scene.answer(callers[0], by: 1)
        scene.play(.refused(callers[1], by: 2))
        #expect(scene.rung(for: callers[2]) == [[2]])
    }

    @Test func `whoever declines is left in peace for that caller, not for others`() {
        var scene = QueueScene(.roundRobin, members: 1)
        let caller = scene.enter()
        scene.play(.refused(caller, by: 1))
        scene.wait(.seconds(29))
        #expect(scene.rung(for: caller).count == 1)
        let other = scene.enter()
        #expect(scene.rung(for: other).count == 1)
        scene.answer(other, by: 1)
        scene.play(.engaged(1, .free))
        scene.wait(.seconds(1))
        #expect(scene.rung(for: caller).count == 2)
    }

    @Test func `a page that said yes and never came gives the caller its place back`() {
        var scene = QueueScene(.roundRobin, members: 2)
        let caller = scene.enter()
        let second = scene.enter()
        scene.play(.taken(caller, by: 1))
        #expect(scene.state(1) == .talking)
        scene.play(.refused(caller, by: 1))
        scene.play(.refused(second, by: 2))
        #expect(scene.machine.callers.map(\.id) == [caller, second])
        #expect(scene.rung(for: caller) == [[1], [2]])
        scene.answer(caller, by: 2)
        #expect(scene.outcome(of: caller) == .answered(by: 2))
    }

    @Test func `a member rests after a call of the queue, and not after one of somebody else's`() {
        var scene = QueueScene(.ringAll, members: 1) { $0.wrapUp = .seconds(10) }
        scene.play(.engaged(1, .talking))
        scene.play(.engaged(1, .free))
        #expect(scene.state(1) == .available)
        let caller = scene.enter()
        scene.answer(caller, by: 1)
        scene.play(.engaged(1, .free))
        #expect(scene.state(1) == .wrapUp)
        let next = scene.enter()
        #expect(scene.wait(.seconds(10)) == [.offer(next, to: [1])])
    }

    @Test func `a pause takes the ringing away at once and hands it on`() {
        var scene = QueueScene(.roundRobin, members: 2)
        let caller = scene.enter()
        #expect(
            scene.play(.paused(1, true, reason: "lunch")) == [.withdraw(caller, from: [1]), .offer(caller, to: [2])])
        #expect(scene.machine.member(1)?.pauseReason == "lunch")
        #expect(scene.machine.queue.members.first?.isPaused == true)
        scene.play(.paused(1, false, reason: nil))
        #expect(scene.state(1) == .available)
    }

    @Test func `a member who is rung elsewhere is not rung here`() {
        var scene = QueueScene(.ringAll, members: 1)
        scene.play(.engaged(1, .ringing))
        let caller = scene.enter()
        #expect(scene.state(1) == .busy)
        #expect(scene.rung(for: caller).isEmpty)
        #expect(scene.play(.engaged(1, .free)) == [.offer(caller, to: [1])])
    }
}
