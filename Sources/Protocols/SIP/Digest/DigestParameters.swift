/// The `name=value, …` parameters behind the word `Digest`.
struct DigestParameters {
    private var values: [(name: String, value: String)] = []

    /// Nil for another scheme, bad syntax, a name that comes twice, or too many parameters.
    init?(_ text: String) {
        var scanner = FieldScanner(trimmed(text.utf8.span))
        guard let scheme = scanner.token(), equalIgnoringCase(scheme, "Digest"), scanner.skipWhitespace() else {
            return nil
        }
        repeat {
            // Some senders end the list with a comma, or put two.
            while scanner.skipSeparator(",") {}
            if scanner.isAtEnd { break }
            guard values.count < SIPLimits.digestParameters, let name = scanner.token(), scanner.skipSeparator("="),
                let value = DigestParameters.value(&scanner), self[SIP.text(name)] == nil
            else { return nil }
            values.append((SIP.text(name), value))
        } while scanner.skipSeparator(",")
        guard scanner.isAtEnd else { return nil }
    }

    subscript(name: String) -> String? {
        values.first { equalIgnoringCase($0.name, name) }?.value
    }

    /// The algorithm: MD5 when none is named, nil when it is not supported.
    var algorithm: DigestAlgorithm? {
        guard let name = self["algorithm"] else { return .md5 }
        return DigestAlgorithm(name)
    }

    private static func value(_ scanner: inout FieldScanner) -> String? {
        if scanner.next == UInt8(ascii: "\"") { return scanner.quotedString() }
        let value = scanner.run { $0 > UInt8.space && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") }
        guard let value else { return nil }
        return SIP.text(value)
    }
}
