package import Wire

/// One side's user name fragment and password (RFC 8445 section 5.3), as in `a=ice-ufrag` and `a=ice-pwd`.
package struct ICECredentials: Hashable, Sendable {
    /// Characters in a ufrag made here: fixed, so that a worker can find it in USERNAME without searching.
    package static let localUfragLength = 8
    /// 144 random bits; RFC 8445 asks for 128.
    private static let localPasswordLength = 24

    package let ufrag: String
    package let password: String
    /// Kept as bytes because each check compares and hashes them.
    let ufragBytes: [UInt8]
    let key: [UInt8]

    package init(ufrag: String, password: String) {
        (self.ufrag, self.password) = (ufrag, password)
        (ufragBytes, key) = (Array(ufrag.utf8), Array(password.utf8))
    }

    /// Makes the local side's credentials.
    package init(from entropy: inout Entropy) {
        self.init(
            ufrag: Self.characters(Self.localUfragLength, &entropy),
            password: Self.characters(Self.localPasswordLength, &entropy))
    }

    /// Random ice-chars (RFC 8839 section 5.4): six bits each.
    private static func characters(_ count: Int, _ entropy: inout Entropy) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return String(decoding: entropy.bytes(count).map { alphabet[Int($0 & 63)] }, as: UTF8.self)
    }
}
