import Glibc
import Synchronization

/// Entries of bytes on their way from one thread to another, in order.
///
/// One thread writes and one reads, and neither waits for the other: what finds no room is dropped and counted. All
/// memory is taken when it is made. `@unchecked Sendable`: the bytes between the two positions are the reader's, the
/// others the writer's.
final class ByteRing: @unchecked Sendable {
    /// What both threads keep: no reference is counted when it is used, so it is not to outlive the ring.
    let end: RingEnd

    /// `capacity` is a power of two.
    init(capacity: Int) {
        let cells = UnsafeMutablePointer<RingEnd.Cells>.allocate(capacity: 1)
        cells.initialize(to: RingEnd.Cells())
        end = RingEnd(
            cells: cells, memory: .allocate(byteCount: capacity, alignment: 16), mask: capacity - 1)
    }

    deinit {
        end.cells.deinitialize(count: 1)
        end.cells.deallocate()
        end.memory.deallocate()
    }
}

/// Either end of a ring; what only the writer or only the reader may call says so.
struct RingEnd {
    /// Positions count bytes since the beginning and never go back.
    struct Cells: ~Copyable {
        let written = Atomic<Int>(0)
        /// On a cache line of its own, or each thread would wait for the other's writes.
        private let apart: (Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0)
        let read = Atomic<Int>(0)
        let dropped = Atomic<UInt64>(0)
        let isClosed = Atomic<Bool>(false)
    }

    fileprivate let cells: UnsafeMutablePointer<Cells>
    fileprivate let memory: UnsafeMutableRawPointer
    fileprivate let mask: Int

    /// Says that nothing more will be written or read.
    func close() { cells.pointee.isClosed.store(true, ordering: .releasing) }

    /// Whether one of the two ends has gone.
    var isClosed: Bool { cells.pointee.isClosed.load(ordering: .acquiring) }

    /// Entries that found no room.
    var dropped: UInt64 { cells.pointee.dropped.load(ordering: .relaxed) }

    // MARK: - The writer's

    /// Puts in an entry of two parts, or drops it and answers false.
    @discardableResult
    func write(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Bool {
        let written = cells.pointee.written.load(ordering: .relaxed)
        let used = written &- cells.pointee.read.load(ordering: .acquiring)
        let room = Self.room(head.count + body.count)
        guard used + room <= mask + 1 else {
            drop()
            return false
        }
        copyIn(head, at: written)
        copyIn(body, at: written &+ head.count)
        cells.pointee.written.store(written &+ room, ordering: .releasing)
        return true
    }

    func drop() {
        let count = cells.pointee.dropped.load(ordering: .relaxed)
        cells.pointee.dropped.store(count &+ 1, ordering: .relaxed)
    }

    // MARK: - The reader's

    var isEmpty: Bool {
        cells.pointee.written.load(ordering: .acquiring) == cells.pointee.read.load(ordering: .relaxed)
    }

    /// Copies bytes of the front entry, of which there must be one, from a place in it.
    func copyFront(from offset: Int = 0, to bytes: UnsafeMutableRawBufferPointer) {
        guard let target = bytes.baseAddress else { return }
        let place = (cells.pointee.read.load(ordering: .relaxed) &+ offset) & mask
        let first = min(bytes.count, mask + 1 - place)
        memcpy(target, memory + place, first)
        if first < bytes.count { memcpy(target + first, memory, bytes.count - first) }
    }

    /// Takes the front entry, of so many bytes in both parts, out.
    func removeFront(ofSize count: Int) {
        let read = cells.pointee.read.load(ordering: .relaxed)
        cells.pointee.read.store(read &+ Self.room(count), ordering: .releasing)
    }

    /// Bytes of the ring that an entry takes.
    private static func room(_ count: Int) -> Int { (count + 7) & ~7 }

    private func copyIn(_ bytes: UnsafeRawBufferPointer, at position: Int) {
        guard let source = bytes.baseAddress else { return }
        let place = position & mask
        let first = min(bytes.count, mask + 1 - place)
        memcpy(memory + place, source, first)
        if first < bytes.count { memcpy(memory, source + first, bytes.count - first) }
    }
}
