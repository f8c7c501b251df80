package import Wire

/// What can be said of how a call went: its steps, its legs, and what was wrong with them.
package struct CallDiagnosis: Hashable, Sendable {
    /// One step: the call's state from then on.
    package struct Step: Hashable, Sendable {
        package let at: WallTime
        package let state: CallState

        package init(at: WallTime, state: CallState) { (self.at, self.state) = (at, state) }
    }

    package let callID: UUID
    package let state: CallState
    package let endReason: EndReason?
    package let steps: [Step]
    package let legs: [LegFacts]
    package let troubles: [LegTrouble]
    /// Who put the call on hold, as far as that is known.
    package var holder: String?

    /// Legs that are described; calls of more are a queue's, whose first legs nobody spoke on.
    package static let maximumLegs = 16

    package init(_ record: CallRecord, steps: [Step] = [], legs: [LegFacts] = [], troubles: [LegTrouble] = []) {
        (callID, state, endReason) = (record.uuid, record.state, record.endReason)
        self.steps = steps.isEmpty ? Self.steps(of: record) : steps
        self.legs = Array(legs.suffix(Self.maximumLegs))
        let isDeserted = record.endReason == .unavailable && troubles.isEmpty && legs.isEmpty
        let nobody = LegTrouble(leg: nil, party: record.receiverNumber, .nobodyThere(wrongPassword: nil))
        self.troubles = isDeserted ? [nobody] : Array(troubles.suffix(Self.maximumLegs))
    }

    package var wasAnswered: Bool { steps.contains { $0.state == .answered } }

    /// Since when the call is on hold, or was at its end; nil when it was not.
    var heldSince: WallTime? {
        let last = steps.last { !$0.state.isTerminal }
        return last?.state == .held ? last?.at : nil
    }

    package var findings: [Finding] { DiagnosisRules(self).findings }

    /// What a record alone tells, after a crash or of a call that others switched.
    private static func steps(of record: CallRecord) -> [Step] {
        var steps = [Step(at: record.startedAt, state: .initiated)]
        if let at = record.ringingAt { steps.append(Step(at: at, state: .ringing)) }
        if let at = record.answeredAt { steps.append(Step(at: at, state: .answered)) }
        if let at = record.endedAt { steps.append(Step(at: at, state: record.state)) }
        return steps
    }
}

/// The steps of a live call as they happen.
package struct CallTimeline: Sendable {
    package private(set) var steps: [CallDiagnosis.Step] = []

    /// Steps remembered; of a call that is held and resumed without end, the first and the latest.
    package static let limit = 64

    package init() {}

    /// Notes the state a call has now, unless it had it before.
    package mutating func note(_ state: CallState, at moment: WallTime) {
        guard steps.last?.state != state else { return }
        if steps.count == Self.limit { steps.remove(at: Self.limit / 2) }
        steps.append(CallDiagnosis.Step(at: moment, state: state))
    }
}
