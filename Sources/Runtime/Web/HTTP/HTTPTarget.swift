import Wire

/// A request target in origin form (RFC 9112 §3.2): a path and a query.
package struct HTTPTarget: Sendable, Equatable {
    package let path: String
    package let segments: [String]
    package let query: HTTPQuery

    /// Nil when it does not begin with `/`, or its path holds a broken percent escape, a NUL or what is not UTF-8.
    package init?(_ text: String) { self.init(bytes: text.utf8) }

    init?(bytes: some Collection<UInt8>) {
        guard bytes.first == UInt8(ascii: "/") else { return nil }
        let withoutFragment = bytes.prefix { $0 != UInt8(ascii: "#") }
        let path = withoutFragment.prefix { $0 != UInt8(ascii: "?") }
        var segments = [String]()
        var pieces = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if pieces.last?.isEmpty == true { pieces.removeLast() }
        for piece in pieces {
            guard let segment = PercentEncoding.decodePath(piece) else { return nil }
            segments.append(segment)
        }
        self.path = String(decoding: path, as: UTF8.self)
        self.segments = segments
        query = HTTPQuery(encoded: withoutFragment.dropFirst(path.count + 1))
    }
}

/// Percent decoding (RFC 3986 §2.1).
enum PercentEncoding {
    /// A path segment; `+` is itself.
    ///
    /// Nil when an escape is broken, or the result holds NUL or is not UTF-8.
    static func decodePath(_ bytes: some Collection<UInt8>) -> String? {
        guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 >= 0x80 || $0 == 0 }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        guard let decoded = decode(bytes, lenient: false), !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    /// A form's name or value: `+` is a space, a broken escape stays as it is, bad UTF-8 is repaired.
    static func decodeForm(_ bytes: some Collection<UInt8>) -> String {
        let spaced = bytes.map { $0 == UInt8(ascii: "+") ? ASCII.space : $0 }
        return String(decoding: decode(spaced, lenient: true) ?? spaced, as: UTF8.self)
    }

    private static func decode(_ bytes: some Collection<UInt8>, lenient: Bool) -> [UInt8]? {
        var decoded = [UInt8]()
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap(ASCII.hexValue)
            if digits.count == 2 {
                decoded.append(digits[0] << 4 | digits[1])
                rest = rest.dropFirst(2)
            } else if lenient {
                decoded.append(byte)
            } else {
                return nil
            }
        }
        return decoded
    }
}
