import CallModel
import Testing
import Wire

struct AttendedTransferTests {
    private static func adoption(_ legs: [AdoptedLeg], by author: HoldAuthor = .leg(2)) -> Adoption {
        let request = TransferRequest(by: author, target: "1003", parties: [], targetUserID: 3, reason: nil)
        return Adoption(request: request, legs: legs)
    }

    private static func leg(_ party: Party, _ state: LegState, isHolding: Bool = false) -> AdoptedLeg {
        AdoptedLeg(id: 2, party: party, state: state, isHolding: isHolding)
    }

    @Test func `whom the transferor talks to elsewhere takes its place at once`() {
        var scene = Scene.talking()
        scene.play(.hold(true, by: .leg(2)))
        let effects = scene.play(.adopt(Self.adoption([Self.leg(Parties.phone3, .up)])))
        #expect(
            effects == [
                .bridge(1, 3), .reportTransfer(status: 200), .release(2, .transferred), .record,
                .notify(.transferred(fromUserID: 2, toUserID: 3)),
            ])
        #expect(scene.call.phase == .talking(1, 3))
        #expect(scene.call.record.state == .answered)
        #expect(scene.call.record.transferCount == 1)
        #expect(scene.call.record.assignedUserID == 3)
        #expect(!scene.call.record.isOnHold)
    }

    @Test func `one who comes over while holding goes on holding`() {
        var scene = Scene.talking()
        let effects = scene.play(.adopt(Self.adoption([Self.leg(Parties.phone3, .up, isHolding: true)])))
        #expect(effects.contains(.park(1, music: true)))
        #expect(scene.call.record.isOnHold)
        #expect(scene.play(.hold(false, by: .leg(3))).first == .bridge(1, 3))
    }

    @Test func `one who is still rung becomes the target, and failing that the two talk on`() {
        var scene = Scene.talking()
        let effects = scene.play(.adopt(Self.adoption([Self.leg(Parties.phone3, .ringing)])))
        #expect(effects.prefix(2) == [.park(1, music: true), .park(2, music: false)])
        #expect(effects.last == .reportTransfer(status: 180))
        #expect(scene.call.record.state == .transferring)
        let failed = scene.play(.failed(3, .status(486)))
        #expect(failed.contains(.bridge(1, 2)))
        #expect(failed.contains(.reportTransfer(status: 486)))
        #expect(scene.call.record.transferCount == 0)
    }

    @Test func `a page that is rung is shown the call under its new name`() {
        var scene = Scene.talking()
        let effects = scene.play(.adopt(Self.adoption([Self.leg(.user(3), .ringing)])))
        #expect(effects.contains(.reach(3, autoAnswer: false)))
        #expect(scene.call.leg(3)?.state == .calling)
    }

    @Test func `the other call ends as transferred without touching the leg that lives on`() {
        var scene = Scene.talking()
        #expect(scene.call.surrender(by: .leg(1))?.legs.map(\.id) == [2])
        let effects = scene.play(.yielded([2]))
        #expect(effects == [.release(1, .transferred), .record, .notify(.ended), .finish])
        #expect(scene.call.record.state == .completed)
        #expect(scene.call.record.endReason == .transferred)
    }

    @Test func `a call that nobody answered yet can be taken along by its caller only`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]))
        scene.play(.ringing(2))
        #expect(scene.call.surrender(by: .leg(2)) == nil)
        #expect(scene.call.surrender(by: .user(9)) == nil)
        #expect(scene.call.surrender(by: .user(1))?.legs.map(\.state) == [.ringing])
        scene.play(.yielded([2]))
        #expect(scene.call.record.state == .cancelled)
    }
}

struct ReferralTests {
    private static func referring() -> Scene {
        var scene = Scene.talking()
        var request = TransferTests.request
        request.refersFarEnd = true
        scene.play(.transfer(request))
        return scene
    }

    @Test func `the far end is asked to call the target itself, and when it has, the call is over`() {
        var scene = Self.referring()
        #expect(scene.effects.last == .refer(1, target: "1003"))
        #expect(scene.play(.referProgress(1, status: 180)) == [.reportTransfer(status: 180)])
        let done = scene.play(.referProgress(1, status: 200))
        #expect(done.first == .reportTransfer(status: 200))
        #expect(scene.call.record.endReason == .transferred)
        #expect(scene.call.record.transferCount == 1)
        #expect(scene.endings == 1)
    }

    @Test func `a far end that hangs up instead of reporting has made the call`() {
        var scene = Self.referring()
        scene.play(.gone(1, .hungUp))
        #expect(scene.call.record.endReason == .transferred)
        #expect(scene.released(2) == .transferred)
    }

    @Test(arguments: [405, 501, 603]) func `a far end that refuses leaves the transfer to us`(status: Int) {
        var scene = Self.referring()
        #expect(scene.play(.referProgress(1, status: status)) == [.reach(3, autoAnswer: false)])
        #expect(scene.play(.answered(3)).contains(.bridge(1, 3)))
    }
}

struct ReplacementTests {
    @Test func `a session that replaces a talking leg takes its side and its partner`() {
        var scene = Scene.talking()
        let effects = scene.play(.replaced(2, by: Parties.phone2))
        #expect(effects == [.bridge(1, 3), .release(2, .transferred), .record])
        #expect(scene.call.phase == .talking(1, 3))
        scene.play(.gone(3, .hungUp))
        #expect(scene.call.record.endReason == .calleeHangup)
    }

    @Test func `somebody else's session counts as a transfer`() {
        var scene = Scene.talking()
        scene.play(.replaced(1, by: Parties.phone3))
        #expect(scene.call.record.transferCount == 1)
        #expect(scene.notices.last == .transferred(fromUserID: 1, toUserID: 3))
    }

    @Test func `picking up a ringing call stops every device that rang`() {
        var scene = Scene(
            CallPlan(
                callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2, Parties.page2]))
        scene.play(.ringing(2))
        let effects = scene.play(.replaced(2, by: Parties.phone3))
        #expect(effects.contains(.bridge(1, 4)))
        #expect(scene.released(2) == .answeredElsewhere)
        #expect(scene.released(3) == .answeredElsewhere)
        #expect(scene.call.record.answeredByUserID == 3)
    }

    @Test func `one who holds is succeeded by one who does not`() {
        var scene = Scene.talking()
        scene.play(.hold(true, by: .leg(2)))
        #expect(!scene.play(.replaced(2, by: Parties.phone2)).contains(.park(1, music: true)))
        #expect(!scene.call.record.isOnHold)
    }

    @Test func `a leg that is not there can be replaced by nobody`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]))
        #expect(!scene.call.canReplace(1))
        #expect(scene.play(.replaced(9, by: Parties.phone3)).isEmpty)
    }
}
