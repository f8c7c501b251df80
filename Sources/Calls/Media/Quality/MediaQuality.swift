import RTP
package import SDP
package import Wire

/// How one leg sounded between two looks at its figures, each way.
package struct MediaQuality: Hashable, Sendable {
    /// One way of a leg.
    package struct Direction: Hashable, Sendable {
        /// Packets of the interval that never came, 0 … 1.
        package let loss: Double
        package let jitter: Duration
        /// What a listener at the end of this way would give it, 1 … 4.5 (`EModel`).
        package let mos: Double
    }

    /// What we hear of the peer; nil when nothing was due in the interval.
    package let received: Direction?
    /// What the peer's reports say of our stream; nil when there was none of late.
    package let sent: Direction?
    package let roundTrip: Duration?

    /// The worse of both ways, for whoever hears badly complains.
    package var mos: Double? {
        [received?.mos, sent?.mos].compactMap(\.self).min()
    }
}

extension MediaQuality {
    /// A report says something of now only for so long: peers send one every 5 s, give or take half.
    package static let reportLife = Duration.seconds(12)

    /// What must be remembered of a look for the next one.
    package struct Mark: Hashable, Sendable {
        package let packetsReceived: UInt64
        package let packetsLost: UInt64
        package let gaps: UInt64
        package let packetsSent: UInt64

        package init(_ figures: LegStatistics = LegStatistics()) {
            (packetsReceived, packetsSent) = (figures.packetsReceived, figures.packetsSent)
            (packetsLost, gaps) = (figures.packetsLost, figures.gaps)
        }
    }

    /// What lies between an earlier look and this one; without one, since the leg's beginning.
    package init(_ figures: LegStatistics, since before: Mark = Mark(), codec: Codec, at now: Instant) {
        let report = figures.remote.flatMap { now - $0.heardAt < Self.reportLife ? $0 : nil }
        let roundTrip = report?.roundTrip
        let impairment = CodecImpairment(codec)
        self.roundTrip = roundTrip
        received = Interval(figures, since: before).map { interval in
            Direction(
                loss: interval.loss, jitter: figures.jitter, burstRatio: interval.burstRatio, roundTrip, impairment)
        }
        let isSending = figures.packetsSent > before.packetsSent
        sent =
            isSending
            ? report.map { Direction(loss: $0.fractionLost, jitter: $0.jitter, roundTrip, impairment) } : nil
    }
}

extension MediaQuality.Direction {
    /// Time for one packet to fill, and the least a jitter buffer holds.
    private static let packet = Duration.milliseconds(20)

    init(
        loss: Double, jitter: Duration, burstRatio: Double = 1, _ roundTrip: Duration?, _ impairment: CodecImpairment
    ) {
        (self.loss, self.jitter) = (loss, jitter)
        // Half the way there and back, the packet, and a buffer of twice the jitter in the receiver.
        let delay = (roundTrip ?? .zero) / 2 + Self.packet + max(Self.packet, jitter * 2)
        mos = EModel.meanOpinionScore(
            of: EModel.rating(of: impairment, delay: delay, loss: loss, burstRatio: burstRatio))
    }
}

/// What was due from the peer between two looks.
private struct Interval {
    let loss: Double
    let burstRatio: Double

    /// Nil when nothing was due.
    init?(_ figures: LegStatistics, since earlier: MediaQuality.Mark) {
        let received = figures.packetsReceived.above(earlier.packetsReceived)
        let lost = figures.packetsLost.above(earlier.packetsLost)
        guard received + lost > 0 else { return nil }
        loss = Double(lost) / Double(received + lost)
        let gaps = figures.gaps.above(earlier.gaps)
        // The mean run of lost packets, over the mean run that as much random loss has: 1 / (1 - loss).
        burstRatio = gaps == 0 ? 1 : max(1, Double(lost) / Double(gaps) * (1 - loss))
    }
}

extension UInt64 {
    /// How much more than `other`; late packets can make a count of losses go back.
    fileprivate func above(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}

extension CodecImpairment {
    package init(_ codec: Codec) {
        switch codec {
        case .opus: self = .opus
        case .g722: self = .g722
        default: self = .g711
        }
    }
}
