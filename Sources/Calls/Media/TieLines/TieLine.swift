/// One end of a tie line: what a worker has of a leg that another worker serves.
struct TieLineEnd: Sendable {
    let outgoing: ByteRing
    let incoming: ByteRing
    /// Which leg stands at the other end, and how its worker is told that something came.
    let far: (id: MediaLegID, bell: TieLineBell)

    /// The two ends of a new line, for legs whose workers are told by these.
    static func pair(
        _ first: (id: MediaLegID, bell: TieLineBell), _ second: (id: MediaLegID, bell: TieLineBell)
    ) -> (first: TieLineEnd, second: TieLineEnd) {
        let (there, back) = (ByteRing(capacity: capacity), ByteRing(capacity: capacity))
        return (
            TieLineEnd(outgoing: there, incoming: back, far: second),
            TieLineEnd(outgoing: back, incoming: there, far: first)
        )
    }

    /// A second and more of G.711, should the other worker be held up.
    private static let capacity = 1 << 14
}

/// How one worker tells another which of its tie lines have news: their legs in a ring, then the worker woken.
struct TieLineBell: Sendable {
    let news: ByteRing
    /// The eventfd of the worker that is told.
    let wakeUp: Int32

    /// Legs that are told of and not looked at yet; more than that many at once have no other worker that lives.
    private static let capacity = 1 << 16

    init(wakeUp: Int32) { (news, self.wakeUp) = (ByteRing(capacity: Self.capacity), wakeUp) }
}

typealias TieLinePointer = UnsafeMutablePointer<TieLine>

/// A tie line's end on its worker; the end of it is the end of the line.
///
/// Packets pass as they would go to a telephone: RTP, numbered by the leg that stands in for the far one.
struct TieLine: ~Copyable {
    private let outgoing: RingEnd
    private let incoming: RingEnd
    private let news: RingEnd
    private let farID: MediaLegID
    let wakeUp: Int32
    /// Something went in this turn of which the other worker has not been told.
    var isUntold = false
    /// Keeps the memory that the rings' ends point to.
    private let rings: TieLineEnd

    init(_ rings: TieLineEnd) {
        (outgoing, incoming, news) = (rings.outgoing.end, rings.incoming.end, rings.far.bell.news.end)
        (farID, wakeUp, self.rings) = (rings.far.id, rings.far.bell.wakeUp, rings)
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

    /// Puts the leg at the other end among those that have news; its worker is to be woken then.
    mutating func tell() {
        isUntold = false
        var id = farID.rawValue
        withUnsafeBytes(of: &id) { _ = news.write($0, UnsafeRawBufferPointer(start: nil, count: 0)) }
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
