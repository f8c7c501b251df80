import CallModel
import Wire

/// A call under test with its clock: inputs go in by name, effects are kept.
struct Scene {
    var call: LiveCall
    var now = Instant(nanoseconds: 0)
    var effects: [CallEffect] = []

    static let epoch: Int64 = 1_700_000_000_000

    init(_ plan: CallPlan, direction: CallDirection = .internal, timing: CallTiming = CallTiming()) {
        var entropy = Entropy(seed: 1)
        let record = CallRecord(
            id: 1, uuid: UUID(using: &entropy), source: .sip, direction: direction, callerNumber: "1001",
            receiverNumber: "1002", startedAt: WallTime(milliseconds: Self.epoch))
        call = LiveCall(record: record, plan: plan, timing: timing, now: now)
        play(.begin)
    }

    @discardableResult
    mutating func play(_ input: CallInput) -> [CallEffect] {
        let wall = WallTime(milliseconds: Self.epoch + Int64(now.nanoseconds / 1_000_000))
        let caused = call.reduce(input, at: Moment(now: now, wall: wall))
        effects += caused
        return caused
    }

    mutating func wait(seconds: Int) { now = now + .seconds(seconds) }

    var endings: Int { effects.filter { $0 == .finish }.count }
    var notices: [CallNotice] {
        effects.compactMap { if case .notify(let notice) = $0 { notice } else { nil } }
    }

    func released(_ leg: Int) -> ReleaseCause? {
        effects.lazy.compactMap { effect in
            if case .release(LegID(rawValue: leg), let cause) = effect { cause } else { nil }
        }.first
    }
}

extension LegID: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int) { self.init(rawValue: value) }
}

enum Parties {
    static let phone1 = Party.phone(extension: "1001", contact: "a", userID: 1)
    static let phone2 = Party.phone(extension: "1002", contact: "b", userID: 2)
    static let phone3 = Party.phone(extension: "1003", contact: "c", userID: 3)
    static let page2 = Party.user(2)
    static let page1 = Party.user(1)
}

extension Scene {
    /// A phone called another one, which answered when the caller could not be told of it.
    static func withheld() -> Scene {
        var scene = Scene(CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]))
        scene.play(.earlyMedia(2))
        scene.call.withholdCaller()
        scene.play(.answered(2))
        return scene
    }

    /// A phone called another phone and it answered after `ringing` seconds.
    static func talking(direction: CallDirection = .internal, ringing: Int = 3) -> Scene {
        var scene = Scene(
            CallPlan(callers: [Parties.phone1], callerState: .ready, callees: [Parties.phone2]), direction: direction)
        scene.play(.ringing(2))
        scene.wait(seconds: ringing)
        scene.play(.answered(2))
        return scene
    }
}
