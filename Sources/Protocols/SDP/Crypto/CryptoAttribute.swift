import Crypto
import Wire

/// A line `a=crypto` (RFC 4568): the key under which its writer sends.
package struct CryptoAttribute: Hashable, Sendable {
    /// Names the line within its offer; the answer repeats it.
    package let tag: UInt32
    package let suite: CryptoSuite
    package let key: MediaKey

    package init(tag: UInt32, suite: CryptoSuite, key: MediaKey) {
        (self.tag, self.suite, self.key) = (tag, suite, key)
    }

    /// Reads the text after `a=crypto:`; nil for a line that cannot be taken.
    ///
    /// That is one of another suite or key length, with several keys, with a master key identifier (it would stand in
    /// every packet), or with a session parameter that changes how packets look.
    package init?(_ value: String) {
        let parts = value.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard parts.count >= 3, let tag = ASCII.decimal(parts[0].utf8, maximumDigits: 9),
            let suite = CryptoSuite.allCases.first(where: { ASCII.equalIgnoringCase($0.rawValue, parts[1]) }),
            let key = MediaKey(inline: parts[2], suite),
            parts.dropFirst(3).allSatisfy(Self.isHarmless)
        else { return nil }
        self.init(tag: UInt32(tag), suite: suite, key: key)
    }

    /// The text after `a=crypto:`, with the key in clear.
    package var value: String {
        "\(tag) \(suite.rawValue) inline:\(Base64.encode(key.key + key.salt))"
    }

    /// A session parameter that may be disregarded: a hint about the replay window, or one marked as optional (RFC 4568
    /// section 6.3).
    private static func isHarmless(_ parameter: String) -> Bool {
        parameter.hasPrefix("-") || parameter.uppercased().hasPrefix("WSH=")
    }
}

extension MediaKey {
    /// A fresh key.
    init(_ suite: CryptoSuite, from entropy: inout Entropy) {
        self.init(key: entropy.bytes(suite.keyLength), salt: entropy.bytes(suite.saltLength))
    }

    /// Reads `inline:` with key and salt in base64, and perhaps a lifetime behind a bar.
    fileprivate init?(inline parameter: String, _ suite: CryptoSuite) {
        let prefix = "inline:"
        guard parameter.count > prefix.count, ASCII.equalIgnoringCase(String(parameter.prefix(prefix.count)), prefix),
            !parameter.contains(";")
        else { return nil }
        let parts = parameter.dropFirst(prefix.count).split(separator: "|", omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Base64.decode(String(first)),
            bytes.count == suite.keyLength + suite.saltLength, parts.count <= 2,
            parts.dropFirst().allSatisfy(Self.isLifetime)
        else { return nil }
        self.init(key: Array(bytes.prefix(suite.keyLength)), salt: Array(bytes.dropFirst(suite.keyLength)))
    }

    /// `2^20` or `1048576`: packets the key is good for, 2^48 at most.
    private static func isLifetime(_ text: Substring) -> Bool {
        if text.hasPrefix("2^") {
            return ASCII.decimal(text.dropFirst(2).utf8, maximumDigits: 2).map { $0 <= 48 } ?? false
        }
        return ASCII.decimal(text.utf8, maximumDigits: 15).map { $0 > 0 && $0 <= 1 << 48 } ?? false
    }
}
