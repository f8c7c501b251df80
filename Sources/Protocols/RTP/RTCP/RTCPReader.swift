/// Walks a compound RTCP packet in place (RFC 3550 section 6, RFC 5506 for those that begin otherwise).
///
/// Every length is checked before anything is read; the walk ends at the first packet that does not fit.
package struct RTCPReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// The buffer must outlive the reader.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next packet, or nil at the end or at malformed bytes.
    package mutating func next() -> RTCPPacket? {
        guard bytes.count - offset >= 4, bytes[offset] >> 6 == 2 else { return nil }
        let length = (Int(bytes.bigEndian16(at: offset + 2)) + 1) * 4
        guard length <= bytes.count - offset else { return nil }
        defer { offset += length }
        let whole = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
        return RTCPPacket(whole)
    }
}

/// One packet of a compound; what we have no use for (feedback, extended reports) is `other`.
package enum RTCPPacket {
    case senderReport(ssrc: UInt32, SenderInformation, ReportBlocks)
    case receiverReport(ssrc: UInt32, ReportBlocks)
    case sourceDescription(SourceDescription)
    case goodbye(ssrc: UInt32)
    case other(type: UInt8)

    package static let senderReportType: UInt8 = 200
    package static let receiverReportType: UInt8 = 201
    package static let sourceDescriptionType: UInt8 = 202
    package static let goodbyeType: UInt8 = 203

    /// Reads a whole packet; one too short for its type is `other`.
    init(_ packet: UnsafeRawBufferPointer) {
        let type = packet[1]
        let count = Int(packet[0] & 0x1F)
        switch type {
        case Self.senderReportType where packet.count >= 28 + count * 24:
            self = .senderReport(
                ssrc: packet.bigEndian32(at: 4), SenderInformation(packet), ReportBlocks(packet, 28, count))
        case Self.receiverReportType where packet.count >= 8 + count * 24:
            self = .receiverReport(ssrc: packet.bigEndian32(at: 4), ReportBlocks(packet, 8, count))
        case Self.sourceDescriptionType:
            self = .sourceDescription(SourceDescription(packet, chunks: count))
        case Self.goodbyeType where count > 0 && packet.count >= 8:
            self = .goodbye(ssrc: packet.bigEndian32(at: 4))
        default:
            self = .other(type: type)
        }
    }
}

/// What a sender says of its own stream.
package struct SenderInformation: Hashable, Sendable {
    package var ntpTime: NTPTime
    package var rtpTimestamp: UInt32
    package var packetCount: UInt32
    package var octetCount: UInt32

    package init(ntpTime: NTPTime, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32) {
        (self.ntpTime, self.rtpTimestamp) = (ntpTime, rtpTimestamp)
        (self.packetCount, self.octetCount) = (packetCount, octetCount)
    }

    init(_ report: UnsafeRawBufferPointer) {
        ntpTime = NTPTime(value: report.bigEndian64(at: 8))
        rtpTimestamp = report.bigEndian32(at: 16)
        packetCount = report.bigEndian32(at: 20)
        octetCount = report.bigEndian32(at: 24)
    }
}

/// What a receiver says of one source.
package struct ReportBlock: Hashable, Sendable {
    package var ssrc: UInt32
    /// Of the last interval, in 1/256.
    package var fractionLost: UInt8
    package var cumulativeLost: Int32
    package var highestSequence: UInt32
    /// In units of the stream's clock.
    package var jitter: UInt32
    /// The middle of the last sender report's NTP time, and the span since it in 1/65536 s.
    package var lastSenderReport: UInt32
    package var delaySinceLastReport: UInt32

    package init(
        ssrc: UInt32, fractionLost: UInt8, cumulativeLost: Int32, highestSequence: UInt32, jitter: UInt32,
        lastSenderReport: UInt32 = 0, delaySinceLastReport: UInt32 = 0
    ) {
        (self.ssrc, self.fractionLost, self.cumulativeLost) = (ssrc, fractionLost, cumulativeLost)
        (self.highestSequence, self.jitter) = (highestSequence, jitter)
        (self.lastSenderReport, self.delaySinceLastReport) = (lastSenderReport, delaySinceLastReport)
    }
}

/// The report blocks of one packet, read where they stand.
package struct ReportBlocks {
    private let packet: UnsafeRawBufferPointer
    private let start: Int
    package let count: Int

    init(_ packet: UnsafeRawBufferPointer, _ start: Int, _ count: Int) {
        (self.packet, self.start, self.count) = (packet, start, count)
    }

    /// The block about one of our sources.
    package func block(about ssrc: UInt32) -> ReportBlock? {
        for index in 0..<count where packet.bigEndian32(at: start + index * 24) == ssrc { return self[index] }
        return nil
    }

    /// `index` counts from 0 to `count`, not included.
    package subscript(index: Int) -> ReportBlock {
        let offset = start + index * 24
        // 24 bits with sign: shifted up to the top, then down again.
        let lost = Int32(bitPattern: packet.bigEndian32(at: offset + 4) << 8) >> 8
        return ReportBlock(
            ssrc: packet.bigEndian32(at: offset), fractionLost: packet[offset + 4], cumulativeLost: lost,
            highestSequence: packet.bigEndian32(at: offset + 8), jitter: packet.bigEndian32(at: offset + 12),
            lastSenderReport: packet.bigEndian32(at: offset + 16),
            delaySinceLastReport: packet.bigEndian32(at: offset + 20))
    }
}

/// A source description, of which only canonical names are read.
package struct SourceDescription {
    private let packet: UnsafeRawBufferPointer
    private let chunks: Int

    init(_ packet: UnsafeRawBufferPointer, chunks: Int) { (self.packet, self.chunks) = (packet, chunks) }

    /// The first chunk's source and canonical name (CNAME); nil when there is none or the items do not fit.
    package func canonicalName() -> (ssrc: UInt32, name: [UInt8])? {
        guard chunks > 0, packet.count >= 8 else { return nil }
        var offset = 8
        while packet.count - offset >= 2, packet[offset] != 0 {
            let (type, length) = (packet[offset], Int(packet[offset + 1]))
            guard packet.count - offset - 2 >= length else { return nil }
            if type == 1 {
                return (packet.bigEndian32(at: 4), Array(packet[(offset + 2)..<(offset + 2 + length)]))
            }
            offset += 2 + length
        }
        return nil
    }
}
