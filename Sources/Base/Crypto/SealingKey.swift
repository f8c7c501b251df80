internal import COpenSSL
package import Wire

/// Secrets at rest that must be read again, unlike passwords that are only checked: AES-256-GCM (NIST SP 800-38D).
///
/// A sealed text is the 12-byte nonce, what is encrypted, and the 16-byte tag. The nonces are random: one key serves
/// some billions of texts.
package struct SealingKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package static let length = 32
    private static let nonceLength = 12
    private static let tagLength = 16

    private let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    package init(using entropy: inout Entropy) { bytes = entropy.bytes(Self.length) }

    package var description: String { "<key>" }
    package var debugDescription: String { "<key>" }

    /// What the key's file holds.
    package var hexadecimal: String { Hex.encode(bytes) }

    /// Encrypts; only the same `purpose` opens it, so that a secret cannot be moved to where another belongs.
    package func seal(
        _ plain: [UInt8], purpose: String, using entropy: inout Entropy
    ) throws(CryptoError) -> [UInt8] {
        let nonce = entropy.bytes(Self.nonceLength)
        var tag = [UInt8](repeating: 0, count: Self.tagLength)
        let sealed = run(plain, nonce, purpose, encrypts: true, &tag)
        guard let sealed else { throw .unavailable(operation: "AES-256-GCM") }
        return nonce + sealed + tag
    }

    /// Decrypts what `seal` made with this key and purpose; nil for anything else.
    package func open(_ sealed: [UInt8], purpose: String) -> [UInt8]? {
        guard sealed.count >= Self.nonceLength + Self.tagLength else { return nil }
        var tag = Array(sealed.suffix(Self.tagLength))
        let body = Array(sealed.dropFirst(Self.nonceLength).dropLast(Self.tagLength))
        return run(body, Array(sealed.prefix(Self.nonceLength)), purpose, encrypts: false, &tag)
    }

    private func run(
        _ input: [UInt8], _ nonce: [UInt8], _ purpose: String, encrypts: Bool, _ tag: inout [UInt8]
    ) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new(), let size = Int32(exactly: input.count) else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        let (associated, tagSize) = (Array(purpose.utf8), Int32(tag.count))
        var output = [UInt8](repeating: 0, count: input.count + Self.tagLength)
        var written: Int32 = 0
        guard EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, bytes, nonce, encrypts ? 1 : 0) == 1,
            EVP_CipherUpdate(context, nil, &written, associated, Int32(clamping: associated.count)) == 1,
            EVP_CipherUpdate(context, &output, &written, input, size) == 1, written == size
        else { return nil }
        if !encrypts, EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagSize, &tag) != 1 { return nil }
        var rest = [UInt8](repeating: 0, count: Self.tagLength)
        guard EVP_CipherFinal_ex(context, &rest, &written) == 1 else { return nil }
        if encrypts, EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tagSize, &tag) != 1 { return nil }
        return Array(output.prefix(input.count))
    }
}
