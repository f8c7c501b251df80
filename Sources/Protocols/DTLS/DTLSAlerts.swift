internal import COpenSSL
import Wire

/// What remains of a finished association: enough to hear the peer's close_notify and to say ours.
///
/// OpenSSL keeps some 50 KB for each association; these keys, derived as in RFC 5246 section 6.3, take 100 bytes and
/// last for as long as the call. Everything but an authentic alert is ignored. They are secrets, never logged.
package struct DTLSAlerts: Sendable {
    private static let alertType: UInt8 = 21
    private static let version: UInt16 = 0xFEFD
    private static let headerLength = 13
    /// Far above any number OpenSSL has used, so that no receiver takes our alert for a repeated record.
    private static let farewellSequence: UInt64 = 1 << 48 | 1 << 40

    private let cipher: RecordCipher
    private let receive: RecordCipher.Key
    private let send: RecordCipher.Key

    init?(cipher: RecordCipher, keyBlock: [UInt8], role: DTLSRole) {
        let (key, iv) = (cipher.keyLength, cipher.fixedIVLength)
        guard keyBlock.count == 2 * (key + iv) else { return nil }
        let client = RecordCipher.Key(key: Array(keyBlock[..<key]), iv: Array(keyBlock[2 * key..<2 * key + iv]))
        let server = RecordCipher.Key(key: Array(keyBlock[key..<2 * key]), iv: Array(keyBlock[(2 * key + iv)...]))
        self.cipher = cipher
        receive = role == .client ? server : client
        send = role == .client ? client : server
    }

    /// Whether the datagram holds an authentic close_notify or fatal alert.
    package func endsAssociation(_ datagram: RawSpan) -> Bool {
        var reader = ByteReader(datagram)
        while let type = reader.uint8(), let version = reader.uint16(), let sequence = reader.uint64(),
            let length = reader.uint16(), let fragment = reader.array(Int(length))
        {
            guard type == Self.alertType, version == Self.version, sequence >> 48 == 1,
                fragment.count == cipher.overhead + 2
            else { continue }
            let additional = Self.additionalData(sequence: sequence, length: 2)
            guard let alert = cipher.open(fragment, sequence: sequence, additional: additional, key: receive)
            else { continue }
            if alert[0] == 2 || alert[1] == 0 { return true }
        }
        return false
    }

    /// A datagram with close_notify for the peer; nil only when memory runs out.
    package func closeNotify() -> [UInt8]? {
        let additional = Self.additionalData(sequence: Self.farewellSequence, length: 2)
        guard
            let fragment = cipher.seal(
                [1, 0], sequence: Self.farewellSequence, additional: additional, key: send)
        else { return nil }
        var writer = ByteWriter(capacity: Self.headerLength + fragment.count)
        writer.write(Self.alertType)
        writer.write(Self.version)
        writer.write(Self.farewellSequence)
        writer.write(UInt16(fragment.count))
        writer.write(fragment)
        return writer.bytes
    }

    /// RFC 5246 section 6.2.3.3 with the epoch in front of the sequence number (RFC 6347 section 4.1.2.1).
    private static func additionalData(sequence: UInt64, length: UInt16) -> [UInt8] {
        var writer = ByteWriter(capacity: headerLength)
        writer.write(sequence)
        writer.write(alertType)
        writer.write(version)
        writer.write(length)
        return writer.bytes
    }
}

extension DTLSAlerts {
    /// Derives the record keys of an OpenSSL connection whose handshake is over; nil for a cipher not listed here.
    init?(of ssl: OpaquePointer, role: DTLSRole) {
        guard let session = SSL_get_session(ssl), let current = SSL_get_current_cipher(ssl),
            let cipher = RecordCipher(identifier: SSL_CIPHER_get_cipher_nid(current)),
            let digest = SSL_CIPHER_get_handshake_digest(current)
        else { return nil }
        var master = [UInt8](repeating: 0, count: 48)
        var seed = Array("key expansion".utf8)
        let label = seed.count
        seed += [UInt8](repeating: 0, count: 64)
        let isComplete = seed.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return SSL_get_server_random(ssl, start + label, 32) == 32
                && SSL_get_client_random(ssl, start + label + 32, 32) == 32
        }
        guard isComplete, SSL_SESSION_get_master_key(session, &master, master.count) == master.count,
            let block = Self.prf(
                digest, secret: master, seed: seed, count: 2 * (cipher.keyLength + cipher.fixedIVLength))
        else { return nil }
        self.init(cipher: cipher, keyBlock: block, role: role)
    }

    /// P_hash of RFC 5246 section 5; `seed` begins with the label.
    private static func prf(_ digest: OpaquePointer, secret: [UInt8], seed: [UInt8], count: Int) -> [UInt8]? {
        func hmac(_ text: [UInt8]) -> [UInt8]? {
            var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
            var length: UInt32 = 0
            guard HMAC(digest, secret, Int32(secret.count), text, text.count, &code, &length) != nil
            else { return nil }
            return Array(code.prefix(Int(length)))
        }
        var output: [UInt8] = []
        var chain = seed
        while output.count < count {
            guard let next = hmac(chain), !next.isEmpty, let piece = hmac(next + seed) else { return nil }
            chain = next
            output += piece
        }
        return Array(output.prefix(count))
    }
}
