import RTP
import Testing
import Wire

struct RTCPTests {
    @Test func `a compound of ours reads back as it was written`() throws {
        var entropy = Entropy(seed: 1)
        let name = CanonicalName(&entropy)
        let sender = SenderInformation(
            ntpTime: NTPTime(value: 0x0102_0304_0506_0708), rtpTimestamp: 9, packetCount: 10, octetCount: 11)
        let block = ReportBlock(
            ssrc: 77, fractionLost: 12, cumulativeLost: -3, highestSequence: 0x1_0005, jitter: 14,
            lastSenderReport: 15, delaySinceLastReport: 16)
        var buffer = PacketBuffer([], capacity: RTCPWriter.capacity)
        var writer = RTCPWriter(buffer.bytes)
        writer.report(ssrc: 5, sender: sender, about: block)
        writer.describe(ssrc: 5, name)
        writer.goodbye(ssrc: 5)
        buffer.length = writer.count
        #expect(writer.count == RTCPWriter.capacity)

        var seen: [String] = []
        var reader = RTCPReader(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<buffer.length]))
        while let next = reader.next() {
            switch next {
            case .senderReport(let ssrc, let information, let blocks):
                #expect(information == sender)
                #expect(blocks.count == 1)
                #expect(blocks.block(about: 77) == block)
                #expect(blocks.block(about: 78) == nil)
                seen.append("SR \(ssrc)")
            case .sourceDescription(let description):
                let read = try #require(description.canonicalName())
                #expect(read.name.count == 16)
                seen.append("SDES \(read.ssrc)")
            case .goodbye(let ssrc): seen.append("BYE \(ssrc)")
            default: seen.append("?")
            }
        }
        #expect(seen == ["SR 5", "SDES 5", "BYE 5"])
    }

    @Test func `a receiver report without a source has no block`() {
        var buffer = PacketBuffer([], capacity: 64)
        var writer = RTCPWriter(buffer.bytes)
        writer.report(ssrc: 1, sender: nil, about: nil)
        buffer.length = writer.count
        #expect(buffer.contents == hex("80c90001 00000001"))
    }

    @Test func `feedback is stepped over and a wrong length ends the walk`() {
        let bytes = hex("81ce0002 00000001 00000002 81cb0001 00000009 80c9ffff 00000001")
        bytes.withUnsafeBytes { raw in
            var reader = RTCPReader(raw)
            guard case .other(206) = reader.next(), case .goodbye(9) = reader.next() else {
                Issue.record("expected feedback, then a goodbye")
                return
            }
            let rest = reader.next().map { _ in true } ?? false
            #expect(!rest)
        }
    }

    @Test func `a writer stops at the end of its buffer`() {
        let buffer = PacketBuffer([], capacity: 20)
        var writer = RTCPWriter(buffer.bytes)
        writer.report(ssrc: 1, sender: nil, about: nil)
        writer.report(
            ssrc: 1, sender: nil,
            about: ReportBlock(ssrc: 2, fractionLost: 0, cumulativeLost: 0, highestSequence: 0, jitter: 0))
        writer.goodbye(ssrc: 1)
        #expect(writer.count == 16)
    }

    @Test func `civil time becomes seconds since 1900`() {
        let time = NTPTime(unixNanoseconds: 1_500_000_000)
        #expect(time.value >> 32 == 2_208_988_801)
        #expect(UInt32(truncatingIfNeeded: time.value) == 0x8000_0000)
        #expect(NTPTime.shortSpan(.milliseconds(1500)) == 0x1_8000)
        #expect(NTPTime.duration(shortSpan: 0x1_8000) == .milliseconds(1500))
    }
}
