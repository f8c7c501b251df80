import Wire

/// Walks over one unfolded header value, or a part of it.
struct FieldScanner {
    private let bytes: ArraySlice<UInt8>
    private(set) var index: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    var isAtEnd: Bool { index >= bytes.endIndex }
    var next: UInt8? { index < bytes.endIndex ? bytes[index] : nil }
    var rest: ArraySlice<UInt8> { bytes[index...] }

    /// Whether there was any white space.
    @discardableResult
    mutating func skipWhitespace() -> Bool {
        let start = index
        while index < bytes.endIndex, bytes[index].isWhitespace { index += 1 }
        return index > start
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let next, UInt32(next) == character.value else { return false }
        index += 1
        return true
    }

    /// A separator with the white space allowed around it.
    mutating func skipSeparator(_ character: Unicode.Scalar) -> Bool {
        let start = index
        skipWhitespace()
        guard skip(character) else {
            index = start
            return false
        }
        skipWhitespace()
        return true
    }

    /// The longest run of accepted bytes; nil when there is none.
    mutating func run(_ accepts: (UInt8) -> Bool) -> ArraySlice<UInt8>? {
        let start = index
        let rest = self.rest.span
        var length = 0
        while length < rest.count, accepts(rest[length]) { length += 1 }
        index += length
        return length > 0 ? bytes[start..<index] : nil
    }

    mutating func token() -> ArraySlice<UInt8>? { run(Grammar.isToken) }

    /// The bytes before a delimiter, which is skipped too; nil when it does not come.
    mutating func upTo(_ delimiter: Unicode.Scalar) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(where: { UInt32($0) == delimiter.value }) else { return nil }
        defer { index = end + 1 }
        return bytes[index..<end]
    }

    /// The content of a quoted string with its escapes undone; nil when none starts here or it does not end.
    mutating func quotedString() -> String? {
        guard next == UInt8(ascii: "\"") else { return nil }
        let start = index + 1
        var position = start
        var hasEscapes = false
        while position < bytes.endIndex {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                index = position + 1
                let content = bytes[start..<position]
                return hasEscapes ? String(decoding: FieldScanner.unescaped(content), as: UTF8.self) : text(content)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            default:
                position += 1
            }
        }
        return nil
    }

    private static func unescaped(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(content.count)
        var isEscaped = false
        for byte in content {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
            } else {
                plain.append(byte)
                isEscaped = false
            }
        }
        return plain
    }

    /// A host and an optional port (RFC 3261 `hostport`); white space may surround the colon in a Via only.
    mutating func hostPort(allowsWhitespace: Bool = false) -> (host: String, port: UInt16?)? {
        guard let host = host() else { return nil }
        let hasPort = allowsWhitespace ? skipSeparator(":") : skip(":")
        guard hasPort else { return (host, nil) }
        guard let digits = run(\.isDigit), digits.count <= 5, let number = Decimal.exactly(digits),
            let port = UInt16(exactly: number)
        else { return nil }
        return (host, port)
    }

    private mutating func host() -> String? {
        guard next == UInt8(ascii: "[") else { return run(Grammar.isHostName).map(text) }
        let start = index
        guard upTo("]") != nil else { return nil }
        let bracketed = text(bytes[start..<index])
        return IPAddress(bracketed) == nil ? FieldScanner.withoutThirdColon(bracketed) : bracketed
    }

    /// The grammar of RFC 3261 lets `:::` stand before an embedded IPv4 address, where `::` is meant (RFC 5118 4.10).
    private static func withoutThirdColon(_ bracketed: String) -> String? {
        let parts = bracketed.split(separator: ":::", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, IPAddress(String(parts[1].dropLast()))?.isIPv4 == true else { return nil }
        let corrected = parts.joined(separator: "::")
        return IPAddress(corrected) == nil ? nil : corrected
    }

    /// The `;name=value` parameters of a header value; nil when one is malformed or there are too many.
    mutating func parameters() -> SIPParameters? {
        var parameters = SIPParameters()
        while skipSeparator(";") {
            guard parameters.count < SIPLimits.parameters, let name = token() else { return nil }
            guard skipSeparator("=") else {
                parameters.append(SIPParameters.Parameter(name: text(name), value: nil))
                continue
            }
            guard let value = parameterValue() else { return nil }
            parameters.append(SIPParameters.Parameter(name: text(name), value: value))
        }
        return parameters
    }

    private mutating func parameterValue() -> String? {
        if next == UInt8(ascii: "\"") { return quotedString() }
        return run {
            $0 > UInt8.space && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"")
        }
        .map(text)
    }
}
