package import RTP
package import Wire

/// Puts one stream's packets in order and says when each is to be played.
///
/// A packet is due its delay estimate after the fastest packet of its time would have come: deep enough for nearly all,
/// between 20 and 200 ms. It holds `capacity` packets at most and trusts nothing in them. To be asked each 20 ms, as
/// often as more sound is needed; all memory is taken when it is made.
package struct JitterBuffer: ~Copyable {
    /// What is to be played next.
    package enum Playout {
        /// A payload, valid until the next `insert`.
        case packet(UnsafeRawBufferPointer)
        /// From here on comfort noise of this description (RFC 3389) until the next packet.
        case noise(UnsafeRawBufferPointer)
        /// Sound that is lost, late or (by the sender's wish) not sent, in ticks of the clock.
        ///
        /// `next` is the payload that follows right after, when it is there.
        case missing(UInt32, next: UnsafeRawBufferPointer?)
        /// The stream rests, or has not begun.
        case nothing
    }

    private struct Slot {
        var isFilled = false
        var sequence: UInt16 = 0
        var timestamp: UInt32 = 0
        /// 0 for comfort noise.
        var duration: UInt32 = 0
        var length = 0
        /// Its timestamp does not go on from those before.
        var startsAnew = false
    }

    /// Packets held at once: 320 ms of the shortest usual ones.
    package static let capacity = 32
    /// The longest payload: more Opus than a telephone call has, and all G.711 of 120 ms.
    package static let longestPayload = 1280
    package static let depths = 20...200
    /// Milliseconds that the estimate may move by before what is played waits for it.
    private static let tolerance: UInt32 = 5
    /// Silence after which the stream counts as resting; Opus with DTX sends something each 400 ms.
    private static let patience = 25

    private let clockRate: UInt32
    private var slots: [Slot]
    private let memory: UnsafeMutableRawPointer
    private var held = 0
    private var ssrc: UInt32 = 0
    private var isActive = false
    private var hasPlayed = false
    private var isComforted = false
    /// The number to be played next.
    private var next: UInt16 = 0
    /// The timestamp to be played next.
    private var playout: UInt32 = 0
    /// The number that would confirm a jump, or a value no number has.
    private var confirming: UInt32 = .max
    private var emptyTicks = 0
    private var estimate: DelayEstimate
    /// Packets that came too late, twice, or were too many.
    private(set) package var dropped: UInt64 = 0

    package init(clockRate: UInt32) {
        self.clockRate = max(clockRate, 1000)
        slots = Array(repeating: Slot(), count: Self.capacity)
        memory = .allocate(byteCount: Self.capacity * Self.longestPayload, alignment: 16)
        estimate = DelayEstimate(clockRate: clockRate)
    }

    deinit { memory.deallocate() }

    /// Ticks of 20 ms.
    private var frame: UInt32 { clockRate / 50 }

    /// The depth aimed at.
    package var depth: Duration { .milliseconds(depthMilliseconds) }

    private var depthMilliseconds: Int {
        min(max(estimate.milliseconds, Self.depths.lowerBound), Self.depths.upperBound)
    }

    /// How far what is played next is behind its time, in milliseconds: the delay that could be saved.
    package func excess(at now: Instant) -> Int {
        guard hasPlayed, held > 0 else { return 0 }
        let lead = lead(at: now)
        // More than that is a jump of the timestamps, which is dealt with when it is reached.
        return lead.magnitude > clockRate ? 0 : -Int(lead) * 1000 / Int(clockRate)
    }

    /// How far `playout` is ahead of its time, in ticks.
    private func lead(at now: Instant) -> Int32 {
        let depth = UInt32(depthMilliseconds) &* (clockRate / 1000)
        let due = ClockTicks.ticks(now.nanoseconds, clockRate) &- estimate.floor &- depth
        return Int32(bitPattern: playout &- due)
    }
}

// Packets in.
extension JitterBuffer {
    /// Takes a packet in whose payload lasts `duration` ticks; 0 for one that describes comfort noise.
    package mutating func insert(
        _ header: RTPHeader, _ payload: UnsafeRawBufferPointer, duration: UInt32, at now: Instant
    ) {
        guard payload.count <= Self.longestPayload, !payload.isEmpty, admits(header) else {
            dropped &+= 1
            return
        }
        let place = Int(header.sequenceNumber) % Self.capacity
        guard !slots[place].isFilled || slots[place].sequence != header.sequenceNumber else {
            dropped &+= 1
            return
        }
        let goesOn = estimate.count(timestamp: header.timestamp, at: now)
        // What has been played without it is of use to the estimate alone.
        guard distance(header.sequenceNumber) >= 0 else {
            dropped &+= 1
            return
        }
        makeRoom(for: header.sequenceNumber)
        slots[place] = Slot(
            isFilled: true, sequence: header.sequenceNumber, timestamp: header.timestamp, duration: duration,
            length: payload.count, startsAnew: !goesOn)
        held += 1
        UnsafeMutableRawBufferPointer(start: memory + place * Self.longestPayload, count: payload.count)
            .copyMemory(from: payload)
    }

    /// Whether the packet belongs to the stream; a stream that begins, anew or at all, is taken up.
    private mutating func admits(_ header: RTPHeader) -> Bool {
        guard isActive, header.ssrc == ssrc else {
            begin(header)
            return true
        }
        let step = distance(header.sequenceNumber)
        if step < 0, !hasPlayed, step > -Self.capacity / 2 {
            (next, playout) = (header.sequenceNumber, header.timestamp)
            return true
        }
        guard step >= -Int(ReceptionStatistics.maximumMisorder), step < Int(ReceptionStatistics.maximumDropout) else {
            return jumps(header)
        }
        confirming = .max
        return true
    }

    /// A jump of the numbers is believed when a second packet goes on from it.
    private mutating func jumps(_ header: RTPHeader) -> Bool {
        guard UInt32(header.sequenceNumber) == confirming else {
            confirming = UInt32(header.sequenceNumber &+ 1)
            return false
        }
        begin(header)
        return true
    }

    private mutating func begin(_ header: RTPHeader) {
        for index in slots.indices { slots[index].isFilled = false }
        (held, emptyTicks, confirming) = (0, 0, .max)
        (ssrc, next, playout) = (header.ssrc, header.sequenceNumber, header.timestamp)
        (isActive, hasPlayed, isComforted) = (true, false, false)
        estimate.begin()
    }

    private func distance(_ sequence: UInt16) -> Int { Int(Int16(bitPattern: sequence &- next)) }

    /// Gives up what is so old that the newest packet has no place beside it.
    private mutating func makeRoom(for sequence: UInt16) {
        let surplus = distance(sequence) - Self.capacity + 1
        guard surplus > 0 else { return }
        for _ in 0..<min(surplus, Self.capacity) {
            drop(Int(next) % Self.capacity)
            next &+= 1
        }
        next = sequence &- UInt16(Self.capacity - 1)
    }

    private mutating func drop(_ place: Int) {
        guard slots[place].isFilled else { return }
        slots[place].isFilled = false
        held -= 1
        dropped &+= 1
    }
}

// Sound out.
extension JitterBuffer {
    /// What is to be played next; what it answers counts as played.
    package mutating func next(at now: Instant) -> Playout {
        guard isActive else { return .nothing }
        var lead = lead(at: now)
        // So far ahead is no packet: the timestamps have begun anew behind those that are played.
        if lead > Int32(clockRate / 2) { lead = 0 }
        guard hasPlayed || (lead <= 0 && held > 0) else { return .nothing }
        if lead < -Int32(clockRate / 2) { catchUp(lead) }
        while let place = earliest() {
            if let played = play(place, lead) { return played }
        }
        return playEmpty(lead)
    }

    /// After a standstill of ours nobody wants to hear what waited.
    private mutating func catchUp(_ lead: Int32) {
        playout = playout &+ lead.magnitude
    }

    private func earliest() -> Int? {
        guard held > 0 else { return nil }
        for step in 0..<Self.capacity {
            let place = (Int(next) + step) % Self.capacity
            if slots[place].isFilled { return place }
        }
        return nil
    }

    /// Nil when the packet was of no use any more.
    private mutating func play(_ place: Int, _ lead: Int32) -> Playout? {
        let slot = slots[place]
        let gap = Int32(bitPattern: slot.timestamp &- playout)
        let isElsewhere = slot.startsAnew || gap.magnitude > clockRate
        if !isElsewhere {
            if gap <= 0, slot.duration > 0, slot.duration <= gap.magnitude {
                drop(place)
                next = slot.sequence &+ 1
                return nil
            }
            // The path has become worse: the rest waits a little longer, and what seems to be lost may still come.
            if hasPlayed, isEarly(lead) { return .missing(frame, next: nil) }
            if gap > 0 { return skip(UInt32(gap), to: place) }
        }
        return take(place)
    }

    private mutating func take(_ place: Int) -> Playout {
        let slot = slots[place]
        slots[place].isFilled = false
        held -= 1
        next = slot.sequence &+ 1
        let end = slot.timestamp &+ slot.duration
        let isBehind = slot.duration == 0 && Int32(bitPattern: end &- playout) < 0
        if !isBehind || slot.startsAnew { playout = end }
        (hasPlayed, emptyTicks, isComforted) = (true, 0, slot.duration == 0)
        let payload = payload(place)
        return isComforted ? .noise(payload) : .packet(payload)
    }

    private func payload(_ place: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + place * Self.longestPayload, count: slots[place].length)
    }

    /// Sound is missing between what was played and the packet at hand.
    private mutating func skip(_ gap: UInt32, to place: Int) -> Playout {
        let isNeighbour = slots[place].sequence == next &+ 1 && gap <= max(slots[place].duration, frame)
        let ticks = isNeighbour ? min(gap, 3 * frame) : min(gap, frame)
        playout = playout &+ ticks
        return .missing(ticks, next: isNeighbour && ticks == gap ? payload(place) : nil)
    }

    /// Every millisecond that is played too early makes packets late that the depth was chosen for.
    private func isEarly(_ lead: Int32) -> Bool { lead > Int32(clockRate / 1000 * Self.tolerance) }

    private mutating func playEmpty(_ lead: Int32) -> Playout {
        if !isEarly(lead) { playout = playout &+ frame }
        if isComforted { return .missing(frame, next: nil) }
        emptyTicks += 1
        guard emptyTicks <= Self.patience else {
            isActive = false
            return .nothing
        }
        return .missing(frame, next: nil)
    }
}
