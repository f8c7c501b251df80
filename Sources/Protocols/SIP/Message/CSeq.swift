/// A CSeq value (RFC 3261 20.16).
package struct CSeq: Hashable, Sendable, CustomStringConvertible {
    package var number: UInt32
    package var method: SIPMethod

    package init(_ number: UInt32, _ method: SIPMethod) { (self.number, self.method) = (number, method) }

    package var description: String { "\(number) \(method)" }

    static func parse(_ value: Span<UInt8>) -> CSeq? {
        var scanner = FieldScanner(value)
        guard let digits = scanner.run(\.isDigit), let number = Decimal.exactly(digits), scanner.skipWhitespace(),
            let name = scanner.token(), let method = SIPMethod(token: name), scanner.isAtEnd
        else { return nil }
        return CSeq(number, method)
    }
}

/// Decimal numbers of any length, leading zeros included.
enum Decimal {
    static func exactly(_ text: String) -> UInt32? { exactly(text.utf8.span) }

    /// Nil for what is no number or more than 2³²-1.
    static func exactly(_ bytes: Span<UInt8>) -> UInt32? {
        guard !bytes.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in bytes.indices {
            guard bytes[index].isDigit else { return nil }
            value = value * 10 + UInt64(bytes[index] - UInt8.zero)
            guard value <= UInt32.max else { return nil }
        }
        return UInt32(value)
    }
}

/// The delta-seconds of Expires and its like: a decimal, clamped to the 2³²-1 that RFC 3261 20.19 allows.
enum DeltaSeconds {
    static func parse(_ text: String) -> UInt32? { parse(text.utf8.span) }

    static func parse(_ bytes: Span<UInt8>) -> UInt32? {
        guard !bytes.isEmpty, bytes.allSatisfy(\.isDigit) else { return nil }
        return Decimal.exactly(bytes) ?? .max
    }
}
