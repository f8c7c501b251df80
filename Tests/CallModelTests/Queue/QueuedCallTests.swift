import CallModel
import Testing
import Wire

struct QueuedCallTests {
    private static let ticket = QueueTicket(name: "sales", longestWait: .seconds(300))

    private func waiting(_ direction: CallDirection = .incoming) -> Scene {
        var scene = Scene(
            CallPlan(callers: [.trunk], callerState: .ready, callees: [], queue: Self.ticket), direction: direction)
        scene.play(.queue("sales", .welcome))
        return scene
    }

    @Test func `a caller is answered with music when the queue welcomes it, and the record goes on ringing`() {
        var scene = Scene(
            CallPlan(callers: [.trunk], callerState: .ready, callees: [], queue: Self.ticket), direction: .incoming)
        #expect(
            scene.effects == [
                .record, .notify(.created), .record, .notify(.ringing), .tellQueue("sales", .entered),
            ])
        #expect(scene.play(.queue("sales", .welcome)) == [.entertain(1)])
        #expect(scene.call.record.state == .ringing)
        #expect(scene.call.record.answeredAt == nil)
    }

    @Test func `the member who answers has the call, and the record says when`() {
        var scene = waiting()
        scene.wait(seconds: 12)
        scene.play(.queue("sales", .offer([Parties.phone2, Parties.phone3])))
        scene.play(.ringing(2))
        let joined = scene.play(.answered(3))
        #expect(
            joined == [
                .release(2, .answeredElsewhere), .forget(2), .bridge(1, 3), .record, .notify(.answered),
                .tellQueue("sales", .joined(by: 3)),
            ])
        #expect(scene.call.record.state == .answered)
        #expect(scene.call.record.assignedUserID == 3)
        #expect(scene.call.record.answeredByUserID == 3)
        scene.wait(seconds: 5)
        scene.play(.gone(1, .hungUp))
        #expect(scene.call.record.state == .completed)
        #expect(scene.call.record.duration == 5)
        #expect(scene.effects.filter { $0 == .tellQueue("sales", .left) }.isEmpty)
    }

    @Test func `a caller who gives up is missed, and members stop ringing`() {
        var scene = waiting()
        scene.play(.queue("sales", .offer([Parties.phone2])))
        scene.play(.gone(1, .hungUp))
        #expect(scene.released(2) == .callerGaveUp)
        #expect(scene.call.record.state == .missed)
        #expect(scene.call.record.answeredAt == nil)
        #expect(scene.effects.filter { $0 == .tellQueue("sales", .left) }.count == 1)
        #expect(scene.endings == 1)
    }

    @Test func `a member is out of the question only when all their devices are`() {
        var scene = waiting()
        scene.play(.queue("sales", .offer([Parties.phone2, Parties.page2])))
        scene.play(.ringing(3))
        #expect(scene.play(.failed(2, .status(486))) == [.release(2, .rejected(status: 486)), .forget(2)])
        #expect(scene.play(.declined(userID: 2)).last == .tellQueue("sales", .refused(by: 2)))
        #expect(scene.call.legs.map(\.id) == [1])
    }

    @Test func `a page that takes the call stops the others, and one that never comes gives it back`() {
        var scene = waiting()
        scene.play(.queue("sales", .offer([Parties.page2, Parties.phone3])))
        scene.play(.ringing(2))
        #expect(scene.play(.accepted(userID: 2)).last == .tellQueue("sales", .taken(by: 2)))
        #expect(scene.released(3) == .answeredElsewhere)
        #expect(scene.play(.queue("sales", .offer([Parties.phone1]))).isEmpty)
        scene.wait(seconds: 31)
        #expect(
            scene.play(.deadline) == [.release(2, .normal), .forget(2), .tellQueue("sales", .refused(by: 2))])
        #expect(scene.call.isQueued)
        scene.play(.queue("sales", .offer([Parties.phone3])))
        #expect(scene.play(.answered(4)).contains(.bridge(1, 4)))
    }

    @Test func `the overflow rings, and without anybody the caller hears that nobody answers`() {
        var scene = waiting()
        #expect(
            scene.play(.queue("sales", .leave(to: .parties([.outside(trunk: "b", number: "555")]))))
                == [.tellQueue("sales", .left), .ring(1), .reach(2, autoAnswer: false)])
        #expect(scene.play(.queue("sales", .offer([Parties.phone2]))).isEmpty)
        #expect(
            scene.play(.failed(2, .status(486))) == [
                .release(2, .rejected(status: 486)), .forget(2), .signal(1, .busy),
            ])
        #expect(scene.endings == 0)
        scene.wait(seconds: 3)
        scene.play(.deadline)
        #expect(scene.call.record.state == .busy)
        #expect(scene.endings == 1)
        var other = waiting()
        #expect(other.play(.queue("sales", .leave(to: .nowhere))) == [.tellQueue("sales", .left), .signal(1, .busy)])
        other.wait(seconds: 3)
        other.play(.deadline)
        #expect(other.call.record.state == .noAnswer)
        #expect(other.released(1) == .rejected(status: 480))
    }

    @Test func `who was not answered by the queue is told by the response alone`() {
        var scene = Scene(
            CallPlan(callers: [.trunk], callerState: .ready, callees: [], queue: Self.ticket), direction: .incoming)
        scene.play(.queue("sales", .leave(to: .nowhere)))
        #expect(scene.released(1) == .rejected(status: 480) && scene.endings == 1)
    }

    @Test func `whose time in the queue is up hears it, and the queue is told once`() {
        var scene = waiting()
        scene.play(.queue("sales", .offer([Parties.phone2])))
        scene.wait(seconds: 360)
        let effects = scene.play(.deadline)
        #expect(effects == [.release(2, .callerGaveUp), .tellQueue("sales", .left), .signal(1, .busy)])
        scene.play(.gone(1, .hungUp))
        #expect(scene.endings == 1 && scene.call.record.state == .noAnswer)
        #expect(scene.effects.filter { $0 == .tellQueue("sales", .left) }.count == 1)
    }

    @Test func `whom the queue sends on at once was not answered before, and rings`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [], queue: Self.ticket))
        let sent = scene.play(.queue("sales", .leave(to: .parties([Parties.phone2]))))
        #expect(sent == [.tellQueue("sales", .left), .ring(1), .reach(2, autoAnswer: false)])
        #expect(scene.play(.answered(2)).contains(.bridge(1, 2)))
        #expect(scene.call.record.answeredByUserID == 2)
    }

    @Test func `one queue hands on to another`() {
        var scene = waiting()
        let next = QueueTicket(name: "all", longestWait: .seconds(60))
        #expect(
            scene.play(.queue("sales", .leave(to: .queue(next)))) == [
                .tellQueue("sales", .left), .tellQueue("all", .entered),
            ])
        #expect(scene.play(.queue("all", .welcome)).isEmpty)
        scene.play(.queue("all", .offer([Parties.phone2])))
        #expect(scene.play(.answered(2)).contains(.tellQueue("all", .joined(by: 2))))
    }

    @Test func `a page that calls a queue enters it with its offer`() {
        var scene = Scene(CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [], queue: Self.ticket))
        #expect(!scene.effects.contains(.tellQueue("sales", .entered)))
        #expect(scene.play(.offered(1)).contains(.tellQueue("sales", .entered)))
    }

    @Test func `a blind transfer into a queue lets the transferor go at once and counts when a member answers`() {
        var scene = Scene.talking(direction: .incoming)
        let request = TransferRequest(
            by: .user(2), target: "2000", parties: [], targetUserID: nil, reason: nil, queue: Self.ticket)
        let caused = scene.play(.transfer(request))
        #expect(caused.contains(.park(1, music: true)))
        #expect(caused.suffix(2) == [.release(2, .transferred), .tellQueue("sales", .entered)])
        #expect(scene.call.record.state == .transferring)
        #expect(scene.play(.queue("sales", .welcome)).isEmpty)
        scene.play(.queue("sales", .offer([Parties.phone3])))
        let joined = scene.play(.answered(3))
        #expect(joined.contains(.notify(.transferred(fromUserID: 2, toUserID: 3))))
        #expect(scene.call.record.transferCount == 1)
        #expect(scene.call.record.answeredByUserID == 2)
        #expect(scene.call.record.assignedUserID == 3)
    }

    @Test func `a transferred caller who gives up in the queue had a conversation before`() {
        var scene = Scene.talking(direction: .incoming)
        scene.play(
            .transfer(
                TransferRequest(
                    by: .user(2), target: "2000", parties: [], targetUserID: nil, reason: nil, queue: Self.ticket)))
        scene.wait(seconds: 7)
        scene.play(.gone(1, .hungUp))
        #expect(scene.call.record.state == .completed)
        #expect(scene.call.record.duration == 7)
        #expect(scene.effects.filter { $0 == .tellQueue("sales", .left) }.count == 1)
    }

    @Test func `a queue that forgets its caller does not keep the call`() {
        var scene = waiting()
        for seconds in [361, 3] {
            scene.wait(seconds: seconds)
            scene.play(.deadline)
        }
        #expect(scene.call.record.state == .noAnswer)
        #expect(scene.endings == 1)
    }
}
