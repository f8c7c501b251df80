package import Wire

/// What a text field may hold; control characters are refused everywhere, for most texts reach SIP headers.
package struct TextRule: Sendable {
    /// In code points.
    package let maximumLength: Int
    let shape: FieldProblem.Shape?
    /// What the text looks like, as a regular expression without its anchors; `fits` knows it exactly.
    private let pattern: String
    let fits: @Sendable (String) -> Bool

    private init(
        _ maximumLength: Int, _ shape: FieldProblem.Shape? = nil,
        pattern: String = #"[^\u0000-\u001F\u007F-\u009F\u2028\u2029]+"#,
        fits: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        (self.maximumLength, self.shape) = (maximumLength, shape)
        (self.pattern, self.fits) = (pattern, fits)
    }

    /// What people read: anything printable.
    package static let label = TextRule(128)
    /// The name of an organisation.
    package static let title = TextRule(255)
    package static let secret = TextRule(128)
    package static let path = TextRule(1024)
    package static let url = TextRule(2048, .url, pattern: "https?://\(serverPattern)([/?#][!-~]*)?") { text in
        (text.hasPrefix("http://") || text.hasPrefix("https://")) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
    /// Where a WebSocket server is, as it is written in lower case; whoever connects knows it exactly.
    package static let webSocketURL = TextRule(2048, .url, pattern: "wss?://\(serverPattern)([/?#][!-~]*)?")
    /// A name in paths, metrics and log lines.
    package static let name = TextRule(64, .name, pattern: "[A-Za-z0-9._-]+") { made(of: "._-", $0) }
    /// A name that cannot be taken for the id of another one.
    package static let ownName = TextRule(64, .name, pattern: "[A-Za-z0-9._-]*[A-Za-z._-][A-Za-z0-9._-]*") {
        made(of: "._-", $0) && !$0.utf8.allSatisfy(ASCII.isDigit)
    }
    package static let login = TextRule(64, .name, pattern: "[A-Za-z0-9._@-]+") { made(of: "._-@", $0) }
    package static let `extension` = TextRule(64, .extension, pattern: "[A-Za-z0-9._+*-]+") { made(of: "._-+*", $0) }
    /// The extension of a user, whose column is shorter than those of accounts.
    package static let ownExtension = TextRule(20, .extension, pattern: "[A-Za-z0-9._+*-]+") { made(of: "._-+*", $0) }
    package static let number = TextRule(64, .number, pattern: "[A-Za-z0-9+*#]+") { made(of: "+*#", $0) }
    package static let prefix = TextRule(32, .number, pattern: "[0-9+*# ()-]+") { text in
        text.utf8.allSatisfy { ASCII.isDigit($0) || "+*# ()-".utf8.contains($0) }
    }
    package static let replacement = TextRule(128)
    /// What `NumberPattern` reads, of which an expression between slashes is the longest; that it is one, no pattern says.
    package static let numberPattern = TextRule(
        NumberExpression.maximumLength + 2, .pattern,
        pattern: #"\*|#*[A-Za-z0-9._+-][A-Za-z0-9._+*#-]{0,62}|#*\*[A-Za-z0-9._+*#-]{1,62}|/[!-~]+/"#)
    /// What `IPNetwork` reads.
    package static let network = TextRule(
        64, .network,
        pattern:
            "\(addressPattern)(/([0-9]|[12][0-9]|3[0-2]))?|\(longAddressPattern)(/([0-9]{1,2}|1[01][0-9]|12[0-8]))?")
    /// A telephone of somebody, as a person writes it.
    package static let phone = TextRule(32, .phone, pattern: PhoneNumber.pattern, fits: PhoneNumber.isAcceptable)
    /// A number of ours that customers dial.
    package static let line = TextRule(20, .phone, pattern: PhoneNumber.pattern, fits: PhoneNumber.isAcceptable)
    package static let inn = TextRule(12, .inn, pattern: "([0-9]{10}|[0-9]{12})") { text in
        [10, 12].contains(text.utf8.count) && text.utf8.allSatisfy(ASCII.isDigit)
    }
    /// A word that classifies something: `active`, `main`.
    package static let kind = TextRule(20)
    package static let realm = TextRule(255)
    package static let host = TextRule(253, .host, pattern: hostPattern, fits: isHost)
    package static let email = TextRule(254, .email, pattern: #"[^@\s\u0000-\u001F\u007F-\u009F]+@"# + hostPattern) {
        text in
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && isHost(String(parts[1])) && !text.contains(" ")
    }

    private static let addressPattern = "(\(octet)[.]){3}\(octet)"
    private static let octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    /// The usual forms of an IPv6 address: whole, or with one gap.
    private static let longAddressPattern: String = {
        let group = "[0-9A-Fa-f]{1,4}"
        return "((\(group):){7}\(group)|(\(group)(:\(group)){0,2})?::(\(group)(:\(group)){0,3})?)"
    }()

    /// Host and port of a URL; a name whose last label begins with a digit would be taken for an address.
    private static let serverPattern: String = {
        let name = "([A-Za-z0-9_-]+[.])*[A-Za-z_-][A-Za-z0-9_-]*"
        let port = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
        return "(\(name)|\(addressPattern)|\\[\(longAddressPattern)\\])(:\(port))?"
    }()

    private static let hostPattern: String = {
        let label = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
        return "\(label)([.]\(label))*"
    }()

    /// A text that this rule accepts.
    package var schema: JSONSchema { .text(atLeast: 1, atMost: maximumLength, pattern: "^(\(pattern))$") }
    /// The same, or nothing: null or an empty text.
    package var optionalSchema: JSONSchema { .text(atMost: maximumLength, pattern: "^(\(pattern))?$").orNull }

    package func accepts(_ text: String) -> Bool { problem(text) == nil }

    /// As much of a text as is short enough and can be printed; nil when that is nothing.
    func trimming(_ text: String) -> String? {
        let trimmed = String(text.unicodeScalars.filter { !Self.isControl($0) }.prefix(maximumLength))
        return trimmed.isEmpty ? nil : trimmed
    }

    func problem(_ text: String) -> FieldProblem? {
        if text.isEmpty { return .empty }
        if text.unicodeScalars.count > maximumLength { return .tooLong(maximum: maximumLength) }
        if text.unicodeScalars.contains(where: Self.isControl) { return .controlCharacter }
        return fits(text) ? nil : shape.map(FieldProblem.malformed)
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    private static func made(of signs: String, _ text: String) -> Bool {
        text.utf8.allSatisfy { ASCII.isAlphanumeric($0) || signs.utf8.contains($0) }
    }

    /// An address, or labels of letters, digits, `-` and `_`.
    private static func isHost(_ text: String) -> Bool {
        if IPAddress(text) != nil { return true }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }
}
