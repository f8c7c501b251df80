import RTP
import Wire

/// Plays one stream: packets in as they come, 20 ms of samples out each 20 ms.
///
/// All memory is taken when it is made.
struct FramePlayer: ~Copyable {
    let encoding: AudioEncoding
    let rate: SampleRate
    private var buffer: JitterBuffer
    private var decoder: AudioDecoder
    /// Decoded and not yet given out; the first `filled` are.
    private let samples: UnsafeMutableBufferPointer<Int16>
    private var filled = 0
    /// The first frame has been given out and goes when the next is asked for.
    private var isFirstUsed = false
    /// Frames that were made up, in whole or in part.
    private(set) var concealed: UInt64 = 0

    /// Answers to one frame's questions to the jitter buffer; more are a sender's malice.
    private static let questions = 24
    /// Delay in milliseconds that is given back when it costs little, and at any cost.
    private static let (quietExcess, anyExcess) = (35, 80)
    /// Mean magnitude of what nobody misses.
    private static let quiet = 60

    /// Nil when memory is short.
    init?(_ encoding: AudioEncoding, at rate: SampleRate) {
        guard let decoder = AudioDecoder(encoding, at: rate) else { return nil }
        self.encoding = encoding
        self.rate = rate
        self.decoder = decoder
        buffer = JitterBuffer(clockRate: encoding.clockRate)
        samples = .allocate(capacity: 2 * rate.samplesPerFrame + rate.longestPacket)
    }

    deinit { samples.deallocate() }

    /// The delay aimed at.
    var delay: Duration { buffer.depth }

    /// Packets that came too late, twice, or were too many.
    var dropped: UInt64 { buffer.dropped }

    /// Takes a packet of the sender's, whatever is in it.
    mutating func receive(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        guard let duration = encoding.duration(of: payload) else { return }
        buffer.insert(header, payload, duration: duration, at: now)
    }

    /// Takes a packet that describes comfort noise (RFC 3389).
    mutating func receiveNoise(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        buffer.insert(header, payload, duration: 0, at: now)
    }

    /// The next frame, valid until the next question; nil while the sender rests.
    mutating func next(at now: Instant) -> UnsafeBufferPointer<Int16>? {
        let frame = rate.samplesPerFrame
        if isFirstUsed { remove(frame, at: 0) }
        isFirstUsed = false
        let excess = buffer.excess(at: now)
        guard fill(frame, now) else { return nil }
        if excess >= Self.anyExcess || (excess >= Self.quietExcess && isQuiet) { shorten(now) }
        isFirstUsed = true
        return UnsafeBufferPointer(rebasing: samples[..<frame])
    }

    /// Decodes until there are so many samples; false when there is nothing to be heard.
    private mutating func fill(_ wanted: Int, _ now: Instant) -> Bool {
        var isWhole = true
        for _ in 0..<Self.questions where filled < wanted {
            let room = UnsafeMutableBufferPointer(rebasing: samples[filled...])
            switch buffer.next(at: now) {
            case .packet(let payload):
                let count = decoder.decode(payload, into: room)
                filled += count
                if count == 0 { conceal(wanted - filled, room, &isWhole) }
            case .noise(let payload): decoder.startNoise(payload)
            case .missing(let ticks, let next):
                conceal(Int(ticks) * rate.rawValue / Int(encoding.clockRate), before: next, room, &isWhole)
            case .nothing:
                guard filled > 0 else { return false }
                conceal(wanted - filled, room, &isWhole)
            }
        }
        if filled < wanted {
            conceal(wanted - filled, UnsafeMutableBufferPointer(rebasing: samples[filled...]), &isWhole)
        }
        if !isWhole { concealed &+= 1 }
        return true
    }

    private mutating func conceal(
        _ count: Int, before next: UnsafeRawBufferPointer? = nil, _ room: UnsafeMutableBufferPointer<Int16>,
        _ isWhole: inout Bool
    ) {
        decoder.conceal(count, before: next, into: room)
        filled += count
        isWhole = false
    }

    private var isQuiet: Bool {
        let frame = rate.samplesPerFrame
        var sum = 0
        for index in 0..<frame { sum += Int(samples[index].magnitude) }
        return sum < frame * Self.quiet
    }

    /// Plays two frames in the time of one, the first passing into the second: the delay shrinks by 20 ms.
    private mutating func shorten(_ now: Instant) {
        let frame = rate.samplesPerFrame
        guard fill(2 * frame, now), filled >= 2 * frame else { return }
        for index in 0..<frame {
            let mixed = Int(samples[index]) * (frame - index) + Int(samples[frame + index]) * index
            samples[index] = Int16(mixed / frame)
        }
        remove(frame, at: frame)
    }

    private mutating func remove(_ count: Int, at start: Int) {
        for index in (start + count)..<max(filled, start + count) { samples[index - count] = samples[index] }
        filled -= count
    }
}
