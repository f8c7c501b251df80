/// A value that stands in a header, alone or in a list.
protocol FieldValue {
    /// Reads the next value and stops behind it; nil when it is malformed.
    static func parse(_ scanner: inout FieldScanner) -> Self?
}

extension FieldValue {
    /// Reads a value that takes up all the bytes.
    static func parse(_ bytes: Span<UInt8>) -> Self? {
        var scanner = FieldScanner(trimmed(bytes))
        guard let value = parse(&scanner) else { return nil }
        scanner.skipWhitespace()
        return scanner.isAtEnd ? value : nil
    }

    /// Reads `value, value …`; nil when one is malformed or there are more than `limit`.
    static func parseList(_ bytes: Span<UInt8>, limit: Int) -> [Self]? {
        var scanner = FieldScanner(bytes)
        guard limit > 0, let first = parse(&scanner) else { return nil }
        // Most lists are of one.
        var values = [first]
        while scanner.skipSeparator(",") {
            guard values.count < limit, let next = parse(&scanner) else { return nil }
            values.append(next)
        }
        scanner.skipWhitespace()
        return scanner.isAtEnd ? values : nil
    }
}

extension NameAddress: FieldValue {
    static func parse(_ scanner: inout FieldScanner) -> NameAddress? {
        scanner.skipWhitespace()
        var displayName: String?
        guard readName(into: &displayName, &scanner), let uri = uri(&scanner, isNamed: displayName != nil),
            let parameters = scanner.parameters()
        else { return nil }
        return NameAddress(displayName: displayName, uri: uri, parameters: parameters)
    }

    /// Reads the display name before a `<`, if there is one; false when a quoted one does not end.
    private static func readName(into name: inout String?, _ scanner: inout FieldScanner) -> Bool {
        switch scanner.next {
        case UInt8(ascii: "<"): return true
        case UInt8(ascii: "\""):
            name = scanner.quotedString()
            scanner.skipWhitespace()
            return name != nil
        default:
            var ahead = scanner
            guard let bare = ahead.run(isBareNameByte), ahead.next == UInt8(ascii: "<") else { return true }
            scanner = ahead
            let words = trimmed(bare)
            if !words.isEmpty { name = text(words) }
            return true
        }
    }

    /// A URI in brackets, which must be there behind a name, or a bare one.
    private static func uri(_ scanner: inout FieldScanner, isNamed: Bool) -> SIPURI? {
        guard isNamed || scanner.next == UInt8(ascii: "<") else { return bareURI(&scanner) }
        guard scanner.skip("<"), let bytes = scanner.upTo(UInt8(ascii: ">")) else { return nil }
        return SIPURI.parse(bytes)
    }

    /// Without brackets, what follows a semicolon belongs to the header, and commas and questions cannot be told
    /// from the header's own (RFC 3261 20), so that a URI with them is refused.
    private static func bareURI(_ scanner: inout FieldScanner) -> SIPURI? {
        let bytes = scanner.run { !$0.isWhitespace && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") }
        guard let bytes, !bytes.contains(UInt8(ascii: "?")) else { return nil }
        return SIPURI.parse(bytes)
    }

    /// More than the tokens of the grammar, for names of people come unquoted with brackets and accents.
    ///
    /// What could begin another part of the header is not taken.
    private static func isBareNameByte(_ byte: UInt8) -> Bool { !bareNameEnds.contains(byte) && byte >= 0x20 }

    /// `"<>,;:` and DEL.
    private static let bareNameEnds = ByteSet(low: 0x5C00_1004_0000_0000, high: 0x8000_0000_0000_0000)
}

extension Via: FieldValue {
    static func parse(_ scanner: inout FieldScanner) -> Via? {
        scanner.skipWhitespace()
        guard let name = scanner.token(), equalIgnoringCase(name, "SIP"), scanner.skipSeparator("/"),
            let version = scanner.token(), equalIgnoringCase(version, "2.0"), scanner.skipSeparator("/"),
            let transport = scanner.token(), scanner.skipWhitespace(), let host = scanner.host()
        else { return nil }
        var port: UInt16?
        guard scanner.readPort(into: &port, allowsWhitespace: true), let parameters = scanner.parameters() else {
            return nil
        }
        return Via(transport: SIPTransport(token: transport), host: host, port: port, parameters: parameters)
    }
}

/// The items of a comma-separated list, trimmed, without empty ones; commas in quotes and angle brackets do not count.
///
/// Stops behind `limit` of them.
func splitList(_ bytes: Span<UInt8>, limit: Int = SIPLimits.listValues) -> [String] {
    var items: [String] = []
    var start = 0
    var isQuoted = false
    var isBracketed = false
    var index = 0
    while index <= bytes.count, items.count < limit {
        let isEnd = index == bytes.count
        switch isEnd ? UInt8(ascii: ",") : bytes[index] {
        case UInt8(ascii: "\\") where isQuoted: index = min(index + 1, bytes.count - 1)
        case UInt8(ascii: "\"") where !isBracketed: isQuoted.toggle()
        case UInt8(ascii: "<") where !isQuoted: isBracketed = true
        case UInt8(ascii: ">") where !isQuoted: isBracketed = false
        case UInt8(ascii: ",") where isEnd || !isQuoted && !isBracketed:
            let item = trimmed(bytes.extracting(start..<index))
            if !item.isEmpty { items.append(text(item)) }
            start = index + 1
        default: break
        }
        index += 1
    }
    return items
}
