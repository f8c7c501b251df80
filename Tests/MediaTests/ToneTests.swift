import RTP
import Testing
import Wire

@testable import Media

struct ToneTests {
    @Test func `law µ is that of G 711`() {
        // Each code word's own value encodes to the word again, but for the two zeros.
        for code in UInt8.min...(.max) where code != 0x7F {
            #expect(G711.muLaw(Int16(Ear.muLaw(code))) == code)
        }
        #expect(G711.muLaw(0) == 0xFF)
        #expect(G711.muLaw(.max) == 0x80)
        #expect(G711.muLaw(.min) == 0x00)
    }

    @Test func `law A is that of G 711`() {
        for code in UInt8.min...(.max) { #expect(G711.aLaw(Int16(Ear.aLaw(code))) == code) }
        #expect(G711.aLaw(0) == 0xD5)
        #expect(G711.aLaw(.max) == 0xAA)
        #expect(G711.aLaw(.min) == 0x2A)
    }
}

struct DelayLineTests {
    private func header(_ number: UInt16, _ length: Int) -> RTPHeader {
        var header = RTPHeader(marker: false, payloadType: 0, sequenceNumber: number, timestamp: 0, ssrc: 1)
        header.payloadLength = length
        return header
    }

    @Test func `packets come back in order, each after its delay`() throws {
        let line = DelayLine(delay: .seconds(3))
        let start = Instant(nanoseconds: 5_000_000_000)
        for number in UInt16(0)..<3 {
            let payload = [UInt8](repeating: UInt8(number), count: 160)
            payload.withUnsafeBytes {
                line.append(header(number, 160), $0, at: start + .milliseconds(Int64(number) * 20))
            }
        }
        #expect(line.next(at: start + .milliseconds(2999)) == nil)
        for number in UInt16(0)..<3 {
            let (read, payload) = try #require(line.next(at: start + .milliseconds(3000 + Int64(number) * 20)))
            #expect(read.sequenceNumber == number)
            #expect(payload.allSatisfy { $0 == UInt8(number) } && payload.count == 160)
        }
        #expect(line.next(at: start + .seconds(10)) == nil)
    }

    @Test func `a full line loses the oldest, and giants are not taken`() throws {
        let line = DelayLine(delay: .zero)
        for number in 0..<DelayLine.capacity + 5 {
            let payload = [UInt8](repeating: 1, count: 10)
            payload.withUnsafeBytes { line.append(header(UInt16(number), 10), $0, at: .zero) }
        }
        let giant = [UInt8](repeating: 1, count: DelayLine.longestPayload + 1)
        giant.withUnsafeBytes { line.append(header(9999, giant.count), $0, at: .zero) }
        var count = 0
        var first: UInt16?
        while let (read, _) = line.next(at: .zero) {
            first = first ?? read.sequenceNumber
            count += 1
        }
        #expect(count == DelayLine.capacity)
        #expect(first == 5)
    }
}
