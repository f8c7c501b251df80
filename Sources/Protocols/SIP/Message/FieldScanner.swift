import Wire

/// Walks over one unfolded header value, or a part of it.
///
/// It borrows the bytes: what it finds are parts of them, and nothing is made or shared until a value is.
struct FieldScanner: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var index = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { index >= bytes.count }
    var next: UInt8? { index < bytes.count ? bytes[index] : nil }
    var rest: Span<UInt8> {
        @_lifetime(copy self) get { bytes.extracting(index...) }
    }

    /// Whether there was any white space.
    @discardableResult
    mutating func skipWhitespace() -> Bool {
        let start = index
        while index < bytes.count, bytes[index].isWhitespace { index += 1 }
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
    @_lifetime(copy self)
    mutating func run(_ accepts: (UInt8) -> Bool) -> Span<UInt8>? {
        let start = index
        while index < bytes.count, accepts(bytes[index]) { index += 1 }
        return index > start ? bytes.extracting(start..<index) : nil
    }

    @_lifetime(copy self)
    mutating func token() -> Span<UInt8>? { run(Grammar.isToken) }

    /// The bytes before a delimiter, which is skipped too; nil when it does not come.
    @_lifetime(copy self)
    mutating func upTo(_ delimiter: UInt8) -> Span<UInt8>? {
        let start = index
        guard let length = rest.firstIndex(of: delimiter) else { return nil }
        index = start + length + 1
        return bytes.extracting(start..<start + length)
    }

    /// The content of a quoted string with its escapes undone; nil when none starts here or it does not end.
    mutating func quotedString() -> String? {
        guard next == UInt8(ascii: "\"") else { return nil }
        let start = index + 1
        var position = start
        var hasEscapes = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                index = position + 1
                let content = bytes.extracting(start..<position)
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

    private static func unescaped(_ content: Span<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(content.count)
        var isEscaped = false
        for index in content.indices {
            if content[index] == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
            } else {
                plain.append(content[index])
                isEscaped = false
            }
        }
        return plain
    }

    /// A host (RFC 3261 `host`) in its written form.
    mutating func host() -> String? {
        guard next == UInt8(ascii: "[") else {
            guard let name = run(Grammar.isHostName) else { return nil }
            return text(name)
        }
        let start = index
        guard upTo(UInt8(ascii: "]")) != nil else { return nil }
        let bracketed = text(bytes.extracting(start..<index))
        return IPAddress(bracketed) == nil ? FieldScanner.withoutThirdColon(bracketed) : bracketed
    }

    /// The port behind a host; white space may surround the colon in a Via only.
    ///
    /// False when what stands behind the colon is none.
    mutating func readPort(into port: inout UInt16?, allowsWhitespace: Bool = false) -> Bool {
        guard allowsWhitespace ? skipSeparator(":") : skip(":") else { return true }
        guard let digits = run(\.isDigit), digits.count <= 5, let number = Decimal.exactly(digits),
            let value = UInt16(exactly: number)
        else { return false }
        port = value
        return true
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
        let value = run {
            $0 > UInt8.space && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"")
        }
        guard let value else { return nil }
        return text(value)
    }
}
