import RTP
import Wire

typealias SeatPointer = UnsafeMutablePointer<ConferenceSeat>

/// A member's place in a mix: its packets become samples, and what it is to hear becomes a payload.
///
/// All memory is taken when it is made.
struct ConferenceSeat: ~Copyable {
    let encoding: AudioEncoding
    private var player: FramePlayer
    private var encoder: AudioEncoder
    /// What the member said in the frame `spokeIn`.
    private let own: UnsafeMutableBufferPointer<Int16>
    private var spokeIn: UInt64 = .max
    private var voice = VoiceActivity()

    /// Nil when memory is short.
    init?(_ encoding: AudioEncoding) {
        guard let player = FramePlayer(encoding, at: Conference.rate),
            let encoder = AudioEncoder(encoding, at: Conference.rate)
        else { return nil }
        self.encoding = encoding
        self.player = player
        self.encoder = encoder
        own = .allocate(capacity: Conference.rate.samplesPerFrame)
        own.initialize(repeating: 0)
    }

    deinit { own.deallocate() }

    /// Takes a packet of the member's, whatever is in it.
    mutating func receive(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        player.receive(header, payload, at: now)
    }

    /// Takes a packet that describes comfort noise (RFC 3389).
    mutating func receiveNoise(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        player.receiveNoise(header, payload, at: now)
    }

    /// Takes what the member reports to lose, 0…1.
    mutating func expectLoss(_ fraction: Double) { encoder.expectLoss(fraction) }

    /// Adds what the member says in a frame.
    mutating func speak(in frame: UInt64, at now: Instant, into sum: UnsafeMutableBufferPointer<Int32>) {
        guard let said = player.next(at: now) else { return voice.hear(level: 0) }
        var magnitude = 0
        for index in said.indices {
            own[index] = said[index]
            sum[index] += Int32(said[index])
            magnitude += Int(said[index].magnitude)
        }
        spokeIn = frame
        voice.hear(level: magnitude / said.count)
    }

    /// Leaves of a frame's sum what others say; what is too loud for 16 bits is cut off.
    func listen(
        in frame: UInt64, to sum: UnsafeMutableBufferPointer<Int32>, into heard: UnsafeMutableBufferPointer<Int16>
    ) {
        let isIn = spokeIn == frame
        for index in heard.indices {
            heard[index] = Int16(clamping: isIn ? sum[index] - Int32(own[index]) : sum[index])
        }
    }

    /// Makes the payload of a frame and answers its length.
    mutating func encode(_ frame: UnsafeBufferPointer<Int16>, into payload: UnsafeMutableRawBufferPointer) -> Int {
        encoder.encode(frame, into: payload)
    }

    /// Whether the member has begun or ceased to speak since the last question; nil: neither.
    mutating func takeChange() -> Bool? { voice.takeChange() }
}
