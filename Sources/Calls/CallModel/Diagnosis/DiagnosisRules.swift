import Wire

/// Turns what is known of a call into findings: pure, so that each rule is a line of a table in its tests.
///
/// For each leg the first rule of silence that holds names the cause; what follows from it is not said again.
struct DiagnosisRules {
    private let diagnosis: CallDiagnosis
    private let legs: [LegFacts]

    /// Silence shorter than this after the answer is the time that connecting takes.
    static let patience = Duration.seconds(3)

    init(_ diagnosis: CallDiagnosis) {
        self.diagnosis = diagnosis
        legs = diagnosis.legs
    }

    /// The worst first, in the order of the legs.
    var findings: [Finding] {
        let found = ending + legs.flatMap(findings(about:)) + [oneWay, stopped].compactMap(\.self)
        let sorted =
            found.filter { $0.severity == .problem } + found.filter { $0.severity == .warning }
            + found.filter { $0.severity == .note }
        return sorted.contains { $0.severity != .note } ? sorted : [summary] + sorted
    }

    private func findings(about leg: LegFacts) -> [Finding] {
        let rules = LegRules(leg, heardOthers: legs.contains { $0.leg != leg.leg && $0.received.packets > 0 })
        return rules.findings
    }

    // MARK: - The call as a whole

    private var ending: [Finding] {
        switch diagnosis.endReason {
        case .noSharedCodec:
            [
                Finding(
                    .noSharedCodec, .problem, "The two sides share no codec.",
                    advice: "Let both offer PCMA or PCMU; the offers are in the SIP messages of the call (…/sip).")
            ]
        case .neverJoined:
            [
                Finding(
                    .neverJoined, .problem, "A user took the call and their page never sent its offer.",
                    advice: "Look at the page's console: the microphone may be denied, or its socket was lost.")
            ]
        case .mediaTimeout where legs.isEmpty:
            [
                Finding(
                    .mediaTimeout, .problem, "The call was ended because media stopped.",
                    advice: "The facts of its legs were not kept.")
            ]
        default: notAnswered
        }
    }

    private var notAnswered: [Finding] {
        guard let reason = diagnosis.endReason, !diagnosis.steps.contains(where: { $0.state == .answered }) else {
            return []
        }
        return [
            Finding(
                .notAnswered, .note, "The call was not answered (\(reason.rawValue)).",
                advice: "Its SIP messages say who refused it and how (…/sip).")
        ]
    }

    /// Legs that ought to have been heard.
    private var speaking: [LegFacts] { legs.filter { $0.upFor >= Self.patience && $0.receives } }

    private var oneWay: Finding? {
        guard speaking.count == 2, let heard = speaking.first(where: { $0.received.packets > 0 }),
            let silent = speaking.first(where: { $0.received.packets == 0 })
        else { return nil }
        return Finding(
            .oneWay, .problem, "Sound went one way only: \(heard.name) was heard and \(silent.name) was not.",
            advice: "The cause is with \(silent.name).")
    }

    /// Who fell silent, where that ended the call.
    private var stopped: Finding? {
        guard diagnosis.endReason == .mediaTimeout,
            let last = speaking.min(by: {
                ($0.received.lastAt?.milliseconds ?? 0) < ($1.received.lastAt?.milliseconds ?? 0)
            })
        else { return nil }
        let since = last.received.lastAt.map { "no RTP came after \($0.iso8601())" } ?? "no RTP ever came"
        return Finding(
            .mediaTimeout, .problem, leg: last.leg, "The call was ended because \(last.name) fell silent: \(since).",
            advice:
                "Its network or its device went away, or a firewall forgot the flow; MEDIA_TIMEOUT_S is the patience.")
    }

    private var summary: Finding {
        let isSound = !speaking.isEmpty && speaking.allSatisfy { $0.received.packets > 0 && $0.sent.packets > 0 }
        return isSound
            ? Finding(.soundBothWays, .note, "Sound went both ways; nothing wrong was seen.")
            : Finding(.nothingFound, .note, "Nothing wrong was seen; too little was said to tell more.")
    }
}
