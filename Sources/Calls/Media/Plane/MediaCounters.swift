import Synchronization

/// What a worker counts for metrics; single-writer, readable from any thread at any time.
package enum MediaCounter: Int, CaseIterable, Sendable {
    case browserPacketsReceived
    case browserBytesReceived
    case browserPacketsSent
    case browserBytesSent
    case sipPacketsReceived
    case sipBytesReceived
    case sipPacketsSent
    case sipBytesSent
    /// Datagrams from hosts a leg has nothing to do with and those no leg wants; descriptions of the
    /// wrong kind of leg.
    case refused
    /// Datagrams that are no packet of their kind.
    case malformed
    /// Authentication failures and replays.
    case srtpFailures
    /// Digits not told to call control: the peer sent more of them than fingers can press.
    case digitsRefused
    /// Packets the kernel did not take.
    case sendFailures
    case browserLegs
    case sipLegs
    /// Ends of tie lines, by which legs of other workers are heard.
    case standIns
    /// TCP connections of browsers whose network lets no UDP pass, and those not known yet to be one's.
    case browserConnections
    /// Conferences that have members, and their members.
    case conferences
    case conferenceLegs
    /// Times the worker woke up.
    case wakeUps
    /// The worker's CPU time in nanoseconds, brought up to date each second.
    case cpuTime
}

/// What a worker counts of each pair of encodings it transcodes.
package enum TranscodingCounter: Int, CaseIterable, Sendable {
    /// Transcoders at work, one for each direction.
    case transcoders
    /// Frames of 20 ms made.
    case frames
}

/// One worker's counters: plain memory that only its thread writes.
///
/// A write is a relaxed load and store, which costs no more than adding to an ordinary variable; `@unchecked` because
/// the pointer is shared, guarded by every cell being atomic and by the worker outliving its readers.
struct CounterBlock: @unchecked Sendable {
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>

    /// Those of the transcoding come after the others, route by route.
    private static let transcoding = MediaCounter.allCases.count
    private static let size = transcoding + TranscodingCounter.allCases.count * TranscodingRoute.places

    init() {
        cells = .allocate(capacity: Self.size)
        for index in 0..<Self.size { (cells + index).initialize(to: Atomic(0)) }
    }

    func free() {
        cells.deinitialize(count: Self.size)
        cells.deallocate()
    }

    func value(_ counter: MediaCounter) -> UInt64 { cells[counter.rawValue].load(ordering: .relaxed) }

    func value(_ counter: TranscodingCounter, _ route: TranscodingRoute) -> UInt64 {
        cells[Self.place(counter, route)].load(ordering: .relaxed)
    }

    @inline(__always)
    func add(_ counter: MediaCounter, _ amount: Int = 1) { add(counter.rawValue, amount) }

    func add(_ counter: TranscodingCounter, _ route: TranscodingRoute, _ amount: Int = 1) {
        add(Self.place(counter, route), amount)
    }

    @inline(__always)
    private func add(_ place: Int, _ amount: Int) {
        let old = cells[place].load(ordering: .relaxed)
        cells[place].store(old &+ UInt64(bitPattern: Int64(amount)), ordering: .relaxed)
    }

    private static func place(_ counter: TranscodingCounter, _ route: TranscodingRoute) -> Int {
        transcoding + counter.rawValue * TranscodingRoute.places + route.place
    }

    func set(_ counter: MediaCounter, _ value: UInt64) { cells[counter.rawValue].store(value, ordering: .relaxed) }
}
