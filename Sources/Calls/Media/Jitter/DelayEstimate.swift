import RTP
import Wire

/// How long packets of one stream wait on their way beyond the fastest: what a jitter buffer has to make up for.
///
/// Delays are relative: the two clocks share no origin. The fastest of the latest seconds is the floor, so that clocks
/// that drift apart are followed; the delays above it make a histogram that forgets.
struct DelayEstimate {
    private let clockRate: UInt32
    /// Arrival minus timestamp of the fastest packet, modulo 2^32 as timestamps count.
    private(set) var floor: UInt32 = 0
    private var nextFloor: UInt32 = 0
    private var windowEnd = Instant.zero
    private var isStarted = false
    /// Packets in a row that waited longer than can be made up for.
    private var strays = 0
    /// Shares of all packets, by steps of delay; they sum to one.
    private var shares = InlineArray<64, Float>(repeating: 0)
    /// Packets the shares stand for, until they are as many as are remembered.
    private var weight: Float = 10

    private static let step = 5
    private static let window = Duration.seconds(2)
    /// Packets after which a share has fallen to a third.
    private static let memory: Float = 250
    /// The share of packets that should come in time.
    private static let quantile: Float = 0.98
    /// What is reckoned with before the path is known, in milliseconds.
    private static let firstGuess = 40

    init(clockRate: UInt32) {
        self.clockRate = max(clockRate, 1000)
        shares[Self.firstGuess / Self.step - 1] = 1
    }

    /// The next packet is the first of a stream: what is known of its clock does not hold any more.
    mutating func begin() { isStarted = false }

    /// Counts a packet; false when its timestamp does not go on from the earlier ones.
    ///
    /// So it is when it jumps by a second, and when packet after packet comes later than can be made up for: their sender
    /// stopped its clock for a while.
    mutating func count(timestamp: UInt32, at now: Instant) -> Bool {
        let transit = ClockTicks.ticks(now.nanoseconds, clockRate) &- timestamp
        guard isStarted, Int32(bitPattern: transit &- floor).magnitude < clockRate else {
            defer { isStarted = true }
            restart(transit, now)
            return !isStarted
        }
        moveFloor(transit, now)
        let delay = Int(Int32(bitPattern: transit &- floor)) * 1000 / Int(clockRate)
        strays = delay > Self.hopeless ? strays + 1 : 0
        note(delay / Self.step)
        guard strays >= Self.straysInARow else { return true }
        restart(transit, now)
        return false
    }

    private static let hopeless = 250
    private static let straysInARow = 3

    private mutating func note(_ place: Int) {
        let kept = weight / (weight + 1)
        for index in shares.indices { shares[index] *= kept }
        shares[min(place, shares.count - 1)] += 1 - kept
        weight = min(weight + 1, Self.memory)
    }

    private mutating func restart(_ transit: UInt32, _ now: Instant) {
        (floor, nextFloor, windowEnd, strays) = (transit, transit, now + Self.window, 0)
    }

    private mutating func moveFloor(_ transit: UInt32, _ now: Instant) {
        if now >= windowEnd {
            (floor, nextFloor, windowEnd) = (nextFloor, transit, now + Self.window)
        }
        if Int32(bitPattern: transit &- nextFloor) < 0 { nextFloor = transit }
        if Int32(bitPattern: transit &- floor) < 0 { floor = transit }
    }

    /// Milliseconds that all but a few packets come within.
    var milliseconds: Int {
        var sum: Float = 0
        for index in shares.indices {
            sum += shares[index]
            if sum >= Self.quantile { return (index + 1) * Self.step }
        }
        return shares.count * Self.step
    }
}
