import RTP
import Wire

/// One stream under way: two channels that are heard in step with the clock, and what is said to the legs.
///
/// Belongs to the streams' thread.
final class ActiveStream {
    private let order: AudioStreamOrder
    private let channels: (left: RecordingChannel, right: RecordingChannel)
    private let startedAt: Instant
    private var frames = 0
    private let samples: UnsafeMutableBufferPointer<Int16>
    private var speech: SpeechQueue
    private var spoken: [Int16]
    /// Frames handed to the legs of the sentence being said; they are ahead of the clock by `lead`.
    private var isSpeaking = false
    private var outlets: [RecordingRing] = []
    /// Marks that are due when the legs have played what is ahead of them.
    private var reached: [(at: Instant, name: String)] = []

    /// How long a packet may be on its way through the worker to its ring.
    private static let settling = Duration.milliseconds(20)
    private static let frame = Duration.milliseconds(20)
    /// Frames that legs have before they need them, for a thread that wakes up late.
    private static let lead = 3

    init(_ order: AudioStreamOrder, at startedAt: Instant) throws(RecordingFailure) {
        (self.order, self.startedAt) = (order, startedAt)
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

    func add(_ leg: LegStream, _ side: RecordingSide) {
        switch side {
        case .left: channels.left.add(leg.heard)
        case .right: channels.right.add(leg.heard)
        }
        if let speech = leg.speech { outlets.append(speech) }
    }

    /// Hears and says what is due.
    func advance(to now: Instant, _ tell: (AudioStreamEvent) -> Void) {
        while startedAt + Self.frame * (frames + 1) + Self.settling <= now {
            frames += 1
            hear(at: startedAt + Self.frame * frames, tell)
            speak(at: now)
        }
        while let first = reached.first, first.at <= now {
            reached.removeFirst()
            tell(.marked(first.name))
        }
    }

    func say(_ bytes: [UInt8], at now: Instant, _ tell: (AudioStreamEvent) -> Void) {
        let lost = speech.append(order.encoding.decode(bytes), at: now)
        if lost > 0 { tell(.dropped(milliseconds: lost * 1000 / order.rate.rawValue)) }
    }

    /// A mark too many is as good as reached.
    func mark(_ name: String, _ tell: (AudioStreamEvent) -> Void) {
        if !speech.append(mark: name) { tell(.marked(name)) }
    }

    func clear(_ tell: (AudioStreamEvent) -> Void) {
        for mark in reached { tell(.marked(mark.name)) }
        reached = []
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

    private func speak(at now: Instant) {
        outlets.removeAll(where: \.isClosed)
        for _ in 0..<(isSpeaking ? 1 : Self.lead) {
            let isThere = speech.next(into: &spoken, at: now)
            for name in speech.takePassed() {
                reached.append((now + Self.frame * (isSpeaking || isThere ? Self.lead : 0), name))
            }
            isSpeaking = isThere
            guard isThere else { return }
            for outlet in outlets { Self.write(spoken, to: outlet, at: now) }
        }
    }

    private static func write(_ samples: [Int16], to outlet: RecordingRing, at now: Instant) {
        let header = RTPHeader(marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0)
        samples.withUnsafeBytes { outlet.tap.write(header, $0, .pcmu, at: now) }
    }
}
