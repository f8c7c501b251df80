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
    /// Times the worker woke up.
    case wakeUps
    /// The worker's CPU time in nanoseconds, brought up to date each second.
    case cpuTime
}

/// One worker's counters: plain memory that only its thread writes.
///
/// A write is a relaxed load and store, which costs no more than adding to an ordinary variable; `@unchecked` because
/// the pointer is shared, guarded by every cell being atomic and by the worker outliving its readers.
struct CounterBlock: @unchecked Sendable {
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>

    init() {
        cells = .allocate(capacity: MediaCounter.allCases.count)
        for index in 0..<MediaCounter.allCases.count { (cells + index).initialize(to: Atomic(0)) }
    }

    func free() {
        cells.deinitialize(count: MediaCounter.allCases.count)
        cells.deallocate()
    }

    func value(_ counter: MediaCounter) -> UInt64 { cells[counter.rawValue].load(ordering: .relaxed) }

    @inline(__always)
    func add(_ counter: MediaCounter, _ amount: Int = 1) {
        let old = cells[counter.rawValue].load(ordering: .relaxed)
        cells[counter.rawValue].store(old &+ UInt64(bitPattern: Int64(amount)), ordering: .relaxed)
    }

    func set(_ counter: MediaCounter, _ value: UInt64) { cells[counter.rawValue].store(value, ordering: .relaxed) }
}
