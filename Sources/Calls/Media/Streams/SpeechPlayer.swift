/// A player lives at a fixed place, like the leg that hears it.
typealias SpeechPlayerPointer = UnsafeMutablePointer<SpeechPlayer>

/// What a stream says to one leg, on the worker: frames out of the ring, in whatever the leg speaks.
///
/// All memory is taken when it is made, or tuned to another encoding.
struct SpeechPlayer: ~Copyable {
    private let ring: RecordingRing
    private let rate: SampleRate
    private var encoder: AudioEncoder?
    private var encoding: AudioEncoding?
    private let room: UnsafeMutableRawBufferPointer

    init(_ ring: RecordingRing, at rate: SampleRate) {
        (self.ring, self.rate) = (ring, rate)
        encoder = nil
        room = .allocate(byteCount: JitterBuffer.longestPayload, alignment: 16)
    }

    deinit { room.deallocate() }

    /// Makes what comes in another encoding from here on; nothing for one we cannot make.
    mutating func tune(to wanted: AudioEncoding?) {
        guard wanted != encoding else { return }
        encoding = wanted
        if let wanted { encoder = AudioEncoder(wanted, at: rate) } else { encoder = nil }
    }

    /// Nothing is to be said now.
    var isSilent: Bool { ring.front == nil }

    /// Makes the next payload and answers its length; 0 where there is no encoder or nothing to say.
    mutating func makeFrame(into payload: UnsafeMutableRawBufferPointer) -> Int {
        guard let entry = ring.front else { return 0 }
        let samples = ring.take(entry, into: room).bindMemory(to: Int16.self)
        guard samples.count == rate.samplesPerFrame else { return 0 }
        return encoder?.encode(samples, into: payload) ?? 0
    }

    /// Lets 20 ms pass unheard.
    func skip() {
        if let entry = ring.front { _ = ring.take(entry, into: room) }
    }
}
