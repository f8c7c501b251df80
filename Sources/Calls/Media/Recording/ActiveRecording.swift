import RTP
import Wire

/// One recording under way: two channels, or the voices of a mix, in step with each other and with the clock, and the file
/// they go to.
///
/// Frame by frame it lives through the call again, a little later: it is given each packet at the moment of its arrival
/// and asks for sound each 20 ms, whether there is any or not. Belongs to the recorder's thread.
final class ActiveRecording {
    let path: RecordingPath
    let ended: @Sendable (RecordingOutcome) -> Void
    private let rate: SampleRate
    private let file: any AudioFile
    private let channels: (left: RecordingChannel, right: RecordingChannel)
    /// Those of a mix, each heard on both sides.
    private var voices: [RecordingChannel] = []
    /// What those lost that have left.
    private var droppedBefore: UInt64 = 0
    private var droppedTaken: UInt64 = 0
    private var tones: ToneTrack
    private let startedAt: Instant
    /// Set by whoever stops it.
    var stopsAt: Instant?
    private var frames = 0
    private let samples: UnsafeMutableBufferPointer<Int16>

    /// What the jitter buffer holds back of a stream on a good path; without it both sides would come so much late.
    static let latency = Duration.milliseconds(40)
    /// How long a packet may be on its way through the worker to its ring.
    static let settling = Duration.milliseconds(100)
    /// Frames that are written at once.
    private static let batch = 25
    private static let framesPerSecond = 50

    init(
        _ order: RecordingOrder, descriptor: Int32, at startedAt: Instant,
        makeFile: AudioFileMaker = RecordingFormat.makeFile, ended: @escaping @Sendable (RecordingOutcome) -> Void
    ) throws(RecordingFailure) {
        (path, self.startedAt, self.ended) = (order.path, startedAt, ended)
        rate = order.isWideband ? .wideband : .narrowband
        file = try makeFile(order.path.format, descriptor, rate)
        channels = (try RecordingChannel(rate), try RecordingChannel(rate))
        tones = ToneTrack(rate)
        samples = .allocate(capacity: Self.batch * 2 * rate.samplesPerFrame)
    }

    deinit { samples.deallocate() }

    var duration: Duration { .milliseconds(Int64(frames * 20)) }
    var size: Int { file.size }
    var dropped: UInt64 {
        voices.reduce(droppedBefore &+ channels.left.dropped &+ channels.right.dropped) { $0 &+ $1.dropped }
    }

    /// Packets dropped since this was asked last: most are while the disk holds up another recording.
    func takeDropped() -> Int {
        let all = dropped
        defer { droppedTaken = all }
        return Int(truncatingIfNeeded: all &- droppedTaken)
    }

    /// Nil: on both sides, with all others.
    func add(_ ring: RecordingRing, _ side: RecordingSide?) throws(RecordingFailure) {
        switch side {
        case .left: channels.left.add(ring)
        case .right: channels.right.add(ring)
        case nil:
            let voice = try RecordingChannel(rate)
            voice.add(ring)
            voices.append(voice)
        }
    }

    /// The parties began to hear the consent tone.
    func soundTone(at now: Instant) {
        tones.begin(at: Int((now - startedAt) / .microseconds(1)) * rate.rawValue / 1_000_000)
    }

    /// Writes all that is due; answers whether the recording has come to its end.
    func advance(to now: Instant) throws(RecordingFailure) -> Bool {
        let end = stopsAt.map { $0 + Self.latency }
        let heard = now - (startedAt + Self.latency + Self.settling)
        let wanted = end.map { $0 - (startedAt + Self.latency) }
        let due = Self.frames(in: min(heard, wanted ?? heard))
        while frames < due { try writeBatch(min(Self.batch, due - frames)) }
        guard let wanted, heard >= wanted else { return false }
        try file.finish()
        return true
    }

    /// Writes what is there and ends, without waiting for stragglers.
    func finish(at now: Instant) throws(RecordingFailure) {
        stopsAt = min(stopsAt ?? now, now)
        _ = try advance(to: now + Self.latency + Self.settling)
    }

    private static func frames(in duration: Duration) -> Int { max(0, Int(duration / .milliseconds(20))) }

    private func writeBatch(_ count: Int) throws(RecordingFailure) {
        let size = 2 * rate.samplesPerFrame
        let (first, second) = (frames, frames / Self.framesPerSecond)
        for index in 0..<count {
            frames += 1
            let now = startedAt + Self.latency + duration
            channels.left.fill(samples, from: index * size, at: now)
            channels.right.fill(samples, from: index * size + 1, at: now)
            for voice in voices { voice.mix(into: samples, from: index * size, at: now) }
        }
        forgetVoices()
        let batch = UnsafeMutableBufferPointer(rebasing: samples[..<(count * size)])
        tones.add(to: batch, from: first * rate.samplesPerFrame)
        try file.write(UnsafeBufferPointer(batch))
        if frames / Self.framesPerSecond != second { try file.flush() }
    }

    private func forgetVoices() {
        for voice in voices where voice.isOver { droppedBefore &+= voice.dropped }
        voices.removeAll(where: \.isOver)
    }
}
