import CallModel
import Testing
import Wire

struct EndingTests {
    @Test(arguments: [
        (486, CallState.busy, EndReason.busy), (600, .busy, .busy), (603, .rejected, .rejected),
        (403, .rejected, .forbidden), (480, .noAnswer, .unavailable), (404, .failed, .notFound),
        (488, .failed, .noSharedCodec), (500, .failed, .upstreamFailed), (503, .failed, .signallingFailed),
    ]) func `a refused call ends as the answer says`(status: Int, state: CallState, reason: EndReason) {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]))
        scene.play(.failed(2, .status(status)))
        #expect(scene.call.record.state == state)
        #expect(scene.call.record.endReason == reason)
        #expect(scene.released(1) == .rejected(status: status))
    }

    /// A challenge, a redirection or a refusal of what we sent means nothing to the caller (RFC 3261 21.3, 21.4).
    @Test(arguments: [(302, 480), (401, 403), (407, 403), (415, 500), (420, 500), (422, 500), (481, 480), (487, 480)])
    func `a status about our own request is not handed on`(status: Int, told: Int) {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [.trunk]))
        scene.play(.failed(2, .status(status)))
        #expect(scene.released(1) == .rejected(status: told))
    }

    @Test func `a request nobody answers ends by the timer of signalling`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [.trunk]))
        scene.play(.failed(2, .status(408)))
        #expect(scene.call.record.state == .noAnswer)
        #expect(scene.call.record.endReason == .signallingTimeout)
        #expect(scene.released(1) == .rejected(status: 480))
    }

    @Test func `of several failures the caller hears the most telling`() {
        var scene = Scene(
            CallPlan(
                callers: [Parties.phone1], callerState: .ready,
                callees: [Parties.phone2, Parties.phone3, Parties.page2]))
        scene.play(.failed(2, .unreachable))
        scene.play(.failed(3, .status(486)))
        scene.play(.failed(4, .status(480)))
        #expect(scene.call.record.state == .busy)
        #expect(scene.released(1) == .rejected(status: 486))
    }

    @Test func `nobody answering in time is no answer, and 480 for the caller`() {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]))
        scene.play(.ringing(2))
        scene.wait(seconds: 60)
        scene.play(.deadline)
        #expect(scene.call.record.state == .noAnswer)
        #expect(scene.call.record.endReason == .noAnswer)
        #expect(scene.released(1) == .rejected(status: 480))
        #expect(scene.released(2) != nil)
    }

    @Test(arguments: [(CallDirection.incoming, CallState.missed), (.outgoing, .cancelled), (.internal, .cancelled)])
    func `a caller who gives up leaves a missed or cancelled call`(direction: CallDirection, state: CallState) {
        var scene = Scene(
            CallPlan(callers: [.trunk], callerState: .ready, callees: [Parties.phone2]), direction: direction)
        scene.play(.ringing(2))
        scene.play(.gone(1, .cancelled))
        #expect(scene.call.record.state == state)
        #expect(scene.released(2) == .callerGaveUp)
    }

    @Test func `a caller who is lost before the answer did not give up`() {
        var scene = Scene(
            CallPlan(callers: [.trunk], callerState: .ready, callees: [Parties.phone2]), direction: .incoming)
        scene.play(.ringing(2))
        scene.play(.gone(1, .sessionLost))
        #expect(scene.call.record.state == .missed)
        #expect(scene.call.record.endReason == .signallingTimeout)
        #expect(scene.released(2) == .callerGaveUp)
    }

    @Test func `a user's refusal refuses for all devices`() {
        var scene = Scene(
            CallPlan(callers: [.trunk], callerState: .ready, callees: [Parties.phone2, Parties.page2]),
            direction: .incoming)
        scene.play(.ringing(3))
        scene.play(.declined(userID: 2))
        #expect(scene.call.record.state == .rejected)
        #expect(scene.released(1) == .rejected(status: 603))
        #expect(scene.notices.contains(.rejected(userID: 2)))
    }

    @Test func `media that dies ends the call with its reason`() {
        var scene = Scene.talking()
        scene.play(.gone(2, .mediaLost))
        #expect(scene.call.record.endReason == .mediaTimeout)
        #expect(scene.released(1) == .mediaTimeout)
    }

    @Test(
        arguments: [
            (1, EndReason.callerHangup), (2, .calleeHangup), (9, .commandHangup), (nil, .commandHangup),
        ] as [(Int64?, EndReason)])
    func `a command ends the call as its party or as a stranger to it`(userID: Int64?, reason: EndReason) {
        var scene = Scene.talking()
        scene.play(.hangUp(userID: userID))
        #expect(scene.call.record.endReason == reason)
    }

    /// 1001 was called and has answered, and 1002 is being rung.
    private func calledCaller() -> Scene {
        var scene = Scene(
            CallPlan(callers: [Parties.phone1], callerState: .calling, callees: [Parties.phone2]),
            direction: .outgoing)
        scene.play(.ringing(1))
        scene.play(.answered(1))
        scene.play(.ringing(2))
        return scene
    }

    @Test(arguments: [
        (LegFailure.status(486), CallSignal.busy, CallState.busy), (.status(404), .busy, .failed),
        (.status(500), .congestion, .failed), (.unreachable, .congestion, .failed),
    ])
    func `a caller who was called hears for three seconds why nobody came, then the call ends`(
        failure: LegFailure, signal: CallSignal, state: CallState
    ) {
        var scene = calledCaller()
        let effects = scene.play(.failed(2, failure))
        #expect(effects.last == .signal(1, signal))
        #expect(scene.endings == 0)
        scene.wait(seconds: 2)
        #expect(scene.play(.deadline).isEmpty)
        scene.wait(seconds: 1)
        scene.play(.deadline)
        #expect(scene.endings == 1)
        #expect(scene.call.record.state == state)
    }

    @Test func `a page that has heard the far end hears why it does not answer, and any other is told at once`() {
        let plan = CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [.trunk])
        var scene = Scene(plan)
        scene.play(.offered(1))
        #expect(scene.play(.earlyMedia(2)).contains(.bridgeEarly(caller: 1, callee: 2)))
        #expect(scene.play(.failed(2, .status(503))).last == .signal(1, .congestion))
        #expect(scene.endings == 0)
        scene.wait(seconds: 3)
        scene.play(.deadline)
        #expect(scene.endings == 1 && scene.released(1) == .rejected(status: 503))
        var deaf = Scene(plan)
        deaf.play(.offered(1))
        deaf.play(.ringing(2))
        deaf.play(.failed(2, .status(486)))
        #expect(deaf.endings == 1 && deaf.call.record.state == .busy)
    }

    @Test func `who is left alone by a transfer that fails hears why the call ends`() {
        var scene = Scene.talking()
        scene.play(
            .transfer(
                TransferRequest(by: .leg(2), target: "1003", parties: [Parties.phone3], targetUserID: nil, reason: nil))
        )
        scene.play(.gone(2, .hungUp))
        let effects = scene.play(.failed(3, .status(486)))
        #expect(effects.last == .signal(1, .busy) && scene.endings == 0)
        scene.wait(seconds: 3)
        scene.play(.deadline)
        #expect((scene.call.record.state, scene.call.record.endReason) == (.completed, .unavailable))
        #expect(scene.released(1) == .normal && scene.endings == 1)
    }

    @Test func `nobody answers a caller who was called: they hear it, and no device goes on ringing`() {
        var scene = calledCaller()
        scene.wait(seconds: 60)
        #expect(scene.play(.deadline) == [.release(2, .callerGaveUp), .signal(1, .busy)])
        scene.play(.gone(1, .hungUp))
        #expect(scene.endings == 1)
        #expect(scene.call.record.state == .noAnswer)
    }

    @Test func `nothing happens after the end`() {
        var scene = Scene.talking()
        scene.play(.gone(2, .hungUp))
        let count = scene.effects.count
        for input: CallInput in [
            .begin, .ringing(2), .answered(2), .failed(1, .timeout), .gone(1, .hungUp), .hold(true, by: .user(nil)),
            .hangUp(userID: nil), .deadline, .shutDown, .declined(userID: nil), .accepted(userID: nil), .yielded([1]),
            .replaced(1, by: .trunk), .rejoined(1, keepsMedia: true), .reconnected(1),
        ] { scene.play(input) }
        #expect(scene.effects.count == count)
    }

    /// Any inputs in any order: the call ends exactly once, at the latest by its deadline, and every leg is released.
    @Test(arguments: 0..<600) func `every call ends once whatever happens`(seed: Int) {
        var entropy = Entropy(seed: UInt64(seed))
        let plans = [
            CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2, Parties.page2]),
            CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [.trunk]),
            CallPlan(callers: [Parties.phone1, Parties.page1], callerState: .calling, callees: [Parties.phone2]),
            CallPlan(callers: [Parties.phone1], callerState: .ready, callees: []),
            CallPlan(callers: [Parties.page1], callerState: .awaited, callees: [Parties.page2]),
            CallPlan(callers: [.visitor], callerState: .awaited, callees: [.builtIn(.music)]),
        ]
        var scene = Scene(plans[seed % plans.count], direction: seed.isMultiple(of: 2) ? .incoming : .outgoing)
        for _ in 0..<60 {
            scene.wait(seconds: Int.random(in: 0...5, using: &entropy))
            scene.play(Self.randomInput(scene.call.legs.count, &entropy))
        }
        for _ in 0..<5 {
            scene.now = max(scene.now, scene.call.deadline == .never ? scene.now : scene.call.deadline)
            scene.play(.deadline)
        }
        #expect(scene.endings == 1, "seed \(seed)")
        #expect(scene.call.record.state.isTerminal, "seed \(seed)")
        #expect(scene.call.legs.allSatisfy { $0.state == .over }, "seed \(seed)")
        #expect(scene.notices.filter { $0 == .ended }.count == 1, "seed \(seed)")
        #expect(scene.call.record.duration != nil && !scene.call.record.isOnHold, "seed \(seed)")
    }

    private static func randomInput(_ legs: Int, _ entropy: inout Entropy) -> CallInput {
        let leg = LegID(rawValue: Int.random(in: 1...max(legs, 1), using: &entropy))
        let user: Int64? = [nil, 1, 2, 3][Int.random(in: 0..<4, using: &entropy)]
        let request = TransferRequest(
            by: .user(user), target: "1003", parties: [Parties.phone3, .user(3)], targetUserID: 3, reason: nil)
        var referral = request
        referral.refersFarEnd = true
        let state: LegState = [.up, .ringing, .calling][Int.random(in: 0..<3, using: &entropy)]
        let adopted = AdoptedLeg(id: leg, party: Parties.phone3, state: state, isHolding: Bool.random(using: &entropy))
        let adoption = Adoption(request: request, legs: [adopted])
        let inputs: [CallInput] = [
            .adopt(adoption), .replaced(leg, by: Parties.phone3), .transfer(referral),
            .referProgress(leg, status: [100, 200, 486][Int.random(in: 0..<3, using: &entropy)]),
            .gone(leg, .sessionLost), .gone(leg, .disconnected), .gone(leg, .mediaClosed),
            .rejoined(leg, keepsMedia: Bool.random(using: &entropy)), .reconnected(leg),
            .ringing(leg), .ringing(leg), .earlyMedia(leg), .answered(leg), .offered(leg), .accepted(userID: user),
            .hold(true, by: .user(user)), .hold(false, by: .user(user)), .hold(true, by: .leg(leg)),
            .transfer(request), .failed(leg, .status(486)), .gone(leg, .hungUp), .deadline,
        ]
        return inputs[Int.random(in: 0..<inputs.count, using: &entropy)]
    }
}
