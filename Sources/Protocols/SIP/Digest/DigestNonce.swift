import Crypto
import Wire

/// A nonce that proves itself: when it was made and which one it is, under the server's key.
///
/// Nothing is remembered about a nonce that was only handed out, so that challenges cost an attacker more than us.
struct DigestNonce: Hashable, Sendable {
    let issued: Instant
    let serial: UInt32

    private static let codeBytes = 16

    init(issued: Instant, serial: UInt32) { (self.issued, self.serial) = (issued, serial) }

    /// Nil when the text was not made with this key.
    init?(_ text: String, key: [UInt8]) {
        guard text.utf8.count < 64, let bytes = Base64.decode(text) else { return nil }
        var reader = ByteReader(bytes.span.bytes)
        guard let nanoseconds = reader.uint64(), let serial = reader.uint32(),
            let code = reader.array(DigestNonce.codeBytes), reader.isAtEnd
        else { return nil }
        self.init(issued: Instant(nanoseconds: nanoseconds), serial: serial)
        guard equalInConstantTime(code, self.code(key)) else { return nil }
    }

    func text(key: [UInt8]) -> String { Base64.encodeURL(content + code(key)) }

    private var content: [UInt8] {
        var writer = ByteWriter(capacity: 12)
        writer.write(issued.nanoseconds)
        writer.write(serial)
        return writer.bytes
    }

    private func code(_ key: [UInt8]) -> [UInt8] {
        Array(Hash.sha256.hmac(key: key, content).prefix(DigestNonce.codeBytes))
    }
}
