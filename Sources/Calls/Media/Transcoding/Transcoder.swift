import RTP
import Wire

/// A transcoder lives at a fixed place, like the legs it joins.
typealias TranscoderPointer = UnsafeMutablePointer<Transcoder>

/// One direction of a call between two legs that share no encoding: packets in as they come, a frame out each 20 ms.
///
/// All memory is taken when it is made.
struct Transcoder: ~Copyable {
    let route: TranscodingRoute
    private var buffer: JitterBuffer
    private var decoder: AudioDecoder
    private var encoder: AudioEncoder
    private let rate: SampleRate
    /// Decoded and not yet encoded; the first `filled` are.
    private let samples: UnsafeMutableBufferPointer<Int16>
    private var filled = 0
    /// Frames that were made up, in whole or in part.
    private var concealed: UInt64 = 0

    /// Answers to one frame's questions to the jitter buffer; more are a sender's malice.
    private static let questions = 24
    /// Delay in milliseconds that is given back when it costs little, and at any cost.
    private static let (quietExcess, anyExcess) = (35, 80)
    /// Mean magnitude of what nobody misses.
    private static let quiet = 60

    /// Nil when memory is short.
    init?(_ route: TranscodingRoute) {
        rate = AudioEncoding.commonRate(route.from, route.to)
        guard let decoder = AudioDecoder(route.from, at: rate), let encoder = AudioEncoder(route.to, at: rate) else {
            return nil
        }
        self.route = route
        self.decoder = decoder
        self.encoder = encoder
        buffer = JitterBuffer(clockRate: route.from.clockRate)
        samples = .allocate(capacity: 2 * rate.samplesPerFrame + rate.longestPacket)
    }

    deinit { samples.deallocate() }

    var figures: LegStatistics.Transcoding {
        LegStatistics.Transcoding(
            from: route.from, to: route.to, delay: buffer.depth, concealedFrames: concealed,
            droppedPackets: buffer.dropped)
    }

    /// Takes a packet of the sender's, whatever is in it.
    mutating func receive(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        guard let duration = route.from.duration(of: payload) else { return }
        buffer.insert(header, payload, duration: duration, at: now)
    }

    /// Takes a packet that describes comfort noise (RFC 3389).
    mutating func receiveNoise(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        buffer.insert(header, payload, duration: 0, at: now)
    }

    /// Takes what the receiver of the frames reports to lose, 0…1.
    mutating func expectLoss(_ fraction: Double) { encoder.expectLoss(fraction) }

    /// Makes the next frame and answers its length; 0 while the sender rests.
    mutating func makeFrame(into payload: UnsafeMutableRawBufferPointer, at now: Instant) -> Int {
        let frame = rate.samplesPerFrame
        let excess = buffer.excess(at: now)
        guard fill(frame, now) else { return 0 }
        if excess >= Self.anyExcess || (excess >= Self.quietExcess && isQuiet) { shorten(now) }
        let length = encoder.encode(UnsafeBufferPointer(rebasing: samples[..<frame]), into: payload)
        remove(frame, at: 0)
        return length
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
                conceal(Int(ticks) * rate.rawValue / Int(route.from.clockRate), before: next, room, &isWhole)
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

/// From which encoding to which.
struct TranscodingRoute: Hashable, Sendable {
    let from: AudioEncoding
    let to: AudioEncoding

    init(from: AudioEncoding, to: AudioEncoding) { (self.from, self.to) = (from, to) }

    /// Nil where one of them can only be carried.
    init?(_ from: LegFormats.Encoding, _ to: LegFormats.Encoding) {
        guard let from = from.audio, let to = to.audio else { return nil }
        self.init(from: from, to: to)
    }

    /// Its place among all routes, for counters.
    var place: Int { Self.place(from) * 4 + Self.place(to) }

    private static func place(_ encoding: AudioEncoding) -> Int {
        switch encoding {
        case .pcmu: 0
        case .pcma: 1
        case .g722: 2
        case .opus: 3
        }
    }

    static let places = 16

    /// All that there are.
    static let all = AudioEncoding.allCases.flatMap { from in
        AudioEncoding.allCases.filter { $0 != from }.map { TranscodingRoute(from: from, to: $0) }
    }
}
