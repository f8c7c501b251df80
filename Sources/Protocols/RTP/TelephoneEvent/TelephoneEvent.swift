/// The payload of a telephone-event packet (RFC 4733 section 2.3).
package struct TelephoneEvent: Hashable, Sendable {
    package var code: UInt8
    package var isEnd: Bool
    /// Power below 0 dBm0, in dB.
    package var volume: UInt8
    /// In units of the stream's clock, since the packet's timestamp.
    package var duration: UInt16

    package static let size = 4

    package init(code: UInt8, isEnd: Bool, volume: UInt8 = 10, duration: UInt16) {
        (self.code, self.isEnd, self.volume, self.duration) = (code, isEnd, volume, duration)
    }

    /// Nil for a payload that is too short; bytes after the first event are not read.
    package init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= Self.size else { return nil }
        self.init(
            code: payload[0], isEnd: payload[1] & 0x80 != 0, volume: payload[1] & 0x3F,
            duration: payload.bigEndian16(at: 2))
    }

    /// Writes `size` bytes at `offset`.
    package func write(to packet: UnsafeMutableRawBufferPointer, at offset: Int) {
        packet[offset] = code
        packet[offset + 1] = volume & 0x3F | (isEnd ? 0x80 : 0)
        packet.storeBigEndian(duration, at: offset + 2)
    }

    private static let digits = Array("0123456789*#ABCD")

    /// The digit an event code stands for (RFC 4733 section 3.2); nil for flash and all other events.
    package static func digit(_ code: UInt8) -> Character? { code < 16 ? digits[Int(code)] : nil }

    /// The event code of a digit, lowercase letters included.
    package static func code(_ digit: Character) -> UInt8? {
        digits.firstIndex { $0 == digit || $0.lowercased() == String(digit) }.map { UInt8($0) }
    }
}
