internal import COpenSSL

/// The message digests that SIP, STUN, DTLS, SRTP and tokens use.
package enum Hash: Sendable, CaseIterable {
    case md5
    case sha1
    case sha256
    case sha384
    case sha512_256

    package func callAsFunction(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let done = EVP_Digest(bytes, bytes.count, &digest, &length, algorithm, nil)
        precondition(done == 1, "a digest of memory fails only when OpenSSL is built without it")
        return [UInt8](digest.prefix(Int(length)))
    }

    package func callAsFunction(_ text: String) -> [UInt8] { self([UInt8](text.utf8)) }

    package func hmac(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        let key = key.count > blockSize ? self(key) : key
        let inner = self(padded(key, with: 0x36, before: bytes))
        return self(padded(key, with: 0x5C, before: inner))
    }

    /// A block of the key and a repeated byte in front of a text (RFC 2104 section 2).
    private func padded(_ key: [UInt8], with pad: UInt8, before text: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: blockSize + text.count) { buffer, count in
            for index in 0..<blockSize { buffer[index] = pad ^ (index < key.count ? key[index] : 0) }
            _ = UnsafeMutableBufferPointer(rebasing: buffer[blockSize...]).update(fromContentsOf: text)
            count = blockSize + text.count
        }
    }

    private var blockSize: Int { self == .sha384 || self == .sha512_256 ? 128 : 64 }

    var algorithm: OpaquePointer? {
        switch self {
        case .md5: Fetched.md5
        case .sha1: Fetched.sha1
        case .sha256: Fetched.sha256
        case .sha384: Fetched.sha384
        case .sha512_256: Fetched.sha512_256
        }
    }

    /// Looked up once: OpenSSL 3 otherwise does so for each text, which takes longer than a short one.
    private enum Fetched {
        // Written once and never freed; what they point to does not change.
        nonisolated(unsafe) static let md5 = EVP_MD_fetch(nil, "MD5", nil)
        nonisolated(unsafe) static let sha1 = EVP_MD_fetch(nil, "SHA1", nil)
        nonisolated(unsafe) static let sha256 = EVP_MD_fetch(nil, "SHA256", nil)
        nonisolated(unsafe) static let sha384 = EVP_MD_fetch(nil, "SHA384", nil)
        nonisolated(unsafe) static let sha512_256 = EVP_MD_fetch(nil, "SHA512-256", nil)
    }
}

/// Equality in a time that depends on the lengths alone, for secrets and authentication codes.
package func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
