import CallModel
import Testing
import Wire

struct SetupTests {
    @Test func `a phone calls a phone: ring, answer, talk, hang up`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]))
        #expect(scene.effects == [.record, .notify(.created), .reach(2, autoAnswer: false)])
        #expect(scene.play(.ringing(2)) == [.ring(1), .record, .notify(.ringing)])
        scene.wait(seconds: 4)
        #expect(scene.play(.answered(2)) == [.bridge(1, 2), .record, .notify(.answered)])
        #expect(scene.call.record.state == .answered)
        scene.wait(seconds: 10)
        #expect(
            scene.play(.gone(1, .hungUp)) == [
                .release(1, .normal), .release(2, .normal), .record, .notify(.ended), .finish,
            ])
        #expect(scene.call.record.state == .completed)
        #expect(scene.call.record.endReason == .callerHangup)
        #expect(scene.call.record.duration == 10)
        #expect(scene.call.record.answeredByUserID == 2)
    }

    @Test func `the first of many devices wins and the others are told so`() {
        var scene = Scene(
            CallPlan(
                callers: [Parties.phone1], callerState: .ready,
                callees: [Parties.phone2, Parties.phone3, Parties.page2]))
        for leg in [2, 3, 4] { scene.play(.ringing(LegID(rawValue: leg))) }
        #expect(scene.notices.filter { $0 == .ringing }.count == 1)
        scene.play(.answered(3))
        #expect(scene.released(2) == .answeredElsewhere)
        #expect(scene.released(4) == .answeredElsewhere)
        #expect(scene.play(.answered(2)).isEmpty)
        #expect(scene.call.phase == .talking(1, 3))
    }

    @Test func `a page that takes the call stops the others before its offer is here`() {
        var scene = Scene(
            CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2, Parties.page2]))
        scene.play(.ringing(2))
        scene.play(.ringing(3))
        scene.play(.accepted(userID: 2))
        #expect(scene.released(2) == .answeredElsewhere)
        #expect(scene.call.record.state == .ringing)
        #expect(scene.play(.offered(3)) == [.bridge(1, 3), .record, .notify(.answered)])
    }

    @Test func `a page that never brings its offer ends the call`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.page2]))
        scene.play(.ringing(2))
        scene.play(.accepted(userID: 2))
        scene.wait(seconds: 31)
        scene.play(.deadline)
        #expect(scene.call.record.endReason == .neverJoined)
        #expect(scene.endings == 1)
    }

    @Test func `a calling page is connected when both it and the far end are ready, in either order`() {
        for offersFirst in [true, false] {
            var scene = Scene(CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [Parties.phone2]))
            let steps: [CallInput] = offersFirst ? [.offered(1), .answered(2)] : [.answered(2), .offered(1)]
            #expect(!scene.play(steps[0]).contains(.bridge(1, 2)))
            #expect(scene.play(steps[1]).first == .bridge(1, 2))
        }
    }

    @Test func `a caller who cannot be told of the answer yet is connected when it can`() {
        var scene = Scene.withheld()
        #expect(scene.call.record.state == .ringing)
        #expect(scene.notices.last == .ringing)
        scene.wait(seconds: 2)
        #expect(scene.play(.acceptable(1)) == [.bridge(1, 2), .record, .notify(.answered)])
        #expect(scene.call.record.answeredAt == WallTime(milliseconds: Scene.epoch + 2000))
    }

    @Test func `a callee who leaves before the caller could be told of the answer was never talked to`() {
        var scene = Scene.withheld()
        scene.play(.gone(2, .hungUp))
        #expect(scene.released(1) == .normal)
        #expect(scene.call.record.state == .failed)
        #expect(scene.call.record.endReason == .calleeHangup)
        #expect(scene.call.record.answeredAt == nil)
    }

    @Test func `a caller who gives up before it could be told of the answer has cancelled`() {
        var scene = Scene.withheld()
        scene.play(.gone(1, .cancelled))
        #expect(scene.call.record.state == .cancelled)
        #expect(scene.call.record.endReason == .callerCancelled)
    }

    @Test func `a caller who can never be told of the answer ends the call`() {
        var scene = Scene.withheld()
        scene.wait(seconds: 31)
        scene.play(.deadline)
        #expect(scene.call.record.state == .failed)
        #expect(scene.call.record.endReason == .signallingTimeout)
        #expect(scene.released(2) == .rejected(status: 480))
    }

    @Test func `a caller who is ready for the answer before there is one changes nothing`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]))
        scene.call.withholdCaller()
        #expect(scene.play(.acceptable(1)).isEmpty)
        #expect(scene.play(.answered(2)).first == .bridge(1, 2))
    }

    @Test func `a callee who holds before the two are joined has a conversation that begins on hold`() {
        var scene = Scene.withheld()
        #expect(scene.play(.hold(true, by: .leg(2))).isEmpty)
        #expect(!scene.call.record.isOnHold)
        let joined = scene.play(.acceptable(1))
        #expect(
            joined.suffix(4) == [
                .park(1, music: true), .park(2, music: false), .record, .notify(.held(true, userID: 2)),
            ])
        #expect(scene.call.record.state == .held)
        var back = Scene.withheld()
        back.play(.hold(true, by: .leg(2)))
        back.play(.hold(false, by: .leg(2)))
        #expect(back.play(.acceptable(1)).last == .notify(.answered))
    }

    @Test func `a built-in number answers at once`() {
        let scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [.builtIn(.echo)]))
        #expect(scene.call.record.state == .answered)
        #expect(scene.effects.contains(.bridge(1, 2)))
    }

    @Test func `click-to-call rings the caller's devices first`() {
        var scene = Scene(
            CallPlan(
                callers: [Parties.phone1, Parties.page1], callerState: .calling, callees: [Parties.phone2],
                autoAnswer: true))
        #expect(scene.effects.suffix(2) == [.reach(1, autoAnswer: true), .reach(2, autoAnswer: true)])
        #expect(scene.play(.answered(1)) == [.release(2, .answeredElsewhere), .reach(3, autoAnswer: false)])
        #expect(scene.play(.answered(3)).first == .bridge(1, 3))
    }

    @Test func `a caller who was called hears the far end ring, once`() {
        var scene = Scene(
            CallPlan(
                callers: [Parties.phone1], callerState: .calling, callees: [Parties.phone2, Parties.phone3]))
        #expect(scene.play(.ringing(1)) == [.record, .notify(.ringing)])
        scene.play(.answered(1))
        #expect(scene.play(.ringing(2)) == [.ring(1)])
        #expect(scene.play(.ringing(3)).isEmpty)
    }

    @Test func `early media is passed on from a single callee only`() {
        var one = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [.trunk]))
        let heard = one.play(.earlyMedia(2))
        #expect(heard.contains(.bridgeEarly(caller: 1, callee: 2)))
        #expect(!heard.contains(.ring(1)))
        var two = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [.trunk, Parties.phone2]))
        let unheard = two.play(.earlyMedia(2))
        #expect(!unheard.contains(.bridgeEarly(caller: 1, callee: 2)))
        #expect(unheard.contains(.ring(1)))
    }
}
