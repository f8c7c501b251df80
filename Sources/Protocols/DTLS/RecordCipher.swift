internal import COpenSSL

/// The AEAD ciphers that protect DTLS 1.2 records here (RFC 5288, RFC 7905).
enum RecordCipher: Sendable {
    case aes128GCM
    case aes256GCM
    case chaCha20Poly1305

    struct Key: Sendable {
        let key: [UInt8]
        /// The part of the nonce that does not travel.
        let iv: [UInt8]
    }

    private static let tagLength = 16

    /// OpenSSL's number of the cipher.
    init?(identifier: Int32) {
        switch identifier {
        case NID_aes_128_gcm: self = .aes128GCM
        case NID_aes_256_gcm: self = .aes256GCM
        case NID_chacha20_poly1305: self = .chaCha20Poly1305
        default: return nil
        }
    }

    var keyLength: Int { self == .aes128GCM ? 16 : 32 }
    var fixedIVLength: Int { self == .chaCha20Poly1305 ? 12 : 4 }
    /// Bytes that a record is longer than its text.
    var overhead: Int { explicitNonceLength + Self.tagLength }

    private var explicitNonceLength: Int { self == .chaCha20Poly1305 ? 0 : 8 }

    private var algorithm: OpaquePointer? {
        switch self {
        case .aes128GCM: EVP_aes_128_gcm()
        case .aes256GCM: EVP_aes_256_gcm()
        case .chaCha20Poly1305: EVP_chacha20_poly1305()
        }
    }

    /// The text of a record's fragment; nil when it is not authentic.
    func open(_ fragment: [UInt8], sequence: UInt64, additional: [UInt8], key: Key) -> [UInt8]? {
        guard fragment.count > overhead else { return nil }
        let explicit = Array(fragment[..<explicitNonceLength])
        let sealed = Array(fragment[explicitNonceLength..<(fragment.count - Self.tagLength)])
        var tag = Array(fragment.suffix(Self.tagLength))
        return run(isSealing: false, sealed, nonce: nonce(explicit, sequence, key), additional, key, tag: &tag)
    }

    /// The fragment of a record; as the explicit nonce it carries the sequence number, which never repeats.
    func seal(_ text: [UInt8], sequence: UInt64, additional: [UInt8], key: Key) -> [UInt8]? {
        let explicit = Array(Self.bytes(of: sequence).prefix(explicitNonceLength))
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        let sealed = run(isSealing: true, text, nonce: nonce(explicit, sequence, key), additional, key, tag: &tag)
        return sealed.map { explicit + $0 + tag }
    }

    private func nonce(_ explicit: [UInt8], _ sequence: UInt64, _ key: Key) -> [UInt8] {
        guard self == .chaCha20Poly1305 else { return key.iv + explicit }
        let padded = [0, 0, 0, 0] + Self.bytes(of: sequence)
        return zip(key.iv, padded).map { $0 ^ $1 }
    }

    private static func bytes(of sequence: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: sequence >> UInt64(56 - 8 * $0)) }
    }

    private func run(
        isSealing: Bool, _ input: [UInt8], nonce: [UInt8], _ additional: [UInt8], _ key: Key, tag: inout [UInt8]
    ) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: input.count)
        var length: Int32 = 0
        let tagLength = Int32(Self.tagLength)
        guard EVP_CipherInit_ex(context, algorithm, nil, key.key, nonce, isSealing ? 1 : 0) == 1,
            isSealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagLength, &tag) == 1,
            EVP_CipherUpdate(context, nil, &length, additional, Int32(additional.count)) == 1,
            EVP_CipherUpdate(context, &output, &length, input, Int32(input.count)) == 1
        else { return nil }
        var rest = [UInt8](repeating: 0, count: 16)
        guard EVP_CipherFinal_ex(context, &rest, &length) == 1,
            !isSealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tagLength, &tag) == 1
        else { return nil }
        return output
    }
}
