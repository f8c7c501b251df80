extension NameAddress {
    /// Reads a value that takes up all the bytes.
    static func parse(_ bytes: ArraySlice<UInt8>) -> NameAddress? {
        var scanner = FieldScanner(trimmed(bytes))
        guard let value = parse(&scanner), scanner.isAtEnd else { return nil }
        return value
    }

    /// Reads the next value of a list.
    static func parse(_ scanner: inout FieldScanner) -> NameAddress? {
        scanner.skipWhitespace()
        guard let (displayName, uri) = nameAndURI(&scanner), let parameters = scanner.parameters() else { return nil }
        return NameAddress(displayName: displayName, uri: uri, parameters: parameters)
    }

    private static func nameAndURI(_ scanner: inout FieldScanner) -> (String?, SIPURI)? {
        if scanner.next == UInt8(ascii: "\"") {
            guard let name = scanner.quotedString() else { return nil }
            scanner.skipWhitespace()
            return bracketedURI(&scanner).map { (name, $0) }
        }
        var ahead = scanner
        let name = ahead.run(isBareNameByte)
        if ahead.next == UInt8(ascii: "<") {
            scanner = ahead
            let display = name.map(trimmed).flatMap { $0.isEmpty ? nil : text($0) }
            return bracketedURI(&scanner).map { (display, $0) }
        }
        return bareURI(&scanner).map { (nil, $0) }
    }

    private static func bracketedURI(_ scanner: inout FieldScanner) -> SIPURI? {
        guard scanner.skip("<") else { return nil }
        return scanner.upTo(">").flatMap(SIPURI.parse)
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
    private static func isBareNameByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F && !"\"<>,;:".utf8.contains(byte)
    }
}

extension Via {
    static func parse(_ bytes: ArraySlice<UInt8>) -> Via? {
        var scanner = FieldScanner(trimmed(bytes))
        guard let value = parse(&scanner), scanner.isAtEnd else { return nil }
        return value
    }

    /// Reads the next value of a list.
    static func parse(_ scanner: inout FieldScanner) -> Via? {
        scanner.skipWhitespace()
        guard let name = scanner.token(), equalIgnoringCase(name, "SIP"), scanner.skipSeparator("/"),
            let version = scanner.token(), equalIgnoringCase(version, "2.0"), scanner.skipSeparator("/"),
            let transport = scanner.token(), scanner.skipWhitespace(),
            let (host, port) = scanner.hostPort(allowsWhitespace: true), let parameters = scanner.parameters()
        else { return nil }
        return Via(transport: SIPTransport(token: transport), host: host, port: port, parameters: parameters)
    }
}

/// Reads `value, value …`; nil when one is malformed or there are more than `limit`.
func parseList<Value>(
    _ bytes: ArraySlice<UInt8>, limit: Int, _ parse: (inout FieldScanner) -> Value?
) -> [Value]? {
    var scanner = FieldScanner(bytes)
    var values: [Value] = []
    repeat {
        guard values.count < limit, let value = parse(&scanner) else { return nil }
        values.append(value)
    } while scanner.skipSeparator(",")
    scanner.skipWhitespace()
    return scanner.isAtEnd ? values : nil
}

/// The items of a comma-separated list, trimmed, without empty ones; commas in quotes and angle brackets do not count.
func splitList(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var items: [ArraySlice<UInt8>] = []
    var start = bytes.startIndex
    var isQuoted = false
    var isBracketed = false
    var index = start
    while index < bytes.endIndex {
        switch bytes[index] {
        case UInt8(ascii: "\\") where isQuoted: index += 1
        case UInt8(ascii: "\"") where !isBracketed: isQuoted.toggle()
        case UInt8(ascii: "<") where !isQuoted: isBracketed = true
        case UInt8(ascii: ">") where !isQuoted: isBracketed = false
        case UInt8(ascii: ",") where !isQuoted && !isBracketed:
            items.append(trimmed(bytes[start..<index]))
            start = index + 1
        default: break
        }
        index += 1
    }
    items.append(trimmed(bytes[start...]))
    return items.filter { !$0.isEmpty }
}
