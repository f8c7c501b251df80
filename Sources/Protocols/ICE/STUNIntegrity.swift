import Crypto

/// What the two checksums of a message say.
package enum STUNCheck: Sendable {
    case absent
    case valid
    case invalid
}

extension STUNMessage {
    /// FINGERPRINT: whether this is STUN and not another protocol on the port (RFC 8489 section 14.7).
    package var fingerprint: STUNCheck {
        guard attributes.fingerprint != 0 else { return .absent }
        let expected = STUN.fingerprint(of: bytes.extracting(0..<attributes.fingerprint))
        return bytes.field(at: attributes.fingerprint + 4) == expected ? .valid : .invalid
    }

    /// MESSAGE-INTEGRITY: whether it was written by someone who knows `key` (RFC 8489 section 14.5).
    package func integrity(key: [UInt8]) -> STUNCheck {
        let start = attributes.messageIntegrity
        guard start != 0 else { return .absent }
        let code = STUN.integrity(of: bytes.extracting(0..<start), key: key)
        let received = (0..<20).map { bytes.byte(at: start + 4 + $0) }
        return equalInConstantTime(code, received) ? .valid : .invalid
    }
}

extension STUN {
    /// HMAC-SHA1 over the message up to MESSAGE-INTEGRITY, with the length field as if the message ended behind it.
    static func integrity(of message: RawSpan, key: [UInt8]) -> [UInt8] {
        var text = message.withUnsafeBytes { [UInt8]($0) }
        let length = UInt16(truncatingIfNeeded: text.count - headerLength + 24)
        (text[2], text[3]) = (UInt8(length >> 8), UInt8(truncatingIfNeeded: length))
        return Hash.sha1.hmac(key: key, text)
    }

    /// CRC-32 (ITU V.42) over the message up to FINGERPRINT, XORed so that it differs from other protocols' CRCs.
    static func fingerprint(of message: RawSpan) -> UInt32 {
        var crc: UInt32 = .max
        for offset in 0..<message.byteCount {
            crc = crc >> 8 ^ crcTable[Int((crc ^ UInt32(message.byte(at: offset))) & 0xFF)]
        }
        return ~crc ^ 0x5354_554E
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
}
