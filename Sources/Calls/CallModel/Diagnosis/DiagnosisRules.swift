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
        let troubles = diagnosis.troubles.map { SignallingRules($0, wasAnswered: diagnosis.wasAnswered).finding }
        let found =
            ending + troubles + legs.flatMap(findings(about:)) + [oneWay, stopped, held].compactMap(\.self)
        let sorted =
            found.filter { $0.severity == .problem } + found.filter { $0.severity == .warning }
            + found.filter { $0.severity == .note }
        let isExplained = sorted.contains { $0.severity != .note } || (!diagnosis.wasAnswered && !sorted.isEmpty)
        return isExplained ? sorted : [summary] + sorted
    }

    private func findings(about leg: LegFacts) -> [Finding] {
        let rules = LegRules(
            leg, heardOthers: legs.contains { $0.leg != leg.leg && $0.received.packets > 0 },
            mayBeQuiet: diagnosis.heldSince != nil, endedByQuiet: diagnosis.endReason == .mediaTimeout)
        return rules.findings + [earlyMedia(leg)].compactMap(\.self)
    }

    // MARK: - The call as a whole

    private var ending: [Finding] {
        switch diagnosis.endReason {
        case .noSharedCodec where diagnosis.troubles.isEmpty:
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
        guard let reason = diagnosis.endReason, !diagnosis.wasAnswered else { return [] }
        let hasRung = diagnosis.steps.contains { $0.state == .ringing }
        switch reason {
        case .callerCancelled, .cancelled:
            return [
                Finding(.callerGaveUp, .note, "The caller gave up after \(seconds), before anybody answered.")
            ]
        case .noAnswer where hasRung:
            return [Finding(.rangUnanswered, .note, "It rang, and nobody answered for \(seconds).")]
        default:
            guard diagnosis.troubles.isEmpty else { return [] }
            return [
                Finding(
                    .notAnswered, .note, "The call was not answered (\(reason.rawValue)).",
                    advice: "Its SIP messages say who refused it and how (…/sip).")
            ]
        }
    }

    /// From the first step to the last.
    private var seconds: String {
        guard let first = diagnosis.steps.first, let last = diagnosis.steps.last else { return "0 s" }
        return "\((last.at.milliseconds - first.at.milliseconds) / 1000) s"
    }

    /// Sound of somebody who never answered.
    private func earlyMedia(_ leg: LegFacts) -> Finding? {
        guard diagnosis.endReason != nil, !diagnosis.wasAnswered, leg.side != .caller, leg.received.packets > 0 else {
            return nil
        }
        return Finding(
            .earlyMediaOnly, .note, leg: leg.leg,
            "\(leg.capitalName) played sound before an answer (\(leg.received.packets) packets), and never answered.",
            advice: "As a rule that is an announcement which says why: listen to it.")
    }

    private var held: Finding? {
        guard let since = diagnosis.heldSince, let last = diagnosis.steps.last else { return nil }
        let author = diagnosis.holder.map { " by \($0)" } ?? ""
        guard diagnosis.endReason != nil else {
            return Finding(.stillHeld, .note, "The call is on hold\(author) since \(since.iso8601()).")
        }
        let duration = last.at.milliseconds - since.milliseconds
        guard duration >= Self.patience.wholeMilliseconds else { return nil }
        return Finding(
            .stillHeld, .warning,
            "The call was put on hold\(author) at \(since.iso8601()) and never taken back: \(duration / 1000) s, to its "
                + "end.",
            advice:
                "Whoever held it did not resume; if they did, their message was lost: look at the SIP messages (…/sip)."
        )
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
