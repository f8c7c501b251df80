internal import COpenSSL
import Crypto
import Wire

/// What remains of a finished association: enough to hear the peer's close_notify, to say ours, and to know the peer's
/// last flight when it comes again.
///
/// OpenSSL keeps some 50 KB for each association; these keys, derived as in RFC 5246 section 6.3, take 100 bytes and
/// last for as long as the call. Everything that is not authentic is ignored. They are secrets, never logged.
package struct DTLSAlerts: Sendable {
    private static let alertType: UInt8 = 21
    private static let handshakeType: UInt8 = 22
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

    /// What a datagram of the peer's says, where it is authentic.
    package enum Message: Sendable {
        /// A close_notify or a fatal alert.
        case end
        /// Its Finished: our last flight has not arrived.
        case finished
    }

    package func message(in datagram: RawSpan) -> Message? {
        var reader = ByteReader(datagram)
        while let type = reader.uint8(), let version = reader.uint16(), let sequence = reader.uint64(),
            let length = reader.uint16(), let fragment = reader.array(Int(length))
        {
            guard type == Self.alertType || type == Self.handshakeType, version == Self.version, sequence >> 48 == 1,
                fragment.count > cipher.overhead
            else { continue }
            let count = UInt16(truncatingIfNeeded: fragment.count - cipher.overhead)
            let additional = Self.additionalData(type, sequence: sequence, length: count)
            guard let text = cipher.open(fragment, sequence: sequence, additional: additional, key: receive)
            else { continue }
            if type == Self.handshakeType { return .finished }
            if text.count == 2, text[0] == 2 || text[1] == 0 { return .end }
        }
        return nil
    }

    /// A datagram with close_notify for the peer; nil only when memory runs out.
    package func closeNotify() -> [UInt8]? {
        let additional = Self.additionalData(Self.alertType, sequence: Self.farewellSequence, length: 2)
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
    private static func additionalData(_ type: UInt8, sequence: UInt64, length: UInt16) -> [UInt8] {
        var writer = ByteWriter(capacity: headerLength)
        writer.write(sequence)
        writer.write(type)
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
        let hash = EVP_MD_get_size(digest) == 48 ? Hash.sha384 : .sha256
        var master = [UInt8](repeating: 0, count: 48)
        var seed = Array("key expansion".utf8)
        let label = seed.count
        seed += [UInt8](repeating: 0, count: 64)
        let isComplete = seed.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return SSL_get_server_random(ssl, start + label, 32) == 32
                && SSL_get_client_random(ssl, start + label + 32, 32) == 32
        }
        guard isComplete, SSL_SESSION_get_master_key(session, &master, master.count) == master.count
        else { return nil }
        let block = Self.prf(hash, secret: master, seed: seed, count: 2 * (cipher.keyLength + cipher.fixedIVLength))
        self.init(cipher: cipher, keyBlock: block, role: role)
    }

    /// P_hash of RFC 5246 section 5; `seed` begins with the label.
    private static func prf(_ hash: Hash, secret: [UInt8], seed: [UInt8], count: Int) -> [UInt8] {
        var output: [UInt8] = []
        var chain = seed
        while output.count < count {
            chain = hash.hmac(key: secret, chain)
            output += hash.hmac(key: secret, chain + seed)
        }
        return Array(output.prefix(count))
    }
}
