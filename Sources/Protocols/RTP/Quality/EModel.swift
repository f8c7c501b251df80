import Glibc
import Wire

/// How well one direction of a conversation is heard, by the E-model (ITU-T G.107).
///
/// The model has some twenty parameters. Those a gateway cannot see keep the defaults of G.107 table 2, which leaves
/// `R = Ro - Is - Idle - Idd(delay) - Ie,eff(codec, loss) + A`: echo is taken to be cancelled, as it is in headsets,
/// browsers and phones of our time.
package enum EModel {
    /// The rating with every parameter at its default and neither delay nor loss (G.107 section 7.7).
    package static let defaultRating = 93.2

    /// The transmission rating R, 0 (useless) … 100.
    ///
    /// `delay` is from mouth to ear, `loss` the share of packets that never came in time (0 … 1), `burstRatio` how much
    /// longer runs of lost packets are than random loss would make them (1: as random). `advantage` is A, what users
    /// forgive for the sake of, say, mobility; 0 for a fixed line, at most 20.
    package static func rating(
        of codec: CodecImpairment, delay: Duration, loss: Double, burstRatio: Double = 1, advantage: Double = 0
    ) -> Double {
        let impairments =
            delayImpairment(delay) + codec.effectiveImpairment(loss: loss, burstRatio: burstRatio)
        return min(max(defaultRating - impairments + min(max(advantage, 0), 20), 0), 100)
    }

    /// Idd: what a delay costs that is too long to talk with ease (G.107 section 7.4); nothing up to 100 ms.
    package static func delayImpairment(_ delay: Duration) -> Double {
        let milliseconds = delay.inSeconds * 1000
        guard milliseconds > 100 else { return 0 }
        let x = log2(milliseconds / 100)
        return 25 * (pow(1 + pow(x, 6), 1 / 6) - 3 * pow(1 + pow(x / 3, 6), 1 / 6) + 2)
    }

    /// The mean opinion score a rating stands for, 1 … 4.5 (G.107 annex B).
    ///
    /// Its cubic dips below 1 for ratings under 6.5; nothing is worse than 1.
    package static func meanOpinionScore(of rating: Double) -> Double {
        guard rating > 0 else { return 1 }
        guard rating < 100 else { return 4.5 }
        return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
    }
}

/// What a codec and the concealment in its receiver do to speech (ITU-T G.113 appendix I).
package struct CodecImpairment: Hashable, Sendable {
    /// Ie: what the codec costs without any loss.
    package let equipment: Double
    /// Bpl: the percentage of random loss that costs half of what is left.
    package let lossRobustness: Double

    package init(equipment: Double, lossRobustness: Double) {
        (self.equipment, self.lossRobustness) = (equipment, lossRobustness)
    }

    /// G.711 in a receiver that fills gaps with silence.
    package static let g711WithoutConcealment = CodecImpairment(equipment: 0, lossRobustness: 4.3)
    /// G.711 with concealment as in its appendix I, which every receiver of our time has.
    package static let g711 = CodecImpairment(equipment: 0, lossRobustness: 25.1)
    /// G.722 on the narrowband scale.
    ///
    /// G.113 rates it only on the scale of wideband (R up to 129), where it stands above all narrowband codecs. Here the
    /// best there is has Ie 0; its concealment (appendices III and IV) is of the kind G.711 has.
    package static let g722 = CodecImpairment(equipment: 0, lossRobustness: 25.1)
    /// Opus on the same scale: Ie 0 for the same reason.
    ///
    /// ITU-T has published no figures. Bpl 10 without in-band correction is what measurements with WebRTC have led to and
    /// open score calculators for browsers use; it errs on the side of caution.
    package static let opus = CodecImpairment(equipment: 0, lossRobustness: 10)

    /// Ie,eff (G.107 equation 7-29): `Ie + (95 - Ie) · Ppl / (Ppl / BurstR + Bpl)`.
    package func effectiveImpairment(loss: Double, burstRatio: Double = 1) -> Double {
        let percentage = min(max(loss, 0), 1) * 100
        guard percentage > 0 else { return equipment }
        return equipment + (95 - equipment) * percentage / (percentage / max(burstRatio, 1) + lossRobustness)
    }
}
