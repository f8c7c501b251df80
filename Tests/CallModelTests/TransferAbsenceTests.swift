import CallModel
import Testing
import Wire

/// A page that goes away while somebody is being transferred.
struct TransferAbsenceTests {
    /// The page of user 1 (leg 1) talked to phone 1002 (leg 2), one of whom sends the other to phone 1003 (leg 3).
    private static func transferring(by author: LegID, resuming: Duration = .seconds(20)) -> Scene {
        var timing = CallTiming()
        timing.resuming = resuming
        var scene = Scene(
            CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [Parties.phone2]), timing: timing)
        scene.play(.offered(1))
        scene.play(.answered(2))
        scene.play(
            .transfer(
                TransferRequest(
                    by: .leg(author), target: "1003", parties: [Parties.phone3], targetUserID: 3, reason: nil)))
        scene.wait(seconds: 1)
        return scene
    }

    @Test func `a page that is transferred keeps its place, and hears again what it heard`() {
        var scene = Self.transferring(by: 2)
        #expect(scene.play(.gone(1, .disconnected)) == [])
        #expect(scene.call.keepsPlace(1) && scene.call.record.state == .transferring)
        scene.play(.rejoined(1, keepsMedia: false))
        #expect(scene.play(.reconnected(1)) == [.park(1, music: true)])
        scene.play(.ringing(3))
        scene.play(.gone(1, .disconnected))
        #expect(scene.play(.rejoined(1, keepsMedia: true)) == [.park(1, music: true), .ring(1)])
        #expect(scene.play(.answered(3)).prefix(1) == [.bridge(1, 3)])
    }

    @Test func `a target that answers while the transferred page is away hears music until it is back`() {
        var scene = Self.transferring(by: 2)
        scene.play(.gone(1, .disconnected))
        let effects = scene.play(.answered(3))
        #expect(effects.prefix(2) == [.park(1, music: false), .park(3, music: true)])
        #expect(effects.contains(.release(2, .transferred)))
        #expect(scene.call.record.state == .answered && !scene.call.isWhole)
        scene.play(.rejoined(1, keepsMedia: false))
        #expect(scene.play(.reconnected(1)) == [.bridge(1, 3)])
        #expect(scene.call.isWhole && scene.call.deadline == scene.now + scene.call.timing.longest)
    }

    @Test(arguments: [false, true]) func `a transferred page that never comes back ends the call in its time`(
        isAnswered: Bool
    ) {
        var scene = Self.transferring(by: 2)
        scene.play(.gone(1, .disconnected))
        if isAnswered { scene.play(.answered(3)) }
        scene.wait(seconds: 19)
        #expect(scene.play(.deadline) == [])
        scene.wait(seconds: 1)
        #expect(scene.call.deadline == scene.now)
        scene.play(.deadline)
        #expect((scene.call.record.state, scene.call.record.endReason) == (.completed, .signallingFailed))
        #expect(scene.endings == 1 && scene.released(2) != nil && scene.released(3) != nil)
    }

    @Test func `a page that transfers keeps its place for the case that the target refuses`() {
        var scene = Self.transferring(by: 1)
        #expect(scene.play(.gone(1, .disconnected)) == [])
        let back = scene.play(.failed(3, .status(486)))
        #expect(back.contains(.park(2, music: true)) && back.contains(.notify(.transferFailed(fromUserID: 1))))
        #expect(scene.call.record.state == .answered)
        scene.play(.rejoined(1, keepsMedia: false))
        #expect(scene.play(.reconnected(1)) == [.bridge(2, 1)])
        #expect(scene.call.isWhole)
    }

    @Test func `a page that transfers and comes back during it waits in silence`() {
        var scene = Self.transferring(by: 1)
        scene.play(.gone(1, .mediaLost))
        #expect(scene.call.lacksMedia(1))
        #expect(scene.play(.reconnected(1)) == [.park(1, music: false)])
        #expect(scene.play(.failed(3, .status(486))).contains(.bridge(2, 1)))
    }

    @Test func `a page that transfers is let go when the target answers, away or not`() {
        var scene = Self.transferring(by: 1)
        scene.play(.gone(1, .disconnected))
        let effects = scene.play(.answered(3))
        #expect(effects.prefix(1) == [.bridge(2, 3)] && effects.contains(.release(1, .transferred)))
        #expect(scene.call.isWhole && !scene.call.keepsPlace(1))
        #expect(scene.call.deadline == scene.now + scene.call.timing.longest)
        #expect(scene.play(.rejoined(1, keepsMedia: false)) == [])
    }

    @Test func `a page that transfers and never comes back is let go, and the transfer goes on`() {
        var scene = Self.transferring(by: 1)
        let end = scene.call.deadline
        scene.play(.gone(1, .disconnected))
        scene.wait(seconds: 20)
        #expect(scene.play(.deadline) == [.release(1, .normal)])
        #expect(scene.call.deadline == end && scene.call.record.state == .transferring)
        #expect(scene.play(.answered(3)).prefix(1) == [.bridge(2, 3)])
        #expect(scene.endings == 0)
    }

    @Test func `a target that takes too long is given up while a page is away, too`() {
        var scene = Self.transferring(by: 1, resuming: .seconds(120))
        scene.play(.gone(1, .disconnected))
        scene.wait(seconds: 60)
        #expect(scene.play(.deadline).contains(.release(3, .callerGaveUp)))
        #expect(scene.call.record.state == .answered && scene.call.keepsPlace(1))
    }

    @Test func `a page that hangs up leaves at once, as it did`() {
        var scene = Self.transferring(by: 1)
        scene.play(.gone(1, .mediaLost))
        #expect(scene.play(.gone(1, .hungUp)) == [.release(1, .normal)])
        #expect(scene.call.record.state == .transferring && scene.call.isTransferring)
    }

    @Test func `where no place is kept a transferred page that goes away ends the call at once`() {
        var scene = Self.transferring(by: 2, resuming: .zero)
        scene.play(.gone(1, .disconnected))
        #expect((scene.endings, scene.call.record.endReason) == (1, .signallingFailed))
    }
}
