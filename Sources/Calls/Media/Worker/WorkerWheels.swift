import Wire

/// The worker's two timing wheels.
///
/// Every leg has a place in the house wheel and is looked after once a second; legs we make sound for have one in the
/// pace wheel and are served every 20 ms. Ticks are counted from the clock, so that they cannot drift, and legs are
/// spread over the slots, so that they do not all come at once.
struct WorkerWheels {
    static let paceTick: UInt64 = 5_000_000
    static let paceSlots = 4
    static let houseTick: UInt64 = 25_000_000
    static let houseSlots = 40
    /// Missed ticks that are made up for; more mean that the machine slept.
    private static let makeUp: UInt64 = 10

    var pace = [[LegPointer]](repeating: [], count: paceSlots)
    var house = [[LegPointer]](repeating: [], count: houseSlots)
    private var paceDone: UInt64
    private var houseDone: UInt64
    private var paced = 0
    private var housed = 0

    init(at now: Instant) {
        (paceDone, houseDone) = (now.nanoseconds / Self.paceTick, now.nanoseconds / Self.houseTick)
    }

    /// The next moment either wheel turns to a slot that may hold legs.
    var nextDeadline: Instant {
        if paced > 0 { return Instant(nanoseconds: (paceDone + 1) * Self.paceTick) }
        return housed > 0 ? Instant(nanoseconds: (houseDone + 1) * Self.houseTick) : .never
    }

    /// Numbers the 20 ms in which each paced leg is served once.
    var frame: UInt64 { paceDone / UInt64(Self.paceSlots) }

    /// The next pace slot that is due; to be asked until nil.
    mutating func duePaceSlot(_ now: Instant) -> Int? {
        Self.turn(&paceDone, to: now.nanoseconds / Self.paceTick).map { Int($0 % UInt64(Self.paceSlots)) }
    }

    /// The next house slot that is due; to be asked until nil.
    mutating func dueHouseSlot(_ now: Instant) -> Int? {
        Self.turn(&houseDone, to: now.nanoseconds / Self.houseTick).map { Int($0 % UInt64(Self.houseSlots)) }
    }

    private static func turn(_ done: inout UInt64, to tick: UInt64) -> UInt64? {
        guard done < tick else { return nil }
        done = max(done + 1, tick > makeUp ? tick - makeUp : 0)
        return done
    }

    mutating func house(_ leg: LegPointer) {
        house[leg.pointee.houseSlot].append(leg)
        housed += 1
    }

    mutating func unhouse(_ leg: LegPointer) {
        house[leg.pointee.houseSlot].removeAll { $0 == leg }
        housed -= 1
    }

    /// Begins to serve a leg every 20 ms, in the emptiest slot; without effect when it is served already.
    mutating func startPacing(_ leg: LegPointer) {
        guard leg.pointee.paceSlot == nil else { return }
        let slot = pace.indices.min { pace[$0].count < pace[$1].count } ?? 0
        pace[slot].append(leg)
        leg.pointee.paceSlot = slot
        paced += 1
    }

    mutating func stopPacing(_ leg: LegPointer) {
        guard let slot = leg.pointee.paceSlot else { return }
        pace[slot].removeAll { $0 == leg }
        leg.pointee.paceSlot = nil
        paced -= 1
    }
}
