import CallModel
import Testing
import Wire

struct HoldTests {
    @Test func `the party on hold hears music, the holder silence, and the time is counted`() {
        var scene = Scene.talking()
        #expect(
            scene.play(.hold(true, by: .leg(2))) == [
                .park(1, music: true), .park(2, music: false), .record, .notify(.held(true, userID: 2)),
            ])
        #expect(scene.call.record.state == .held)
        #expect(scene.call.record.isOnHold)
        scene.wait(seconds: 7)
        #expect(scene.play(.hold(false, by: .leg(2))) == [.bridge(1, 2), .record, .notify(.held(false, userID: 2))])
        #expect(scene.call.record.holdSeconds == 7)
        #expect(scene.call.record.state == .answered)
    }

    @Test func `asking twice changes nothing`() {
        var scene = Scene.talking()
        scene.play(.hold(true, by: .user(1)))
        #expect(scene.play(.hold(true, by: .user(1))).isEmpty)
        scene.play(.hold(false, by: .user(1)))
        #expect(scene.play(.hold(false, by: .user(1))).isEmpty)
    }

    @Test func `the call resumes only when nobody holds it any more`() {
        var scene = Scene.talking()
        scene.play(.hold(true, by: .leg(1)))
        scene.play(.hold(true, by: .leg(2)))
        #expect(scene.play(.hold(false, by: .leg(1))).isEmpty)
        #expect(scene.play(.hold(false, by: .leg(2))).first == .bridge(1, 2))
    }

    @Test func `hold without a user of ours in the call parks the far end of an incoming call`() {
        var scene = Scene.talking(direction: .incoming)
        #expect(scene.play(.hold(true, by: .user(nil))).first == .park(1, music: true))
    }
}

struct TransferTests {
    static let request = TransferRequest(
        by: .user(2), target: "1003", parties: [Parties.phone3], targetUserID: 3, reason: "billing")

    @Test func `whoever waits for a target hears it ring`() {
        var scene = Scene.talking()
        scene.play(.transfer(Self.request))
        #expect(scene.play(.ringing(3)) == [.ring(1), .reportTransfer(status: 180)])
        #expect(scene.play(.ringing(3)).isEmpty)
    }

    @Test func `the target takes the transferor's place`() {
        var scene = Scene.talking()
        #expect(scene.play(.transfer(Self.request)).suffix(1) == [.reach(3, autoAnswer: false)])
        #expect(scene.call.record.state == .transferring)
        scene.play(.ringing(3))
        let done = scene.play(.answered(3))
        #expect(done.contains(.bridge(1, 3)))
        #expect(done.contains(.release(2, .transferred)))
        #expect(scene.call.record.transferCount == 1)
        #expect(scene.call.record.state == .answered)
        scene.play(.gone(3, .hungUp))
        #expect(scene.call.record.endReason == .calleeHangup)
    }

    @Test func `a target that refuses gives the call back`() {
        var scene = Scene.talking()
        scene.play(.transfer(Self.request))
        let back = scene.play(.failed(3, .status(486)))
        #expect(back.prefix(2) == [.release(3, .rejected(status: 486)), .bridge(1, 2)])
        #expect(back.last == .notify(.transferFailed(fromUserID: 2)))
        #expect(scene.call.record.state == .answered)
        #expect(scene.call.record.transferCount == 0)
    }

    @Test func `a transferor who leaves does not end it, unless the target then refuses`() {
        var scene = Scene.talking()
        scene.play(.transfer(Self.request))
        #expect(scene.play(.gone(2, .hungUp)) == [.release(2, .normal)])
        scene.play(.failed(3, .status(486)))
        scene.wait(seconds: 3)
        scene.play(.deadline)
        #expect(scene.call.record.state == .completed)
        #expect(scene.released(1) == .normal)
    }

    @Test func `a party who leaves while being transferred ends it for everybody`() {
        var scene = Scene.talking()
        scene.play(.transfer(Self.request))
        scene.play(.gone(1, .hungUp))
        #expect(scene.released(2) == .normal)
        #expect(scene.released(3) == .normal)
        #expect(scene.endings == 1)
    }
}
