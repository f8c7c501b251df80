internal import COpenSSL

/// The message digests that SIP, STUN, SRTP and tokens use.
package enum Hash: Sendable, CaseIterable {
    case md5
    case sha1
    case sha256
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
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let done = HMAC(algorithm, key, Int32(key.count), bytes, bytes.count, &code, &length)
        precondition(done != nil, "HMAC over memory fails only when OpenSSL is built without the digest")
        return [UInt8](code.prefix(Int(length)))
    }

    var algorithm: OpaquePointer? {
        switch self {
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        case .sha512_256: EVP_sha512_256()
        }
    }
}

/// Equality in a time that depends on the lengths alone, for secrets and authentication codes.
package func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
