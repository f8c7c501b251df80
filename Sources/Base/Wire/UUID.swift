/// A version 4 UUID (RFC 9562), made from an `Entropy` so that simulations repeat.
///
/// Foundation's cannot be seeded.
public struct UUID: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(using entropy: inout Entropy) {
        high = entropy.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        low = entropy.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    /// Reads the 36-character form with hyphens, in either case, of any version.
    public init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], let bytes = Hex.decode(groups.joined()) else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Lowercase with hyphens.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            forEachCharacter { character in
                unsafe text[place] = character
                place += 1
            }
            return place
        }
    }

    @inline(__always)
    fileprivate func forEachCharacter(_ body: (UInt8) -> Void) {
        // The digit to come is always the topmost.
        var rest = high
        for digit in 0..<32 {
            if digit == 16 { rest = low }
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 { body(UInt8(ascii: "-")) }
            body(Hex.digit(UInt8(truncatingIfNeeded: rest >> 60)))
            rest <<= 4
        }
    }
}

extension OctetWriter {
    /// As `description`, without a text for it.
    public mutating func append(_ id: UUID) { id.forEachCharacter { append($0) } }
}
