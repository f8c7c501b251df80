import RTP
import Reactor
import Testing
import Wire

@testable import Media

struct RecordingRingTests {
    private let room = UnsafeMutableRawBufferPointer.allocate(
        byteCount: JitterBuffer.longestPayload, alignment: 8)

    private static func header(_ number: Int) -> RTPHeader {
        RTPHeader(
            marker: false, payloadType: 0, sequenceNumber: UInt16(truncatingIfNeeded: number),
            timestamp: UInt32(number) &* 160, ssrc: 77)
    }

    private static func payload(_ number: Int) -> [UInt8] {
        (0..<(number * 37 % (JitterBuffer.longestPayload + 1))).map { UInt8(truncatingIfNeeded: number &+ $0) }
    }

    private static func write(_ number: Int, to ring: RecordingRing) {
        payload(number).withUnsafeBytes {
            ring.tap.write(header(number), $0, .g722, at: Instant(nanoseconds: UInt64(number)))
        }
    }

    private func takes(_ number: Int, from ring: RecordingRing) -> Bool {
        guard let entry = ring.front else { return false }
        let payload = Array(ring.take(entry, into: room))
        return entry.header == Self.header(number) && entry.arrival == Instant(nanoseconds: UInt64(number))
            && entry.encoding == .g722 && payload == Self.payload(number)
    }

    @Test func `packets come out as they went in, wherever the end of the ring splits them`() {
        defer { room.deallocate() }
        let ring = RecordingRing()
        var intact = 0
        for number in 0..<3000 {
            Self.write(number, to: ring)
            if takes(number, from: ring) { intact += 1 }
        }
        #expect(intact == 3000)
        #expect(ring.front == nil && ring.dropped == 0)
    }

    @Test func `a full ring drops what comes and counts it, and goes on once there is room`() {
        defer { room.deallocate() }
        let ring = RecordingRing()
        for number in 0..<400 { Self.write(number, to: ring) }
        let kept = 400 - Int(ring.dropped)
        #expect(ring.dropped > 0 && kept > 50)
        var number = 0
        while ring.front != nil, number < 400 {
            // The shortest packets may still fit where a longer one did not.
            while number < 400, ring.front?.header != Self.header(number) { number += 1 }
            #expect(takes(number, from: ring))
            number += 1
        }
        Self.write(7, to: ring)
        #expect(takes(7, from: ring))
    }

    @Test func `a packet longer than any of a call is dropped`() {
        defer { room.deallocate() }
        let ring = RecordingRing()
        [UInt8](repeating: 1, count: JitterBuffer.longestPayload + 1).withUnsafeBytes {
            ring.tap.write(Self.header(1), $0, .opus, at: .zero)
        }
        #expect(ring.front == nil && ring.dropped == 1)
    }

    @Test func `one thread writes while the other reads, and nothing is torn`() {
        defer { room.deallocate() }
        let ring = RecordingRing()
        let writer = PlainThread(name: "writer") {
            for number in 0..<20_000 { Self.write(number, to: ring) }
            ring.close()
        }
        var (last, count, torn) = (-1, 0, 0)
        while !ring.isExhausted {
            guard let entry = ring.front else { continue }
            let number = Int(entry.arrival.nanoseconds)
            if !takes(number, from: ring) || number <= last { torn += 1 }
            (last, count) = (number, count + 1)
        }
        writer.join()
        #expect(torn == 0)
        #expect(count + Int(ring.dropped) == 20_000)
    }

    @Test func `a ring is exhausted when it is closed and read`() {
        defer { room.deallocate() }
        let ring = RecordingRing()
        Self.write(1, to: ring)
        #expect(!ring.isExhausted)
        ring.close()
        #expect(!ring.isExhausted)
        #expect(takes(1, from: ring))
        #expect(ring.isExhausted)
    }
}
