import RTP
import Wire

/// What one leg says, on its way from its worker's thread to the recorder's or the streams', in the order of its arrival.
///
/// What a stream says to a leg comes in one the other way.
final class RecordingRing: Sendable {
    /// Three seconds of G.711, which a slow disk may take to come back.
    static let capacity = 1 << 16

    private let ring = ByteRing(capacity: capacity)

    /// The writer's end, which a leg keeps.
    var tap: RecordingTap { RecordingTap(end: ring.end) }

    /// Says that nothing more will be written.
    func close() { ring.end.close() }

    /// Whether one of the two ends has gone.
    var isClosed: Bool { ring.end.isClosed }

    /// Whether nothing is left and nothing will come.
    var isExhausted: Bool { isClosed && front == nil }

    /// Packets that found no room.
    var dropped: UInt64 { ring.end.dropped }

    /// What is known of the packet to be read next.
    var front: RecordingTap.Entry? {
        guard !ring.end.isEmpty else { return nil }
        var entry = RecordingTap.Entry.none
        withUnsafeMutableBytes(of: &entry) { ring.end.copyFront(to: $0) }
        return entry
    }

    /// Takes the front packet out; its payload is copied into `room`, which has place for the longest.
    func take(_ entry: RecordingTap.Entry, into room: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        let payload = UnsafeMutableRawBufferPointer(rebasing: room[..<Int(entry.length)])
        ring.end.copyFront(from: RecordingTap.Entry.size, to: payload)
        ring.end.removeFront(ofSize: RecordingTap.Entry.size + payload.count)
        return UnsafeRawBufferPointer(payload)
    }
}

/// The writer's end of a recording's ring.
struct RecordingTap {
    /// What stands before each payload.
    struct Entry {
        var arrival: Instant
        var timestamp: UInt32
        var ssrc: UInt32
        var sequence: UInt16
        var length: UInt16
        var encoding: AudioEncoding

        static let size = MemoryLayout<Entry>.size
        static let none = Entry(
            arrival: .zero, timestamp: 0, ssrc: 0, sequence: 0, length: 0, encoding: .pcmu)

        var header: RTPHeader {
            RTPHeader(
                marker: false, payloadType: 0, sequenceNumber: sequence, timestamp: timestamp, ssrc: ssrc)
        }
    }

    fileprivate let end: RingEnd

    /// Puts a packet in, or drops it.
    func write(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, _ encoding: AudioEncoding, at now: Instant) {
        guard payload.count <= JitterBuffer.longestPayload else { return end.drop() }
        let entry = Entry(
            arrival: now, timestamp: header.timestamp, ssrc: header.ssrc, sequence: header.sequenceNumber,
            length: UInt16(truncatingIfNeeded: payload.count), encoding: encoding)
        withUnsafeBytes(of: entry) { _ = end.write($0, payload) }
    }
}
