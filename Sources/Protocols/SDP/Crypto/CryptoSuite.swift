/// How SRTP keys that travel in a description are used (RFC 4568 section 6.2, RFC 7714 section 14.1).
package enum CryptoSuite: String, Hashable, Sendable, CaseIterable {
    case aeadAES128GCM = "AEAD_AES_128_GCM"
    case aeadAES256GCM = "AEAD_AES_256_GCM"
    case aesCM128HMACSHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    case aesCM128HMACSHA1_32 = "AES_CM_128_HMAC_SHA1_32"

    package var keyLength: Int { self == .aeadAES256GCM ? 32 : 16 }

    package var saltLength: Int {
        switch self {
        case .aeadAES128GCM, .aeadAES256GCM: 12
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: 14
        }
    }
}

/// A master key followed by its master salt.
///
/// A secret: printing it shows nothing.
package struct MediaKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let key: [UInt8]
    package let salt: [UInt8]

    package init(key: [UInt8], salt: [UInt8]) { (self.key, self.salt) = (key, salt) }

    package var description: String { "<secret>" }
    package var debugDescription: String { description }
}

/// What both ends of a stream agreed to protect it with: one suite, and a key for each direction.
package struct SDESKeys: Hashable, Sendable {
    package let suite: CryptoSuite
    /// Protects what we send.
    package let send: MediaKey
    /// Opens what the other end sends.
    package let receive: MediaKey

    package init(suite: CryptoSuite, send: MediaKey, receive: MediaKey) {
        (self.suite, self.send, self.receive) = (suite, send, receive)
    }
}

/// Whether our side of a stream asks for SRTP by keys in the description.
package enum SDESPolicy: Hashable, Sendable {
    /// Plain RTP; an offer with keys is answered with keys all the same.
    case off
    /// Plain RTP with keys beside it: encrypted when the other end can (RFC 8643).
    case optional
    /// SRTP and nothing else.
    case required
}
