internal import COpenSSL

/// The keys that packets are really protected with, derived from the master key (RFC 3711 section 4.3).
///
/// The key derivation rate is zero: derived once.
package struct SRTPSessionKeys: Hashable, Sendable {
    package var cipherKey: [UInt8]
    package var salt: [UInt8]
    /// Empty for the AEAD profiles.
    package var authenticationKey: [UInt8]
    package var controlCipherKey: [UInt8]
    package var controlSalt: [UInt8]
    package var controlAuthenticationKey: [UInt8]

    /// Keys given as they are, for test vectors.
    package init(
        cipherKey: [UInt8], salt: [UInt8], authenticationKey: [UInt8], controlCipherKey: [UInt8], controlSalt: [UInt8],
        controlAuthenticationKey: [UInt8]
    ) {
        (self.cipherKey, self.salt, self.authenticationKey) = (cipherKey, salt, authenticationKey)
        (self.controlCipherKey, self.controlSalt) = (controlCipherKey, controlSalt)
        self.controlAuthenticationKey = controlAuthenticationKey
    }

    package init(_ profile: ProtectionProfile, _ master: SRTPMasterKey) throws(SRTPError) {
        guard master.key.count == profile.keyLength, master.salt.count == profile.saltLength else {
            throw .invalidKey
        }
        let authentication = profile.isAEAD ? 0 : 20
        cipherKey = try Self.derive(master, label: 0, profile.keyLength)
        authenticationKey = try Self.derive(master, label: 1, authentication)
        salt = try Self.derive(master, label: 2, profile.saltLength)
        controlCipherKey = try Self.derive(master, label: 3, profile.keyLength)
        controlAuthenticationKey = try Self.derive(master, label: 4, authentication)
        controlSalt = try Self.derive(master, label: 5, profile.saltLength)
    }

    /// AES in counter mode over zeros, from the salt with the label mixed in (RFC 3711 section 4.3.3).
    ///
    /// A key of 32 bytes derives by AES-256 (RFC 6188 section 3). A salt of 12 bytes counts as one of 14 that ends in
    /// zeros (RFC 7714 section 11).
    package static func derive(_ master: SRTPMasterKey, label: UInt8, _ length: Int) throws(SRTPError) -> [UInt8] {
        guard length > 0 else { return [] }
        var counter = [UInt8](repeating: 0, count: 16)
        for (index, byte) in master.salt.prefix(14).enumerated() { counter[index] = byte }
        counter[7] ^= label
        var output = [UInt8](repeating: 0, count: length)
        let zeros = output
        guard let context = EVP_CIPHER_CTX_new() else { throw .library }
        defer { EVP_CIPHER_CTX_free(context) }
        var written: Int32 = 0
        let cipher = master.key.count == 32 ? Fetched.aes256 : Fetched.aes128
        guard EVP_EncryptInit_ex(context, cipher, nil, master.key, counter) == 1,
            EVP_EncryptUpdate(context, &output, &written, zeros, Int32(length)) == 1
        else { throw .library }
        return output
    }

    /// Looked up once: a session derives a dozen keys.
    private enum Fetched {
        // Written once and never freed; what they point to does not change.
        nonisolated(unsafe) static let aes128 = EVP_CIPHER_fetch(nil, "AES-128-CTR", nil)
        nonisolated(unsafe) static let aes256 = EVP_CIPHER_fetch(nil, "AES-256-CTR", nil)
    }
}
