import CallModel
import Media
import Reactor
import SDP
import Wire

/// How the call sounds, every five seconds: for those who follow it, for metrics, and for the record.
extension Call {
    private static let interval = Duration.seconds(QualityCurve.secondsBetweenLooks)
    /// Calls whose turn comes within this time of each other look at once: the loop and the media workers are woken once
    /// for all of them.
    private static let beat = Duration.milliseconds(50)
    /// A worker that does not answer by then is not waited for.
    private static let patience = Duration.milliseconds(500)

    /// Looks at the legs from now on, as long as the call lives.
    func watchQuality() {
        guard quality.timer == nil else { return }
        quality.timer = loop.schedule(at: (loop.now + Self.interval).roundedDown(to: Self.beat)) { [weak self] in
            self?.assumeIsolated { call in
                call.quality.timer = nil
                call.watchQuality()
                call.lookAtFigures { $0.reportQuality() }
            }
        }
    }

    /// Asks the media legs that are open for their figures; `done` comes when all have answered, in a later turn.
    func lookAtFigures(then done: @escaping @Sendable (isolated Call) -> Void) {
        let open = links.values.filter { $0.hasTransport && live.legs[$0.id]?.state.isOpen == true }
        let round = quality.begin(Set(open.map(\.id)), done)
        for (id, mediaID) in open.map({ ($0.id, $0.mediaID) }) {
            services.media.statistics(of: mediaID) { [weak self] figures in
                self?.assumeIsolated { $0.heard(figures, of: id, in: round) }
            }
        }
        // Strong: somebody waits for the answer.
        loop.schedule(after: open.isEmpty ? .zero : Self.patience) { self.assumeIsolated { $0.end(round) } }
    }

    private func heard(_ figures: LegStatistics, of id: LegID, in round: Int) {
        quality.meters[id, default: LegMeter()].take(figures)
        if quality.isLast(id, in: round) { end(round) }
    }

    private func end(_ round: Int) { quality.end(round)?(self) }

    private func reportQuality() {
        guard live.phase != .over else { return }
        let now = loop.now
        var sampled: Set<Int> = []
        for link in links.values where live.legs[link.id]?.state.isOpen == true {
            guard let codec = link.negotiated?.codec else { continue }
            quality.meters[link.id]?.sample(codec, at: now)
            sampled.insert(link.id.rawValue)
        }
        live.noteQuality(measured)
        announceQuality(of: sampled, isLast: false)
    }

    /// Every leg that had media.
    var measured: CallQuality {
        let legs = live.legs.compactMap { leg -> LegQuality? in
            guard let link = links[leg.id], quality.meters[leg.id]?.hasFigures == true else { return nil }
            return quality.meters[leg.id]?.quality(leg.id, link.kind, link.negotiated?.codec)
        }
        return CallQuality(legs: Array(legs.suffix(CallDiagnosis.maximumLegs)))
    }

    private func announceQuality(of sampled: Set<Int>, isLast: Bool) {
        var pages: [String: Int] = [:]
        for link in links.values {
            if let participant = link.participant { pages[participant.participantID] = link.id.rawValue }
        }
        let report = CallQualityReport(
            uuid: uuid, number: number, quality: measured, legsOfParticipants: pages, sampled: sampled,
            isLast: isLast)
        guard !report.quality.isEmpty else { return }
        manager.tell { $0.qualityChanged(report) }
    }

    // MARK: - The end

    /// Notes since when each leg could talk, and until when.
    func watchLegs() {
        quality.timeline.note(live.record.state, at: loop.wallTime)
        for leg in live.legs {
            if leg.state == .up, quality.meters[leg.id]?.upAt == nil {
                quality.meters[leg.id, default: LegMeter()].upAt = loop.now
            } else if !leg.state.isOpen, quality.meters[leg.id].map({ $0.overAt == nil }) == true {
                quality.meters[leg.id]?.overAt = loop.now
            }
        }
    }

    /// The last figures of a leg.
    func closed(_ id: LegID, _ figures: LegStatistics) {
        let isSampled = quality.meters[id, default: LegMeter()].close(
            figures, links[id]?.negotiated?.codec, at: loop.now)
        if isSampled { announceQuality(of: [id.rawValue], isLast: true) }
    }

    /// Legs whose media's last figures are still to come.
    var unclosed: [LegLink] { links.values.filter(isUnclosed) }

    var hasUnclosed: Bool { links.contains(where: isUnclosed) }

    private func isUnclosed(_ link: LegLink) -> Bool {
        link.mediaID.rawValue != 0 && link.hasTransport && quality.meters[link.id]?.isClosed != true
    }

    /// Writes down how it was; of a call nobody could talk or send on, the record says enough.
    func conclude() {
        concludeTrace()
        let measured = measured
        live.noteQuality(measured)
        guard quality.meters.contains(where: \.wasUsed) || !troubles.isEmpty else { return }
        services.store.write(
            CallChange(record: nil, rows: [.diagnosis(callID: number, measured, diagnosis.keptText)]))
    }
}

/// What a call remembers of its quality.
struct QualityWatch {
    var meters = PerLeg<LegMeter>()
    var timeline = CallTimeline()
    var timer: LoopTimer?
    private var rounds: [Int: Round] = [:]
    private var lastRound = 0

    /// One look at all legs.
    private struct Round {
        var waiting: Set<LegID>
        let done: @Sendable (isolated Call) -> Void
    }

    mutating func begin(_ legs: Set<LegID>, _ done: @escaping @Sendable (isolated Call) -> Void) -> Int {
        lastRound += 1
        rounds[lastRound] = Round(waiting: legs, done: done)
        return lastRound
    }

    mutating func isLast(_ leg: LegID, in round: Int) -> Bool {
        rounds[round]?.waiting.remove(leg)
        return rounds[round]?.waiting.isEmpty == true
    }

    /// What to do after a round; nil when it was done before.
    mutating func end(_ round: Int) -> (@Sendable (isolated Call) -> Void)? {
        rounds.removeValue(forKey: round)?.done
    }
}
