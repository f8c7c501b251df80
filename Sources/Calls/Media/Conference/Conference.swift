import Wire

typealias ConferencePointer = UnsafeMutablePointer<Conference>

/// Several legs of one worker that hear each other.
///
/// What is said in 20 ms is summed once; each member hears the sum without its own part. Members are served one after the
/// other within the 20 ms: the first of them has the sum made, the others find it.
struct Conference: ~Copyable {
    let id: ConferenceID
    private(set) var members: [LegPointer] = []
    /// What all say in `frame`, and room for what one of them hears of it.
    private let sum: UnsafeMutableBufferPointer<Int32>
    private let heard: UnsafeMutableBufferPointer<Int16>
    private var frame: UInt64 = .max

    /// Keeps what G.722 and wideband Opus can carry.
    static let rate = SampleRate.wideband

    init(_ id: ConferenceID) {
        self.id = id
        sum = .allocate(capacity: Self.rate.samplesPerFrame)
        sum.initialize(repeating: 0)
        heard = .allocate(capacity: Self.rate.samplesPerFrame)
        heard.initialize(repeating: 0)
    }

    deinit {
        sum.deallocate()
        heard.deallocate()
    }

    mutating func add(_ leg: LegPointer) { members.append(leg) }

    mutating func remove(_ leg: LegPointer) { members.removeAll { $0 == leg } }

    /// Sums what the members say in a frame, once; answers whether that was done now.
    mutating func mix(_ number: UInt64, at now: Instant) -> Bool {
        guard frame != number else { return false }
        frame = number
        for index in sum.indices { sum[index] = 0 }
        for index in members.indices {
            guard let seat = members[index].pointee.seat else { continue }
            seat.pointee.speak(in: number, at: now, into: sum)
        }
        return true
    }

    /// What a seat hears of the sum, valid until the next question.
    func sound(for seat: SeatPointer) -> UnsafeBufferPointer<Int16> {
        seat.pointee.listen(in: frame, to: sum, into: heard)
        return UnsafeBufferPointer(heard)
    }
}
