package import Wire

/// Writes a compound RTCP packet in place: a report, our canonical name and, at the end of a stream, a goodbye.
package struct RTCPWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    /// Bytes written so far.
    package private(set) var count = 0

    /// Bytes that the longest compound of ours needs.
    package static let capacity = 28 + 24 + 28 + 8

    /// The buffer holds `capacity` bytes at least and outlives the writer.
    package init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

    /// A sender report when there is something sent to tell of, a receiver report otherwise (RFC 3550 section 6.4).
    package mutating func report(ssrc: UInt32, sender: SenderInformation?, about block: ReportBlock?) {
        let length = 8 + (sender == nil ? 0 : 20) + (block == nil ? 0 : 24)
        guard begin(sender == nil ? RTCPPacket.receiverReportType : RTCPPacket.senderReportType, length) else { return }
        buffer[count] |= block == nil ? 0 : 1
        put(ssrc, 4)
        var offset = 8
        if let sender {
            buffer.storeBigEndian(sender.ntpTime.value, at: count + 8)
            put(sender.rtpTimestamp, 16)
            put(sender.packetCount, 20)
            put(sender.octetCount, 24)
            offset = 28
        }
        if let block {
            put(block.ssrc, offset)
            put(UInt32(block.fractionLost) << 24 | UInt32(bitPattern: block.cumulativeLost) & 0xFF_FFFF, offset + 4)
            put(block.highestSequence, offset + 8)
            put(block.jitter, offset + 12)
            put(block.lastSenderReport, offset + 16)
            put(block.delaySinceLastReport, offset + 20)
        }
        count += length
    }

    /// A source description with the canonical name alone (RFC 3550 section 6.5).
    package mutating func describe(ssrc: UInt32, _ name: CanonicalName) {
        // Source, item head, 16 characters and the zeros that end the chunk on a word.
        guard begin(RTCPPacket.sourceDescriptionType, 28) else { return }
        buffer[count] |= 1
        put(ssrc, 4)
        buffer[count + 8] = 1
        buffer[count + 9] = 16
        buffer.storeBigEndian(name.high, at: count + 10)
        buffer.storeBigEndian(name.low, at: count + 18)
        buffer.storeBigEndian(UInt16(0), at: count + 26)
        count += 28
    }

    /// Says that the stream ends (RFC 3550 section 6.6).
    package mutating func goodbye(ssrc: UInt32) {
        guard begin(RTCPPacket.goodbyeType, 8) else { return }
        buffer[count] |= 1
        put(ssrc, 4)
        count += 8
    }

    private func begin(_ type: UInt8, _ length: Int) -> Bool {
        guard buffer.count - count >= length else { return false }
        buffer[count] = 0x80
        buffer[count + 1] = type
        buffer.storeBigEndian(UInt16(truncatingIfNeeded: length / 4 - 1), at: count + 2)
        return true
    }

    private func put(_ value: UInt32, _ offset: Int) { buffer.storeBigEndian(value, at: count + offset) }
}

/// A stream owner's name in RTCP: 16 random characters that mean nothing elsewhere (RFC 7022 section 4.2).
package struct CanonicalName: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    package init(_ entropy: inout Entropy) {
        let text = ASCIIText(entropy.hex(8))
        (high, low) = (text.high, text.low)
    }

    private struct ASCIIText {
        var high: UInt64 = 0
        var low: UInt64 = 0

        init(_ text: String) {
            for (index, character) in text.utf8.prefix(16).enumerated() {
                if index < 8 { high = high << 8 | UInt64(character) } else { low = low << 8 | UInt64(character) }
            }
        }
    }
}
