import SDP
import Testing
import Wire

@testable import CallModel

/// One call that went wrong in one way, and what must be found.
struct Ailment: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let legs: [LegFacts]
    var endReason: EndReason?
    var troubles: [LegTrouble] = []
    /// The call's states, a minute each; by themselves when empty.
    var states: [CallState] = []
    let finds: [Finding.Code]

    init(_ name: String, _ legs: [LegFacts], ended endReason: EndReason? = nil, finds: [Finding.Code]) {
        (testDescription, self.legs, self.endReason, self.finds) = (name, legs, endReason, finds)
    }

    init(_ name: String, _ kind: LegTrouble.Kind, ended endReason: EndReason, finds: [Finding.Code]) {
        self.init(name, [], ended: endReason, finds: finds)
        troubles = [LegTrouble(leg: 2, party: "trunk carrier", isTrunk: true, kind, offered: ["PCMA", "opus"])]
    }

    func through(_ states: CallState...) -> Ailment {
        var ailment = self
        ailment.states = states
        return ailment
    }

    func and(_ kind: LegTrouble.Kind) -> Ailment {
        var ailment = self
        ailment.troubles = [LegTrouble(leg: 2, party: "phone 1002", kind)]
        return ailment
    }
}

let noon = WallTime(milliseconds: 1_762_776_000_000)

func address(_ host: UInt32, _ port: UInt16 = 4000) -> SocketAddress {
    SocketAddress(ip: IPAddress(v4: 0xC000_0200 + host), port: port)
}

/// A page that is heard and hears; `change` makes it ill.
func page(_ change: (inout LegFacts) -> Void = { _ in }) -> LegFacts {
    var leg = LegFacts(leg: 1, kind: .browser, party: "page of anna", side: .caller, state: .up)
    heal(&leg)
    var transport = TransportState()
    (transport.checks, transport.selected, transport.validated) = (9, address(1), [address(1)])
    transport.handshake = .connected
    leg.transport = transport
    leg.isSecured = true
    change(&leg)
    return leg
}

func phone(_ change: (inout LegFacts) -> Void = { _ in }) -> LegFacts {
    var leg = LegFacts(leg: 2, kind: .sip, party: "phone 1002", side: .callee, state: .up)
    heal(&leg)
    (leg.announced, leg.remote) = (address(2), address(2))
    change(&leg)
    return leg
}

func heal(_ leg: inout LegFacts) {
    (leg.codec, leg.sends, leg.receives, leg.upFor) = ("PCMA/8000", true, true, .seconds(60))
    (leg.received.packets, leg.sent.packets) = (3000, 3000)
    (leg.received.lastAt, leg.sent.lastAt) = (noon, noon)
}

func silent(_ leg: inout LegFacts) { leg.received = LegFacts.Flow() }

func sounding(_ average: Double, _ minimum: Double, _ change: (inout LegQuality) -> Void)
    -> (inout LegFacts) -> Void
{
    var quality = LegQuality(leg: 2, kind: .sip)
    quality.mos = LegQuality.Score(current: average, minimum: minimum, average: average)
    change(&quality)
    return { [quality] in $0.quality = quality }
}

func diagnose(_ ailment: Ailment) -> CallDiagnosis {
    var entropy = Entropy(seed: 1)
    var record = CallRecord(
        id: 1, uuid: UUID(using: &entropy), source: .sip, direction: .internal, state: .answered,
        callerNumber: "1001", receiverNumber: "1002", startedAt: noon)
    record.answeredAt = ailment.legs.isEmpty ? nil : noon
    record.endReason = ailment.endReason
    let steps = ailment.states.enumerated().map {
        CallDiagnosis.Step(at: noon + .seconds(Int64($0 * 60)), state: $1)
    }
    return CallDiagnosis(record, steps: steps, legs: ailment.legs, troubles: ailment.troubles)
}
