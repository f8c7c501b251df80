import Glibc
import RTP
import Synchronization
import Wire

/// What one leg says, on its way from its worker's thread to the recorder's or the streams', in the order of its arrival.
///
/// What a stream says to a leg comes in one the other way.
///
/// One thread writes and one reads, and neither waits for the other: when there is no room the packet is dropped and
/// counted. All memory is taken when it is made. `@unchecked Sendable`: the bytes between the two positions are the
/// reader's, the others the writer's.
final class RecordingRing: @unchecked Sendable {
    /// Three seconds of G.711, which a slow disk may take to come back.
    static let capacity = 1 << 16

    /// The writer's end, which a leg keeps: no reference is counted when it is used.
    let tap: RecordingTap

    init() {
        let cells = UnsafeMutablePointer<RecordingTap.Cells>.allocate(capacity: 1)
        cells.initialize(to: RecordingTap.Cells())
        tap = RecordingTap(cells: cells, memory: .allocate(byteCount: Self.capacity, alignment: 16))
    }

    deinit {
        tap.cells.deinitialize(count: 1)
        tap.cells.deallocate()
        tap.memory.deallocate()
    }

    /// Says that nothing more will be written.
    func close() { tap.cells.pointee.isClosed.store(true, ordering: .releasing) }

    /// Whether one of the two ends has gone.
    var isClosed: Bool { tap.cells.pointee.isClosed.load(ordering: .acquiring) }

    /// Whether nothing is left and nothing will come.
    var isExhausted: Bool { tap.cells.pointee.isClosed.load(ordering: .acquiring) && front == nil }

    /// Packets that found no room.
    var dropped: UInt64 { tap.cells.pointee.dropped.load(ordering: .relaxed) }

    /// What is known of the packet to be read next.
    var front: RecordingTap.Entry? {
        let read = tap.cells.pointee.read.load(ordering: .relaxed)
        guard tap.cells.pointee.written.load(ordering: .acquiring) != read else { return nil }
        var entry = RecordingTap.Entry.none
        withUnsafeMutableBytes(of: &entry) { tap.copyOut(read, to: $0) }
        return entry
    }

    /// Takes the front packet out; its payload is copied into `room`, which has place for the longest.
    func take(_ entry: RecordingTap.Entry, into room: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        let read = tap.cells.pointee.read.load(ordering: .relaxed)
        let payload = UnsafeMutableRawBufferPointer(rebasing: room[..<Int(entry.length)])
        tap.copyOut(read &+ RecordingTap.Entry.size, to: payload)
        tap.cells.pointee.read.store(read &+ entry.room, ordering: .releasing)
        return UnsafeRawBufferPointer(payload)
    }
}

/// The writer's end of a ring.
struct RecordingTap {
    /// Positions count bytes since the beginning and never go back.
    struct Cells: ~Copyable {
        let written = Atomic<Int>(0)
        let read = Atomic<Int>(0)
        let dropped = Atomic<UInt64>(0)
        let isClosed = Atomic<Bool>(false)
    }

    /// What stands before each payload.
    struct Entry {
        var arrival: Instant
        var timestamp: UInt32
        var ssrc: UInt32
        var sequence: UInt16
        var length: UInt16
        var encoding: AudioEncoding

        static let size = MemoryLayout<Entry>.stride
        static let none = Entry(
            arrival: .zero, timestamp: 0, ssrc: 0, sequence: 0, length: 0, encoding: .pcmu)

        /// Bytes of the ring that it takes, payload included.
        var room: Int { (Self.size + Int(length) + 7) & ~7 }

        var header: RTPHeader {
            RTPHeader(
                marker: false, payloadType: 0, sequenceNumber: sequence, timestamp: timestamp, ssrc: ssrc)
        }
    }

    fileprivate let cells: UnsafeMutablePointer<Cells>
    fileprivate let memory: UnsafeMutableRawPointer

    /// Puts a packet in, or drops it.
    func write(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, _ encoding: AudioEncoding, at now: Instant) {
        guard payload.count <= JitterBuffer.longestPayload else { return drop() }
        var entry = Entry(
            arrival: now, timestamp: header.timestamp, ssrc: header.ssrc, sequence: header.sequenceNumber,
            length: UInt16(truncatingIfNeeded: payload.count), encoding: encoding)
        let written = cells.pointee.written.load(ordering: .relaxed)
        let used = written &- cells.pointee.read.load(ordering: .acquiring)
        guard used + entry.room <= RecordingRing.capacity else { return drop() }
        withUnsafeBytes(of: &entry) { copyIn($0, at: written) }
        copyIn(payload, at: written &+ Entry.size)
        cells.pointee.written.store(written &+ entry.room, ordering: .releasing)
    }

    private func drop() {
        let count = cells.pointee.dropped.load(ordering: .relaxed)
        cells.pointee.dropped.store(count &+ 1, ordering: .relaxed)
    }

    private func copyIn(_ bytes: UnsafeRawBufferPointer, at position: Int) {
        guard let source = bytes.baseAddress else { return }
        let place = position & (RecordingRing.capacity - 1)
        let first = min(bytes.count, RecordingRing.capacity - place)
        memcpy(memory + place, source, first)
        if first < bytes.count { memcpy(memory, source + first, bytes.count - first) }
    }

    fileprivate func copyOut(_ position: Int, to bytes: UnsafeMutableRawBufferPointer) {
        guard let target = bytes.baseAddress else { return }
        let place = position & (RecordingRing.capacity - 1)
        let first = min(bytes.count, RecordingRing.capacity - place)
        memcpy(target, memory + place, first)
        if first < bytes.count { memcpy(target + first, memory, bytes.count - first) }
    }
}
