/// The fixed header of an RTP packet and where its payload lies (RFC 3550 section 5.1).
///
/// Read in place: contributing sources, the header extension and padding are measured and stepped over.
package struct RTPHeader: Hashable, Sendable {
    package var marker: Bool
    package var payloadType: UInt8
    package var sequenceNumber: UInt16
    package var timestamp: UInt32
    package var ssrc: UInt32
    /// Where the payload begins; never less than `size`, so that a plain header fits in front of it.
    package var payloadOffset: Int
    /// Bytes of payload, padding not counted.
    package var payloadLength: Int

    /// Bytes of a header without contributing sources and extension.
    package static let size = 12

    /// Nil for anything that is not a whole RTP packet of version 2.
    @inlinable
    package init?(_ packet: UnsafeRawBufferPointer) {
        guard packet.count >= Self.size, packet[0] >> 6 == 2 else { return nil }
        var offset = Self.size + Int(packet[0] & 0x0F) * 4
        if packet[0] & 0x10 != 0 {
            guard offset + 4 <= packet.count else { return nil }
            offset += 4 + Int(packet.bigEndian16(at: offset + 2)) * 4
        }
        guard offset <= packet.count else { return nil }
        var length = packet.count - offset
        if packet[0] & 0x20 != 0 {
            guard length > 0, let last = packet.last, last > 0, Int(last) <= length else { return nil }
            length -= Int(last)
        }
        (payloadOffset, payloadLength) = (offset, length)
        marker = packet[1] & 0x80 != 0
        payloadType = packet[1] & 0x7F
        sequenceNumber = packet.bigEndian16(at: 2)
        timestamp = packet.bigEndian32(at: 4)
        ssrc = packet.bigEndian32(at: 8)
    }

    /// Whether the payload is digital silence: one value all along, as G.711 has it, or the few octets that Opus makes
    /// of it.
    ///
    /// Only both ends of the payload are looked at, for this is asked of every packet.
    @inlinable
    package func isSilence(in packet: UnsafeRawBufferPointer) -> Bool {
        guard payloadLength >= 16 else { return payloadLength <= 3 }
        let first = packet.loadUnaligned(fromByteOffset: payloadOffset, as: UInt64.self)
        let last = packet.loadUnaligned(fromByteOffset: payloadOffset + payloadLength - 8, as: UInt64.self)
        return first == last && first == UInt64(packet[payloadOffset]) &* 0x0101_0101_0101_0101
    }

    /// A header for a packet of our own.
    package init(marker: Bool, payloadType: UInt8, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32) {
        (self.marker, self.payloadType) = (marker, payloadType)
        (self.sequenceNumber, self.timestamp, self.ssrc) = (sequenceNumber, timestamp, ssrc)
        (payloadOffset, payloadLength) = (Self.size, 0)
    }

    /// Writes a plain header of `size` bytes at `offset`.
    @inlinable
    package func write(to packet: UnsafeMutableRawBufferPointer, at offset: Int = 0) {
        packet[offset] = 0x80
        packet[offset + 1] = payloadType & 0x7F | (marker ? 0x80 : 0)
        packet.storeBigEndian(sequenceNumber, at: offset + 2)
        packet.storeBigEndian(timestamp, at: offset + 4)
        packet.storeBigEndian(ssrc, at: offset + 8)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a datagram of RTP's version is RTCP, where both share a port (RFC 5761 section 4).
    @inlinable
    package var isRTCP: Bool { count >= 2 && 192...223 ~= self[1] }
}
