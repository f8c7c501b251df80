/// How a session protects its packets, by the number DTLS-SRTP gives it (RFC 5764 section 4.1.2, RFC 7714 section
/// 14.2).
package enum ProtectionProfile: UInt16, Hashable, Sendable, CaseIterable {
    /// AES-128 in counter mode and an 80-bit HMAC-SHA1 tag.
    case aesCM128HMACSHA1_80 = 0x0001
    /// The same with a tag of 32 bits; RTCP keeps its 80 (RFC 4568 section 6.2.2, RFC 5764 section 4.1.2).
    case aesCM128HMACSHA1_32 = 0x0002
    /// AES-128 in Galois/Counter Mode with a 128-bit tag.
    case aeadAES128GCM = 0x0007
    /// AES-256 in Galois/Counter Mode with a 128-bit tag.
    case aeadAES256GCM = 0x0008

    /// Encryption and authentication are one operation.
    package var isAEAD: Bool {
        switch self {
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: false
        case .aeadAES128GCM, .aeadAES256GCM: true
        }
    }

    package var keyLength: Int { self == .aeadAES256GCM ? 32 : 16 }

    package var saltLength: Int { isAEAD ? 12 : 14 }

    /// Bytes a packet grows by when it is protected.
    package var tagLength: Int {
        switch self {
        case .aesCM128HMACSHA1_80: 10
        case .aesCM128HMACSHA1_32: 4
        case .aeadAES128GCM, .aeadAES256GCM: 16
        }
    }

    /// Bytes of an RTCP packet's tag.
    package var controlTagLength: Int { isAEAD ? 16 : 10 }

    /// Bytes an RTCP packet grows by: the tag and the index word with its E bit.
    package var controlTrailerLength: Int { controlTagLength + 4 }
}

/// One direction's master key and salt.
///
/// They are secrets: printing them shows nothing.
package struct SRTPMasterKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let key: [UInt8]
    package let salt: [UInt8]

    /// Lengths are checked where the key is used, against the profile.
    package init(key: [UInt8], salt: [UInt8]) { (self.key, self.salt) = (key, salt) }

    package var description: String { "<secret>" }
    package var debugDescription: String { description }
}
