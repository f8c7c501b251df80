import CallModel
import Testing
import Wire

/// A page that loses its socket or its media while it talks.
struct AbsenceTests {
    /// The page of user 1 (leg 1) talks to somebody else's device (leg 2).
    private static func talking(to callee: Party = Parties.phone2, resuming: Duration = .seconds(20)) -> Scene {
        var timing = CallTiming()
        timing.resuming = resuming
        var scene = Scene(
            CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [callee]), timing: timing)
        scene.play(.offered(1))
        scene.play(.ringing(2))
        scene.play(callee.isBrowser ? .offered(2) : .answered(2))
        scene.wait(seconds: 10)
        return scene
    }

    private static let ways: [(LegDeparture, EndReason)] = [
        (.disconnected, .signallingFailed), (.mediaLost, .mediaTimeout), (.mediaFailed, .mediaFailed),
        (.mediaClosed, .callerHangup),
    ]

    @Test(arguments: AbsenceTests.ways.map { $0.0 })
    func `whoever talks to a page that goes away hears music`(way: LegDeparture) {
        var scene = Self.talking()
        let version = scene.call.record
        #expect(scene.play(.gone(1, way)) == [.park(1, music: false), .park(2, music: true)])
        #expect(scene.call.record == version)
        #expect(!scene.call.isWhole)
    }

    @Test(arguments: AbsenceTests.ways) func `a page that does not come back ends the call as it would have at once`(
        way: LegDeparture, reason: EndReason
    ) {
        var scene = Self.talking()
        scene.play(.gone(1, way))
        scene.wait(seconds: 19)
        #expect(scene.play(.deadline) == [])
        scene.wait(seconds: 1)
        #expect(scene.call.deadline == scene.now)
        scene.play(.deadline)
        #expect((scene.call.record.state, scene.call.record.endReason) == (.completed, reason))
        #expect(scene.released(1) != nil && scene.released(2) != nil && scene.endings == 1)
    }

    @Test func `where no place is kept the call ends at once`() {
        var scene = Self.talking(resuming: .zero)
        scene.play(.gone(1, .disconnected))
        #expect((scene.endings, scene.call.record.endReason) == (1, .signallingFailed))
    }

    @Test func `a page that leaves ends the call at once`() {
        var scene = Self.talking()
        scene.play(.gone(1, .hungUp))
        #expect((scene.endings, scene.call.record.endReason) == (1, .callerHangup))
    }

    @Test(arguments: [LegDeparture.hungUp, .sessionLost, .mediaLost])
    func `a phone that goes away ends the call at once`(way: LegDeparture) {
        var scene = Self.talking()
        scene.play(.gone(2, way))
        #expect(scene.endings == 1)
    }

    @Test func `the other one may hang up meanwhile`() {
        var scene = Self.talking()
        scene.play(.gone(1, .disconnected))
        scene.play(.gone(2, .hungUp))
        #expect((scene.endings, scene.call.record.endReason) == (1, .calleeHangup))
    }

    @Test func `a command may end the call meanwhile`() {
        var scene = Self.talking()
        scene.play(.gone(1, .disconnected))
        scene.play(.hangUp(userID: 1))
        #expect((scene.endings, scene.call.record.endReason) == (1, .callerHangup))
    }

    @Test func `a reloaded page has its place first, and sound with its offer`() {
        var scene = Self.talking()
        let end = scene.call.deadline
        scene.play(.gone(1, .disconnected))
        scene.play(.gone(1, .mediaClosed))
        scene.wait(seconds: 3)
        #expect(scene.play(.rejoined(1, keepsMedia: false)) == [])
        #expect(scene.call.lacksMedia(1))
        #expect(scene.play(.reconnected(1)) == [.bridge(1, 2)])
        #expect(scene.call.isWhole && scene.call.deadline == end)
        #expect(scene.call.record.state == .answered && scene.call.legs.count == 2)
    }

    @Test func `a page that only lost its socket needs no offer`() {
        var scene = Self.talking()
        scene.play(.gone(1, .disconnected))
        #expect(scene.play(.rejoined(1, keepsMedia: true)) == [.bridge(1, 2)])
        #expect(scene.call.isWhole)
    }

    @Test func `media that was lost too cannot be kept`() {
        var scene = Self.talking()
        scene.play(.gone(1, .disconnected))
        scene.play(.gone(1, .mediaLost))
        #expect(scene.play(.rejoined(1, keepsMedia: true)) == [])
        #expect(scene.play(.reconnected(1)) == [.bridge(1, 2)])
    }

    @Test func `a page that takes the place and then says nothing has as long again`() {
        var scene = Self.talking()
        scene.play(.gone(1, .disconnected))
        scene.wait(seconds: 15)
        scene.play(.rejoined(1, keepsMedia: false))
        scene.wait(seconds: 15)
        #expect(scene.play(.deadline) == [])
        scene.wait(seconds: 5)
        scene.play(.deadline)
        #expect((scene.endings, scene.call.record.endReason) == (1, .signallingFailed))
    }

    @Test func `what is lost later does not keep the place for longer`() {
        var scene = Self.talking()
        scene.play(.gone(1, .disconnected))
        scene.wait(seconds: 15)
        scene.play(.gone(1, .mediaLost))
        scene.wait(seconds: 5)
        scene.play(.deadline)
        #expect((scene.endings, scene.call.record.endReason) == (1, .signallingFailed))
    }

    @Test func `another page in the place of one that is there makes the other one wait`() {
        var scene = Self.talking()
        #expect(
            scene.play(.rejoined(1, keepsMedia: false)) == [.park(1, music: false), .park(2, music: true)])
        #expect(scene.play(.reconnected(1)) == [.bridge(1, 2)])
    }

    @Test(arguments: [1, 2] as [Int64]) func `hold outlasts an absence, whoever holds`(holder: Int64) {
        var scene = Self.talking()
        scene.play(.hold(true, by: .user(holder)))
        #expect(scene.play(.gone(1, .disconnected)) == [])
        scene.play(.rejoined(1, keepsMedia: false))
        #expect(scene.play(.reconnected(1)) == [.park(1, music: holder == 2)])
        #expect(scene.call.record.state == .held)
        #expect(scene.play(.hold(false, by: .user(holder))).first == .bridge(1, 2))
    }

    @Test func `hold that ends while a page is away leaves the other one with music`() {
        var scene = Self.talking()
        scene.play(.hold(true, by: .leg(2)))
        scene.play(.gone(1, .disconnected))
        let effects = scene.play(.hold(false, by: .leg(2)))
        #expect(effects.prefix(2) == [.park(1, music: false), .park(2, music: true)])
        scene.play(.rejoined(1, keepsMedia: false))
        #expect(scene.play(.reconnected(1)) == [.bridge(1, 2)])
    }

    @Test func `two pages may be away at once`() {
        var scene = Self.talking(to: Parties.page2)
        scene.play(.gone(1, .disconnected))
        scene.wait(seconds: 5)
        #expect(scene.play(.gone(2, .disconnected)) == [.park(1, music: false), .park(2, music: false)])
        scene.play(.rejoined(1, keepsMedia: false))
        #expect(scene.play(.reconnected(1)) == [.park(1, music: true)])
        scene.play(.rejoined(2, keepsMedia: false))
        #expect(scene.play(.reconnected(2)) == [.bridge(1, 2)])
        #expect(scene.call.isWhole)
    }

    @Test func `nobody is transferred or brought to somebody who is away`() {
        var scene = Self.talking()
        scene.play(.gone(1, .disconnected))
        let request = TransferRequest(
            by: .leg(2), target: "1003", parties: [Parties.phone3], targetUserID: nil, reason: nil)
        #expect(scene.play(.transfer(request)) == [])
        #expect(scene.play(.replaced(2, by: Parties.phone3)) == [])
        #expect(!scene.call.canAdopt(by: .leg(2)) && scene.call.surrender(by: .leg(2)) == nil)
    }

    @Test func `a page that goes away before the answer gives up`() {
        var scene = Scene(CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [Parties.phone2]))
        scene.play(.offered(1))
        scene.play(.ringing(2))
        scene.play(.gone(1, .disconnected))
        #expect((scene.call.record.state, scene.call.record.endReason) == (.cancelled, .callerCancelled))
    }
}
