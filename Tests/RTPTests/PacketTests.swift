import RTP
import Testing
import Wire

struct PacketTests {
    @Test func `a plain header is read and written back`() throws {
        let bytes = packet(sequence: 0xBEEF, timestamp: 0xDEAD_BEEF, payloadType: 8, marker: true)
        let read = try #require(bytes.withUnsafeBytes { RTPHeader($0) })
        #expect(read.sequenceNumber == 0xBEEF)
        #expect(read.timestamp == 0xDEAD_BEEF)
        #expect(read.ssrc == 0x1122_3344)
        #expect(read.payloadType == 8)
        #expect(read.marker)
        #expect(read.payloadOffset == 12)
        #expect(read.payloadLength == 160)
    }

    @Test func `sources, extension and padding are stepped over`() throws {
        let bytes = hex("b2 00 0001 00000002 00000003 aaaaaaaa bbbbbbbb bede 0001 01020304 c0ffee 0002")
        let read = try #require(bytes.withUnsafeBytes { RTPHeader($0) })
        #expect(read.payloadOffset == 28)
        #expect(read.payloadLength == 3)
    }

    @Test func `no truncation of a packet is read past its end`() {
        let bytes = hex("b2 00 0001 00000002 00000003 aaaaaaaa bbbbbbbb bede 0001 01020304 c0ffee 0002")
        for length in 0..<bytes.count {
            bytes[..<length].withUnsafeBytes { part in
                guard let read = RTPHeader(part) else { return }
                #expect(read.payloadOffset + read.payloadLength <= length)
            }
        }
        #expect(bytes[..<27].withUnsafeBytes { RTPHeader($0) } == nil)
    }

    @Test(arguments: [
        "60 00 0001 00000002 00000003", "a0 00 0001 00000002 00000003 00", "a0 00 0001 00000002 00000003 02",
    ])
    func `another version and impossible padding are refused`(text: String) {
        #expect(hex(text).withUnsafeBytes { RTPHeader($0) } == nil)
    }

    @Test func `random bytes never lead outside`() {
        var entropy = Entropy(seed: 4711)
        for _ in 0..<20_000 {
            let bytes = entropy.bytes(Int.random(in: 0...64, using: &entropy))
            bytes.withUnsafeBytes { raw in
                if let read = RTPHeader(raw) { #expect(read.payloadOffset + read.payloadLength <= raw.count) }
                var reader = RTCPReader(raw)
                while let next = reader.next() {
                    if case .sourceDescription(let description) = next { _ = description.canonicalName() }
                }
            }
        }
    }
}
