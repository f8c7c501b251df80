package import Crypto
import Wire

/// The hash of a Digest authentication (RFC 7616 3.2, RFC 8760); the `-sess` variants are not used in SIP.
package enum DigestAlgorithm: String, Sendable, CaseIterable {
    case md5 = "MD5"
    case sha256 = "SHA-256"
    case sha512_256 = "SHA-512-256"

    /// Reads a name in any case; nil for an algorithm that is not supported.
    package init?(_ name: String) {
        guard let known = Self.allCases.first(where: { equalIgnoringCase($0.rawValue, name) }) else { return nil }
        self = known
    }

    package var hash: Hash {
        switch self {
        case .md5: .md5
        case .sha256: .sha256
        case .sha512_256: .sha512_256
        }
    }

    /// For a choice among several: the higher the better.
    var strength: Int {
        switch self {
        case .md5: 0
        case .sha256: 1
        case .sha512_256: 2
        }
    }

    /// The hash of a text in lowercase hexadecimal.
    func digest(_ text: String) -> String { Hex.encode(hash(text)) }
}

/// What an account knows itself by: its password, or hashes that stand for it.
///
/// Neither form is ever printed or logged.
package enum DigestSecret: Sendable {
    case password(String)
    /// `H(username:realm:password)` in hexadecimal, for the algorithms it is known in.
    case ha1([DigestAlgorithm: String])

    /// `H(username:realm:password)`; nil when only hashes of other algorithms are known.
    func ha1(username: String, realm: String, _ algorithm: DigestAlgorithm) -> String? {
        switch self {
        case .password(let password): algorithm.digest("\(username):\(realm):\(password)")
        case .ha1(let hashes): hashes[algorithm]?.lowercased()
        }
    }
}

extension DigestSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "secret" }
    package var debugDescription: String { "secret" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The quality of protection "auth": how often a nonce was used, and the client's own nonce.
package struct DigestProtection: Hashable, Sendable {
    package var nonceCount: UInt32
    package var clientNonce: String

    package init(nonceCount: UInt32, clientNonce: String) {
        (self.nonceCount, self.clientNonce) = (nonceCount, clientNonce)
    }

    /// Eight hexadecimal digits, as they are written and hashed.
    var countText: String {
        let digits = String(nonceCount, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}

/// The arithmetic of RFC 7616 3.4.1, with the form without protection of RFC 2069.
enum DigestCalculation {
    static func response(
        ha1: String, method: SIPMethod, uri: String, nonce: String, protection: DigestProtection?,
        _ algorithm: DigestAlgorithm
    ) -> String {
        let ha2 = algorithm.digest("\(method.rawValue):\(uri)")
        guard let protection else { return algorithm.digest("\(ha1):\(nonce):\(ha2)") }
        let middle = "\(protection.countText):\(protection.clientNonce):auth"
        return algorithm.digest("\(ha1):\(nonce):\(middle):\(ha2)")
    }
}
