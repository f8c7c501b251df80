import CallModel
import Media
import SDP
import SIP
import Wire

/// The figures of one leg over its life: the latest, and the scores of each interval so far.
struct LegMeter {
    /// What its media leg said last; nil before it was asked.
    @Sparse private(set) var figures: LegStatistics?
    private(set) var isClosed = false
    /// Since when both sides could talk, and until when.
    var upAt: Instant?
    var overAt: Instant?
    /// How the latest interval sounded.
    private(set) var recent: MediaQuality?
    /// At the end of the interval before.
    private var earlier = MediaQuality.Mark()
    private var scores = Scores()
    private(set) var curve = QualityCurve()

    var hasFigures: Bool { _figures.isPresent }

    /// Somebody could talk or send here.
    var wasUsed: Bool { upAt != nil || figures.map { $0.packetsReceived + $0.packetsSent > 0 } == true }

    private struct Scores {
        var sum = 0.0
        var count = 0
        var minimum = 5.0
        var last = 0.0

        mutating func add(_ score: Double) {
            (sum, count, minimum, last) = (sum + score, count + 1, min(minimum, score), score)
        }
    }

    /// Two seconds of sound: what is left at a leg's end and shorter than this would be judged by a handful of packets.
    private static let leastRest: UInt64 = 100

    mutating func take(_ figures: LegStatistics) {
        if !isClosed { self.figures = figures }
    }

    /// Ends an interval.
    mutating func sample(_ codec: Codec, at now: Instant) {
        guard let figures else { return }
        let quality = MediaQuality(figures, since: earlier, codec: codec, at: now)
        (recent, earlier) = (quality, MediaQuality.Mark(figures))
        if let score = quality.mos { scores.add(score) }
        curve.add(QualityCurve.Point(quality))
    }

    /// Takes the last figures; answers whether they made another sample.
    mutating func close(_ figures: LegStatistics, _ codec: Codec?, at now: Instant) -> Bool {
        guard !isClosed else { return false }
        (self.figures, isClosed) = (figures, true)
        let rest = figures.packetsReceived &- earlier.packetsReceived
        guard let codec, scores.count == 0 || rest >= Self.leastRest else { return false }
        sample(codec, at: now)
        return recent?.mos != nil
    }

    func quality(_ id: LegID, _ kind: LegQuality.Kind, _ codec: Codec?) -> LegQuality {
        var quality = LegQuality(leg: id.rawValue, kind: kind, codec: codec?.encoding)
        if scores.count > 0 {
            quality.mos = LegQuality.Score(
                current: scores.last, minimum: scores.minimum, average: scores.sum / Double(scores.count))
        }
        guard let figures else { return quality }
        quality.received = LegQuality.Direction(received: figures, recent?.received)
        quality.sent = LegQuality.Direction(sent: figures, recent?.sent)
        quality.roundTripMilliseconds = figures.remote?.roundTrip.map(\.milliseconds)
        quality.transcoding = figures.transcoding.map { "\($0.from.rawValue) to \($0.to.rawValue)" }
        return quality
    }
}

extension LegQuality.Direction {
    fileprivate init(received figures: LegStatistics, _ recent: MediaQuality.Direction?) {
        self.init(packets: Int64(clamping: figures.packetsReceived))
        let due = Double(figures.packetsReceived) + Double(figures.packetsLost)
        loss = due == 0 ? nil : Double(figures.packetsLost) / due
        jitterMilliseconds = figures.packetsReceived == 0 ? nil : figures.jitter.milliseconds
        (recentLoss, mos) = (recent?.loss, recent?.mos)
    }

    fileprivate init(sent figures: LegStatistics, _ recent: MediaQuality.Direction?) {
        self.init(packets: Int64(clamping: figures.packetsSent))
        guard let remote = figures.remote else { return }
        loss = figures.packetsSent == 0 ? nil : min(max(Double(remote.packetsLost) / Double(figures.packetsSent), 0), 1)
        jitterMilliseconds = remote.jitter.milliseconds
        (recentLoss, mos) = (recent?.loss, recent?.mos)
    }
}

extension QualityCurve.Point {
    fileprivate init(_ quality: MediaQuality) {
        let ways = [quality.received, quality.sent].compactMap(\.self)
        self.init(
            mos: quality.mos, loss: ways.map(\.loss).max(), jitterMilliseconds: ways.map(\.jitter.milliseconds).max())
    }
}

extension Duration {
    fileprivate var milliseconds: Double { inSeconds * 1000 }
}
