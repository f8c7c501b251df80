/// One end of a tie line: what a worker has of a leg that another worker serves.
struct TieLineEnd: Sendable {
    let outgoing: ByteRing
    let incoming: ByteRing
    /// The eventfd that wakes the worker at the other end.
    let farBell: Int32

    /// The two ends of a new line, between workers that are woken by these.
    static func pair(_ firstBell: Int32, _ secondBell: Int32) -> (first: TieLineEnd, second: TieLineEnd) {
        let (there, back) = (ByteRing(capacity: capacity), ByteRing(capacity: capacity))
        return (
            TieLineEnd(outgoing: there, incoming: back, farBell: secondBell),
            TieLineEnd(outgoing: back, incoming: there, farBell: firstBell)
        )
    }

    /// A second and more of G.711, should the other worker be held up.
    private static let capacity = 1 << 14
}

typealias TieLinePointer = UnsafeMutablePointer<TieLine>

/// A tie line's end on its worker; the end of it is the end of the line.
///
/// Packets pass as they would go to a telephone: RTP, numbered by the leg that stands in for the far one.
struct TieLine: ~Copyable {
    private let outgoing: RingEnd
    private let incoming: RingEnd
    let farBell: Int32
    /// Keeps the memory that the two point to.
    private let rings: TieLineEnd

    init(_ rings: TieLineEnd) {
        (outgoing, incoming) = (rings.outgoing.end, rings.incoming.end)
        (farBell, self.rings) = (rings.farBell, rings)
    }

    deinit {
        outgoing.close()
        incoming.close()
    }

    /// The other worker has closed its end already.
    var isClosed: Bool { outgoing.isClosed }

    /// Answers whether the packet went, which it does not while the other worker is held up.
    @inline(__always)
    func send(_ packet: Packet) -> Bool {
        var length = UInt32(truncatingIfNeeded: packet.length)
        return withUnsafeBytes(of: &length) { outgoing.write($0, packet.contents) }
    }

    /// Takes the next packet into a buffer; nil when there is none.
    @inline(__always)
    func receive(into buffer: UnsafeMutableRawPointer) -> Packet? {
        guard !incoming.isEmpty else { return nil }
        var length: UInt32 = 0
        withUnsafeMutableBytes(of: &length) { incoming.copyFront(to: $0) }
        let packet = Packet(buffer, length: Int(length))
        let room = UnsafeMutableRawBufferPointer(start: buffer, count: packet.length)
        incoming.copyFront(from: MemoryLayout<UInt32>.size, to: room)
        incoming.removeFront(ofSize: MemoryLayout<UInt32>.size + packet.length)
        return packet
    }

    var hasNews: Bool { !incoming.isEmpty }
}

/// What a leg that stands in for another has of it.
struct StandIn: Sendable {
    var formats: LegFormats
    var dtmf: DTMFMode
}

extension LegFormats {
    /// What is spoken on a tie line, so that a leg of these formats need not be transcoded at its end.
    ///
    /// Both ends know a payload type by the one number that the leg is sent it under. `others` says what the leg that
    /// is stood in for may send and be sent.
    func onTieLine(for others: LegFormats?) -> LegFormats {
        var formats = self
        formats.receivesAudioAs = sendsAudioAs
        formats.receivesEventsAs = sendsEventsAs
        (formats.sends, formats.receives) = (others?.sends ?? true, others?.receives ?? true)
        return formats
    }
}
