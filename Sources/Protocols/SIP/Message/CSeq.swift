/// A CSeq value (RFC 3261 20.16).
package struct CSeq: Hashable, Sendable, CustomStringConvertible {
    package var number: UInt32
    package var method: SIPMethod

    package init(_ number: UInt32, _ method: SIPMethod) { (self.number, self.method) = (number, method) }

    package var description: String { "\(number) \(method)" }

    static func parse(_ value: ArraySlice<UInt8>) -> CSeq? {
        var scanner = FieldScanner(value)
        guard let number = scanner.run(\.isDigit).flatMap(Decimal.exactly), scanner.skipWhitespace(),
            let method = scanner.token().flatMap(SIPMethod.init(token:)), scanner.isAtEnd
        else { return nil }
        return CSeq(number, method)
    }
}

/// Decimal numbers of any length, leading zeros included.
enum Decimal {
    static func exactly(_ text: String) -> UInt32? { exactly(ArraySlice(text.utf8)) }

    /// Nil for what is no number or more than 2³²-1.
    static func exactly(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard !bytes.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            guard byte.isDigit else { return nil }
            value = value * 10 + UInt64(byte - UInt8.zero)
            guard value <= UInt32.max else { return nil }
        }
        return UInt32(value)
    }
}

/// The delta-seconds of Expires and its like: a decimal, clamped to the 2³²-1 that RFC 3261 20.19 allows.
enum DeltaSeconds {
    static func parse(_ text: String) -> UInt32? { parse(ArraySlice(text.utf8)) }

    static func parse(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard !bytes.isEmpty, bytes.allSatisfy(\.isDigit) else { return nil }
        return Decimal.exactly(bytes) ?? .max
    }
}
