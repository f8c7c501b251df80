import RTP
import Wire

/// One side of a recording, or one voice of a mix: what the rings of its legs bring, as 20 ms of samples after another.
///
/// A party that is transferred away is followed by another on the same side. Belongs to the recorder's thread.
final class RecordingChannel {
    private var rings: [RecordingRing] = []
    private var player: FramePlayer
    private let scratch: UnsafeMutableRawBufferPointer
    private var framesWithoutLeg = 0
    /// Frames in which the jitter buffer still has what was said; decoders would go on for half a second by themselves.
    private static let reverberation = 5
    /// Packets lost by rings that are gone.
    private var droppedBefore: UInt64 = 0

    init(_ rate: SampleRate) throws(RecordingFailure) {
        guard let player = FramePlayer(.pcmu, at: rate) else { throw .outOfMemory }
        self.player = player
        scratch = .allocate(byteCount: JitterBuffer.longestPayload, alignment: 16)
    }

    deinit { scratch.deallocate() }

    /// Packets that found no room on their way here.
    var dropped: UInt64 { rings.reduce(droppedBefore) { $0 &+ $1.dropped } }

    func add(_ ring: RecordingRing) { rings.append(ring) }

    /// Nothing more will be heard of its legs.
    var isOver: Bool { framesWithoutLeg > Self.reverberation }

    /// Writes the 20 ms that end at `now` to every second place of `output`; gaps are silence.
    func fill(_ output: UnsafeMutableBufferPointer<Int16>, from first: Int, at now: Instant) {
        let frame = next(at: now)
        for index in 0..<player.rate.samplesPerFrame { output[first + 2 * index] = frame?[index] ?? 0 }
    }

    /// Adds the 20 ms that end at `now` to both sides.
    func mix(into output: UnsafeMutableBufferPointer<Int16>, from first: Int, at now: Instant) {
        guard let frame = next(at: now) else { return }
        for index in 0..<player.rate.samplesPerFrame {
            for place in (first + 2 * index)...(first + 2 * index + 1) {
                output[place] = Int16(clamping: Int(output[place]) + Int(frame[index]))
            }
        }
    }

    private func next(at now: Instant) -> UnsafeBufferPointer<Int16>? {
        takePackets(until: now)
        framesWithoutLeg = rings.isEmpty ? framesWithoutLeg + 1 : 0
        let played = player.next(at: now)
        return isOver ? nil : played
    }

    private func takePackets(until now: Instant) {
        for ring in rings {
            while let entry = ring.front, entry.arrival <= now { play(entry, ring.take(entry, into: scratch)) }
        }
        for ring in rings where ring.isExhausted { droppedBefore &+= ring.dropped }
        rings.removeAll(where: \.isExhausted)
    }

    private func play(_ entry: RecordingTap.Entry, _ payload: UnsafeRawBufferPointer) {
        if entry.encoding != player.encoding {
            guard let other = FramePlayer(entry.encoding, at: player.rate) else { return }
            player = other
        }
        player.receive(entry.header, payload, at: entry.arrival)
    }
}
