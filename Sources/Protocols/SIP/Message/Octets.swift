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
func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// Whether bytes and an ASCII word are the same but for case.
func equalIgnoringCase(_ bytes: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
    guard bytes.count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { letters in ASCII.equalIgnoringCase(bytes.span, letters.span) }
}

/// Whether bytes and an ASCII text are the same but for case.
func equalIgnoringCase(_ bytes: ArraySlice<UInt8>, _ text: String) -> Bool {
    ASCII.equalIgnoringCase(bytes.span, text.utf8.span)
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
func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var (start, end) = (bytes.startIndex, bytes.endIndex)
    while start < end, bytes[start].isWhitespace { start += 1 }
    while start < end, bytes[end - 1].isWhitespace { end -= 1 }
    return bytes[start..<end]
}
