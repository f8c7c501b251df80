/// What the figures of a leg say of how it sounded.
struct QualityRules {
    private let leg: LegFacts
    private var quality: LegQuality { leg.quality }

    /// Below this mean many users are dissatisfied (ITU-T G.109: R under 70).
    static let satisfying = 3.6
    /// Below this moment nearly all are (R under 60).
    static let bearable = 3.1

    init(_ leg: LegFacts) { self.leg = leg }

    var findings: [Finding] { [notHeardByPeer ?? low].compactMap(\.self) }

    private var notHeardByPeer: Finding? {
        guard leg.sent.packets > 0 else { return nil }
        guard let loss = quality.sent.recentLoss else { return nothingReported }
        guard loss > 0.5 else { return nil }
        return Finding(
            .notHeardByPeer, .problem, leg: leg.leg,
            "\(leg.capitalName) reports that \(percent(loss)) of what we send does not arrive.",
            advice:
                "The path from here to \(leg.remote.map { "\($0)" } ?? "there") drops packets: look at it from both ends."
        )
    }

    /// Who hears us says so in its reports; the first of them may be older than our first packet.
    private var nothingReported: Finding? {
        guard leg.sends, leg.sent.packets >= 250, leg.reportsHeard >= 2, quality.sent.jitterMilliseconds == nil else {
            return nil
        }
        return Finding(
            .notHeardByPeer, .problem, leg: leg.leg,
            "\(leg.capitalName) reports on its own sound and has nothing to say of ours: none of it arrives.",
            advice: "A firewall or NAT on the way to \(leg.remote.map { "\($0)" } ?? "it") drops UDP in that direction."
        )
    }

    private var low: Finding? {
        guard let score = quality.mos else { return nil }
        let isBad = score.average < Self.satisfying
        guard isBad || score.minimum < Self.bearable else { return nil }
        let measure = isBad ? "a mean of \(oneDigit(score.average))" : "down to \(oneDigit(score.minimum)) for a while"
        let (cause, advice) = cause
        return Finding(
            .lowQuality, .warning, leg: leg.leg, "\(leg.capitalName) sounded badly (MOS \(measure)): \(cause).",
            advice: advice)
    }

    /// What costs most, by the figures of the worse way.
    private var cause: (text: String, advice: String) {
        let isInbound = (quality.received.mos ?? 5) <= (quality.sent.mos ?? 5)
        let (way, figures) = isInbound ? ("from it", quality.received) : ("to it", quality.sent)
        let loss = max(figures.loss ?? 0, figures.recentLoss ?? 0)
        if loss >= 0.01 {
            return ("\(percent(loss)) of the packets \(way) are lost", "Look for a full link or bad radio on its path.")
        }
        if let roundTrip = quality.roundTripMilliseconds, roundTrip >= 300 {
            return ("\(Int(roundTrip)) ms there and back", "Choose a way with less delay, or a gateway nearer to it.")
        }
        if let jitter = figures.jitterMilliseconds, jitter >= 30 {
            return ("jitter of \(Int(jitter)) ms \(way)", "Give voice priority (DSCP EF) on its path.")
        }
        return ("for a while only; the figures are good again", "Look at its network at that time.")
    }

    private func percent(_ share: Double) -> String { "\(oneDigit(share * 100)) %" }

    private func oneDigit(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
