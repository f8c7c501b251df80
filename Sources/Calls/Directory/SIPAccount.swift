import Crypto
import Wire

/// One line of the registrar: who may register, with what secret, and whose phone it is.
package struct SIPAccount: Hashable, Sendable {
    /// The realm of our registrar.
    ///
    /// It is fixed, because stored digests are bound to it and must survive a new host name.
    package static let realm = "tandem"

    package var id: Int64
    package var `extension`: String
    /// The user name of digest authentication; mostly the extension itself.
    package var username: String
    package var secret: SIPSecret
    package var displayName: String
    package var userID: Int64?
    package var isEnabled: Bool
    /// The password of SIP over WebSocket, where it differs.
    package var wsPassword: String?

    package init(
        id: Int64, extension: String, username: String, secret: SIPSecret, displayName: String, userID: Int64? = nil,
        isEnabled: Bool = true, wsPassword: String? = nil
    ) {
        self.id = id
        self.extension = `extension`
        self.username = username
        self.secret = secret
        self.displayName = displayName
        self.userID = userID
        self.isEnabled = isEnabled
        self.wsPassword = wsPassword
    }
}

/// What proves an account: the password itself (from the environment), or digests that let nobody else log in elsewhere.
package enum SIPSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    case password(String)
    /// Lowercase hexadecimal `H(username:tandem:password)` for MD5 and SHA-256 (RFC 7616 §3.4.2).
    case digests(md5: String, sha256: String)

    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
}

extension SIPSecret {
    /// The digests of a password for our realm, so that the password itself need not be stored.
    package init(digesting password: String, username: String) {
        let text = "\(username):\(SIPAccount.realm):\(password)"
        self = .digests(md5: Hex.encode(Hash.md5(text)), sha256: Hex.encode(Hash.sha256(text)))
    }
}

extension SIPAccount {
    /// The environment's accounts are known by their passwords, the stored ones by digests alone.
    package var isFromEnvironment: Bool {
        if case .password = secret { true } else { false }
    }
}
