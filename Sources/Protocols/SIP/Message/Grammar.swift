/// The character classes of RFC 3261 25.1: letters and digits are in each.
enum Grammar {
    /// And `-.!%*_+`'~`.
    static let token = ByteSet(low: 0x03FF_6CA2_0000_0000, high: 0x47FF_FFFF_87FF_FFFE)
    /// And the marks `-_.!~*'()`.
    static let unreserved = ByteSet(low: 0x03FF_6782_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// And the marks and `&=+$,;?/`.
    static let user = ByteSet(low: 0xABFF_FFD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// And the marks and `&=+$,`.
    static let password = ByteSet(low: 0x23FF_7FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    /// And the marks and `[]/:&+$`.
    static let uriParameter = ByteSet(low: 0x07FF_EFD2_0000_0000, high: 0x47FF_FFFE_AFFF_FFFE)
    /// And the marks and `[]/?:+$`.
    static let uriHeader = ByteSet(low: 0x87FF_EF92_0000_0000, high: 0x47FF_FFFE_AFFF_FFFE)
    /// And `-.` and the underscore, which real host names carry.
    static let hostName = ByteSet(low: 0x03FF_6000_0000_0000, high: 0x07FF_FFFE_87FF_FFFE)
    /// A token, or a host with its colons and brackets: what a header parameter is written with bare.
    static let bareValue = ByteSet(low: 0x07FF_6CA2_0000_0000, high: 0x47FF_FFFF_AFFF_FFFE)

    static func isToken(_ byte: UInt8) -> Bool { token.contains(byte) }
    static func isUser(_ byte: UInt8) -> Bool { user.contains(byte) }
    static func isPassword(_ byte: UInt8) -> Bool { password.contains(byte) }
    static func isURIParameter(_ byte: UInt8) -> Bool { uriParameter.contains(byte) }
    static func isURIHeader(_ byte: UInt8) -> Bool { uriHeader.contains(byte) }
    static func isUnreserved(_ byte: UInt8) -> Bool { unreserved.contains(byte) }
    static func isHostName(_ byte: UInt8) -> Bool { hostName.contains(byte) }

    /// Whether a header parameter may have this value without quotes.
    static func isBareParameterValue(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in bytes.indices where !bareValue.contains(bytes[index]) { return false }
        return !bytes.isEmpty
    }
}

/// A set of ASCII characters as two masks, the cheapest thing to ask for each byte of a message.
///
/// Written as literals, so that the compiler lays the sets out and no use of one waits for its making.
struct ByteSet: Sendable {
    /// Bit n stands for character n.
    let low: UInt64
    /// Bit n stands for character 64 + n.
    let high: UInt64

    func contains(_ byte: UInt8) -> Bool {
        let mask = byte < 64 ? low : high
        return byte < 128 && mask >> UInt64(byte & 63) & 1 == 1
    }
}

/// A word of at most 16 bytes as integers, so that tables of words are searched by comparing integers.
struct PackedWord: Hashable, Sendable {
    private let count: Int
    /// The first eight bytes and the last eight, which may overlap, or of a shorter word the same of four and nothing.
    private let head: UInt64
    private let tail: UInt64

    /// Nil for a longer word.
    init?(_ bytes: Span<UInt8>, ignoringCase: Bool = false) {
        count = bytes.count
        guard count <= 16 else { return nil }
        var (head, tail): (UInt64, UInt64) = (0, 0)
        if count >= 8 {
            head = Self.eight(bytes, from: 0)
            tail = Self.eight(bytes, from: count - 8)
        } else if count >= 4 {
            head = Self.four(bytes, from: 0) << 32 | Self.four(bytes, from: count - 4)
        } else {
            for index in bytes.indices { head = head << 8 | UInt64(bytes[index]) }
        }
        self.head = ignoringCase ? Self.lowercased(head) : head
        self.tail = ignoringCase ? Self.lowercased(tail) : tail
    }

    private static func eight(_ bytes: Span<UInt8>, from start: Int) -> UInt64 {
        bytes.extracting(start..<start + 8).bytes.unsafeLoadUnaligned(as: UInt64.self)
    }

    private static func four(_ bytes: Span<UInt8>, from start: Int) -> UInt64 {
        UInt64(bytes.extracting(start..<start + 4).bytes.unsafeLoadUnaligned(as: UInt32.self))
    }

    /// Eight bytes at once: of each, the top bit of `fromA` says that it is `A` or more, that of `behindZ` that it is
    /// more than `Z`.
    private static func lowercased(_ word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let fromA = low + 0x3F3F_3F3F_3F3F_3F3F
        let behindZ = low + 0x2525_2525_2525_2525
        return word | (fromA & ~behindZ & ~word & 0x8080_8080_8080_8080) >> 2
    }
}
