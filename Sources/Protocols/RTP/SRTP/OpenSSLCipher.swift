internal import CLinux
internal import COpenSSL

/// One session key at work: a keyed cipher context, the salt as integers and, for HMAC-SHA1, the two saved states.
///
/// The owner calls `free` exactly once; OpenSSL's context is behind a bare pointer so that no reference is counted
/// in the relay.
struct OpenSSLCipher {
    /// An initialisation vector as two big-endian words.
    struct Vector {
        var high: UInt64
        var low: UInt64
    }

    private let context: OpaquePointer
    private let salt: Vector
    private let isAEAD: Bool
    private let inner: SHA_CTX
    private let outer: SHA_CTX
    /// The digest of the packet authenticated last.
    private var digest = (UInt64(0), UInt64(0), UInt32(0))

    init(
        _ profile: ProtectionProfile, key: [UInt8], salt: [UInt8], authenticationKey: [UInt8],
        _ direction: SRTPDirection
    ) throws(SRTPError) {
        guard key.count == profile.keyLength, salt.count == profile.saltLength, authenticationKey.count <= 64 else {
            throw .invalidKey
        }
        isAEAD = profile.isAEAD
        // Counter mode is its own inverse; only GCM distinguishes opening from sealing.
        let cipher = OpenSSLAlgorithms.shared.cipher(profile)
        let encrypts: Int32 = isAEAD && direction == .inbound ? 0 : 1
        guard let cipher, let context = EVP_CIPHER_CTX_new() else { throw .library }
        guard EVP_CipherInit_ex(context, cipher, nil, key, [UInt8](repeating: 0, count: 16), encrypts) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw .library
        }
        self.context = context
        // GCM's vector is 12 bytes: two words of which the second is left-aligned.
        let padded = salt + [UInt8](repeating: 0, count: 16 - salt.count)
        self.salt = padded.withUnsafeBytes { Vector(high: $0.bigEndian64(at: 0), low: $0.bigEndian64(at: 8)) }
        inner = Self.padded(authenticationKey, 0x36)
        outer = Self.padded(authenticationKey, 0x5C)
    }

    func free() { EVP_CIPHER_CTX_free(context) }

    private static func padded(_ key: [UInt8], _ pad: UInt8) -> SHA_CTX {
        var block = [UInt8](repeating: pad, count: 64)
        for (index, byte) in key.enumerated() { block[index] ^= byte }
        var state = SHA_CTX()
        SHA1_Init(&state)
        SHA1_Update(&state, block, block.count)
        return state
    }

    /// The vector of a packet (RFC 3711 section 4.1.1; RFC 7714 sections 8.1 and 9.1).
    @inline(__always)
    func vector(_ ssrc: UInt32, _ index: UInt64) -> Vector {
        if isAEAD {
            let high = UInt64(ssrc) << 16 | index >> 32
            return Vector(high: salt.high ^ high, low: salt.low ^ (index << 32))
        }
        return Vector(high: salt.high ^ UInt64(ssrc), low: salt.low ^ (index << 16))
    }
}

// Counter mode with HMAC-SHA1.
extension OpenSSLCipher {
    /// Asks for OpenSSL's context, and for the key schedule that is allocated after it and so mostly lies behind it.
    func prefetch() { tandem_prefetch(UnsafeRawPointer(context), Self.contextSize) }

    private static let contextSize: UInt32 = 640

    /// Encrypts or decrypts in place.
    @inline(__always)
    func crypt(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ vector: Vector) throws(SRTPError) {
        var written: Int32 = 0
        let text = bytes.assumingMemoryBound(to: UInt8.self)
        guard start(vector), EVP_CipherUpdate(context, text, &written, text, Int32(count)) == 1 else {
            throw .library
        }
    }

    /// Leaves the HMAC of the bytes, followed for RTP by the roll-over counter, in `digest`.
    @inline(__always)
    mutating func authenticate(_ bytes: UnsafeMutableRawPointer, _ count: Int, rollOver: UInt32?) {
        var state = inner
        SHA1_Update(&state, bytes, count)
        if let rollOver {
            var counter = rollOver.bigEndian
            SHA1_Update(&state, &counter, 4)
        }
        withUnsafeMutableBytes(of: &digest) { digest in
            let output = digest.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
            SHA1_Final(output, &state)
            state = outer
            SHA1_Update(&state, output, 20)
            SHA1_Final(output, &state)
        }
    }

    @inline(__always)
    func copyTag(_ length: Int, to target: UnsafeMutableRawPointer) {
        withUnsafeBytes(of: digest) { target.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: length) }
    }

    /// Compares in a time that does not depend on the bytes.
    @inline(__always)
    func tagEquals(_ tag: UnsafeMutableRawPointer, _ length: Int) -> Bool {
        withUnsafeBytes(of: digest) { CRYPTO_memcmp($0.baseAddress, tag, length) == 0 }
    }

    @inline(__always)
    private func start(_ vector: Vector) -> Bool {
        var bytes = (vector.high.bigEndian, vector.low.bigEndian)
        return withUnsafeBytes(of: &bytes) {
            EVP_CipherInit_ex(
                context, nil, nil, nil, $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), -1)
        } == 1
    }
}

// AES in Galois/Counter Mode. RTCP's index word is authenticated after the header, wherever it stands in the packet.
extension OpenSSLCipher {
    @inline(__always)
    func seal(
        _ bytes: UnsafeMutableRawPointer, _ header: Int, _ count: Int, _ vector: Vector, trailer: UInt32? = nil,
        tag: UnsafeMutableRawPointer
    ) throws(SRTPError) {
        guard run(bytes, header, count, vector, trailer), finish(),
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1
        else { throw .library }
    }

    /// Decrypts in place; when the tag does not fit, the payload is no longer what it was.
    @inline(__always)
    func open(
        _ bytes: UnsafeMutableRawPointer, _ header: Int, _ count: Int, _ vector: Vector, trailer: UInt32? = nil,
        tag: UnsafeMutableRawPointer
    ) throws(SRTPError) {
        guard run(bytes, header, count, vector, trailer),
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1
        else { throw .library }
        guard finish() else { throw .authenticationFailed }
    }

    @inline(__always)
    private func run(
        _ bytes: UnsafeMutableRawPointer, _ header: Int, _ count: Int, _ vector: Vector, _ trailer: UInt32?
    ) -> Bool {
        var written: Int32 = 0
        let start = bytes.assumingMemoryBound(to: UInt8.self)
        guard self.start(vector), EVP_CipherUpdate(context, nil, &written, start, Int32(header)) == 1 else {
            return false
        }
        if let trailer {
            var word = trailer.bigEndian
            let isAdded = withUnsafeBytes(of: &word) {
                EVP_CipherUpdate(
                    context, nil, &written, $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), 4)
            }
            guard isAdded == 1 else { return false }
        }
        // OpenSSL takes an update of no bytes for the end of input.
        return count == 0 || EVP_CipherUpdate(context, start + header, &written, start + header, Int32(count)) == 1
    }

    @inline(__always)
    private func finish() -> Bool {
        var rest = UInt64(0)
        var written: Int32 = 0
        return withUnsafeMutableBytes(of: &rest) {
            EVP_CipherFinal_ex(
                context, $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), &written)
        } == 1
    }
}

/// Algorithms fetched once for the process: fetching by name takes locks and allocates.
struct OpenSSLAlgorithms: @unchecked Sendable {
    // Guarded by being immutable; OpenSSL counts its own references.
    static let shared = OpenSSLAlgorithms()

    private let ctr = EVP_CIPHER_fetch(nil, "AES-128-CTR", nil)
    private let gcm = EVP_CIPHER_fetch(nil, "AES-128-GCM", nil)
    private let longGCM = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    func cipher(_ profile: ProtectionProfile) -> OpaquePointer? {
        switch profile {
        case .aesCM128HMACSHA1_80, .aesCM128HMACSHA1_32: ctr
        case .aeadAES128GCM: gcm
        case .aeadAES256GCM: longGCM
        }
    }
}
