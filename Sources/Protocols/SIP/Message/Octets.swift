import Wire

/// The bytes and byte classes of SIP's grammar.
///
/// The same as `Wire.ASCII`'s, as properties of a byte.
extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A

    var isDigit: Bool { self &- .zero < 10 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    var isAlphanumeric: Bool { isDigit || isLetter }
    var isWhitespace: Bool { self == .space || self == .tab }
    var isPrintable: Bool { self &- 0x20 < 0x5F }
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit, nil for any other byte.
    var hexValue: UInt8? {
        if isDigit { return self - .zero }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}

/// The text of bytes that arrived; what is not UTF-8 becomes U+FFFD.
func text(_ bytes: Span<UInt8>) -> String {
    bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
}

/// Whether bytes and an ASCII word are the same but for case.
func equalIgnoringCase(_ bytes: Span<UInt8>, _ word: StaticString) -> Bool {
    guard bytes.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { letters in ASCII.equalIgnoringCase(bytes, letters.span) }
}

/// Whether bytes and an ASCII text are the same but for case.
func equalIgnoringCase(_ bytes: Span<UInt8>, _ text: String) -> Bool {
    ASCII.equalIgnoringCase(bytes, text.utf8.span)
}

/// Whether two ASCII texts are the same but for case.
func equalIgnoringCase(_ left: String, _ right: String) -> Bool {
    ASCII.equalIgnoringCase(left.utf8.span, right.utf8.span)
}

/// An ASCII text in lower case; mostly it is already.
func lowercased(_ text: String) -> String {
    let bytes = text.utf8.span
    for index in bytes.indices where bytes[index] != bytes[index].lowercased { return text.lowercased() }
    return text
}

/// Bytes without the white space around them.
@_lifetime(copy bytes)
func trimmed(_ bytes: Span<UInt8>) -> Span<UInt8> {
    var (start, end) = (0, bytes.count)
    while start < end, bytes[start].isWhitespace { start += 1 }
    while start < end, bytes[end - 1].isWhitespace { end -= 1 }
    return bytes.extracting(start..<end)
}

/// What collections have, for bytes that are only borrowed.
extension Span<UInt8> {
    var first: UInt8? { isEmpty ? nil : self[0] }
    var last: UInt8? { isEmpty ? nil : self[count - 1] }

    func lastIndex(of byte: UInt8) -> Int? {
        var index = count
        while index > 0 {
            index -= 1
            if self[index] == byte { return index }
        }
        return nil
    }

    /// Where the next line break or NUL is; the count when there is none.
    func nextBreak(from start: Int = 0) -> Int {
        var index = start
        while index < count {
            // Eight at once: the top bit is set of the first byte below 14, and of none before it.
            if index + 8 <= count {
                let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
                let low = (word &- 0x0E0E_0E0E_0E0E_0E0E) & ~word & 0x8080_8080_8080_8080
                index += low.trailingZeroBitCount / 8
                if low == 0 { continue }
            }
            if self[index] == UInt8.carriageReturn || self[index] == UInt8.lineFeed || self[index] == 0 { return index }
            index += 1
        }
        return index
    }

    func contains(_ byte: UInt8) -> Bool { firstIndex(of: byte) != nil }

    func allSatisfy(_ accepts: (UInt8) -> Bool) -> Bool {
        for index in indices where !accepts(self[index]) { return false }
        return true
    }

    /// The bytes before the first that is not accepted.
    @_lifetime(copy self)
    func prefix(while accepts: (UInt8) -> Bool) -> Span<UInt8> {
        var length = 0
        while length < count, accepts(self[length]) { length += 1 }
        return extracting(first: length)
    }
}
