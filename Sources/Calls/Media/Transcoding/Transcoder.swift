import RTP
import Wire

/// A transcoder lives at a fixed place, like the legs it joins.
typealias TranscoderPointer = UnsafeMutablePointer<Transcoder>

/// One direction of a call between two legs that share no encoding: packets in as they come, a frame out each 20 ms.
///
/// All memory is taken when it is made.
struct Transcoder: ~Copyable {
    let route: TranscodingRoute
    private var player: FramePlayer
    private var encoder: AudioEncoder

    /// Nil when memory is short.
    init?(_ route: TranscodingRoute) {
        let rate = AudioEncoding.commonRate(route.from, route.to)
        guard let player = FramePlayer(route.from, at: rate), let encoder = AudioEncoder(route.to, at: rate) else {
            return nil
        }
        self.route = route
        self.player = player
        self.encoder = encoder
    }

    var figures: LegStatistics.Transcoding {
        LegStatistics.Transcoding(
            from: route.from, to: route.to, delay: player.delay, concealedFrames: player.concealed,
            droppedPackets: player.dropped)
    }

    /// Takes a packet of the sender's, whatever is in it.
    mutating func receive(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        player.receive(header, payload, at: now)
    }

    /// Takes a packet that describes comfort noise (RFC 3389).
    mutating func receiveNoise(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, at now: Instant) {
        player.receiveNoise(header, payload, at: now)
    }

    /// Takes what the receiver of the frames reports to lose, 0…1.
    mutating func expectLoss(_ fraction: Double) { encoder.expectLoss(fraction) }

    /// Makes the next frame and answers its length; 0 while the sender rests.
    mutating func makeFrame(into payload: UnsafeMutableRawBufferPointer, at now: Instant) -> Int {
        guard let frame = player.next(at: now) else { return 0 }
        return encoder.encode(frame, into: payload)
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
