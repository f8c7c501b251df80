import RTP
import Wire

/// One stream under way: two channels that are heard in step with the clock, and what is said to the legs.
///
/// Belongs to the streams' thread.
final class ActiveStream {
    private let order: AudioStreamOrder
    private let channels: (left: RecordingChannel, right: RecordingChannel)
    /// When the next frame that is heard ends.
    private var due: Instant
    private let samples: UnsafeMutableBufferPointer<Int16>
    private var speech: SpeechQueue
    /// What came of a sample whose rest is still to come.
    private var half: [UInt8] = []
    private var spoken: [Int16]
    /// Until when legs have something to say of what was handed to them.
    private var spokenUntil: Instant
    private var outlets: [RecordingRing] = []
    /// Marks that are due when the legs have played what is ahead of them.
    private var reached: [(at: Instant, name: String)] = []

    private static let frame = Duration.milliseconds(20)
    /// How long a packet may be on its way through the worker to its ring.
    private static let settling = Duration.milliseconds(20)
    /// What legs have before they need it, for a thread that wakes up late.
    private static let lead = Duration.milliseconds(60)
    /// A thread that was away for longer does not make up for it.
    private static let longestDelay = Duration.seconds(1)

    init(_ order: AudioStreamOrder, at startedAt: Instant) throws(RecordingFailure) {
        (self.order, due, spokenUntil) = (order, startedAt + Self.frame, startedAt)
        channels = (try RecordingChannel(order.rate), try RecordingChannel(order.rate))
        samples = .allocate(capacity: 2 * order.rate.samplesPerFrame)
        samples.initialize(repeating: 0)
        speech = SpeechQueue(order.rate)
        spoken = Array(repeating: 0, count: order.rate.samplesPerFrame)
    }

    deinit {
        samples.deallocate()
        for outlet in outlets { outlet.close() }
    }

    func add(_ leg: StreamRings, _ side: RecordingSide) {
        switch side {
        case .left: channels.left.add(leg.heard)
        case .right: channels.right.add(leg.heard)
        }
        if let speech = leg.speech { outlets.append(speech) }
    }

    /// Hears and says what is due.
    func advance(to now: Instant, _ tell: (AudioStreamEvent) -> Void) {
        if now - due > Self.longestDelay { due = now }
        while due + Self.settling <= now {
            hear(at: due, tell)
            due = due + Self.frame
        }
        speak(at: now)
        while let first = reached.first, first.at <= now {
            reached.removeFirst()
            tell(.marked(first.name))
        }
    }

    func say(_ bytes: [UInt8], at now: Instant, _ tell: (AudioStreamEvent) -> Void) {
        let whole = half + bytes
        half = Array(whole.suffix(whole.count % order.encoding.bytesPerSample))
        let lost = speech.append(order.encoding.decode(whole), at: now)
        if lost > 0 { tell(.dropped(milliseconds: lost * 1000 / order.rate.rawValue)) }
    }

    /// A mark too many is as good as reached.
    func mark(_ name: String, _ tell: (AudioStreamEvent) -> Void) {
        if !speech.append(mark: name) { tell(.marked(name)) }
    }

    func clear(_ tell: (AudioStreamEvent) -> Void) {
        for mark in reached { tell(.marked(mark.name)) }
        (reached, half) = ([], [])
        for name in speech.clear() { tell(.marked(name)) }
    }

    private func hear(at moment: Instant, _ tell: (AudioStreamEvent) -> Void) {
        channels.left.fill(samples, from: 0, at: moment)
        channels.right.fill(samples, from: 1, at: moment)
        for (side, first) in [(RecordingSide.left, 0), (.right, 1)] where order.tracks.contains(side) {
            let bytes = order.encoding.encode(
                UnsafeBufferPointer(samples), every: 2, from: first, count: order.rate.samplesPerFrame)
            tell(.heard(side, bytes))
        }
    }

    /// Hands to the legs what they are to have in hand.
    private func speak(at now: Instant) {
        outlets.removeAll(where: \.isClosed)
        noteReached(at: now)
        while spokenUntil < now + Self.lead,
            speech.next(into: &spoken, at: now, isUrgent: spokenUntil <= now + Self.frame)
        {
            spokenUntil = max(spokenUntil, now) + Self.frame
            for outlet in outlets { Self.write(spoken, to: outlet, at: now) }
            noteReached(at: now)
        }
    }

    private func noteReached(at now: Instant) {
        for name in speech.takePassed() { reached.append((max(spokenUntil, now), name)) }
    }

    private static func write(_ samples: [Int16], to outlet: RecordingRing, at now: Instant) {
        let header = RTPHeader(marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0)
        samples.withUnsafeBytes { outlet.tap.write(header, $0, .pcmu, at: now) }
    }
}
