/// Byte classes and helpers for text protocols, whose grammar is ASCII whatever the bytes around it are.
public enum ASCII {
    @inlinable public static var tab: UInt8 { 0x09 }
    @inlinable public static var lineFeed: UInt8 { 0x0A }
    @inlinable public static var carriageReturn: UInt8 { 0x0D }
    @inlinable public static var space: UInt8 { 0x20 }
    @inlinable public static var zero: UInt8 { 0x30 }
    @inlinable public static var colon: UInt8 { 0x3A }

    @inlinable public static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }
    @inlinable public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
    @inlinable public static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }
    @inlinable public static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || byte == tab }
    @inlinable public static func isPrintable(_ byte: UInt8) -> Bool { byte &- 0x20 < 0x5F }
    @inlinable public static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// The value of a hexadecimal digit, nil for any other byte.
    @inlinable public static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - zero }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    /// Case-insensitive equality of two ASCII strings, without allocating.
    @inlinable public static func equalIgnoringCase(_ left: String, _ right: String) -> Bool {
        equalIgnoringCase(left.utf8.span, right.utf8.span)
    }

    /// Case-insensitive equality of two runs of ASCII bytes.
    @inlinable public static func equalIgnoringCase(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where lowercased(left[index]) != lowercased(right[index]) { return false }
        return true
    }

    /// The parts of a text between separators, compared as bytes: splitting by characters is dear.
    ///
    /// As the library's `split`, in one list and without a closure.
    public static func split(
        _ text: some StringProtocol, at separator: UInt8, maxSplits: Int = .max, keepingEmpty: Bool = false
    ) -> [Substring] {
        let text = Substring(text)
        let bytes = text.utf8.span
        var parts: [Substring] = []
        parts.reserveCapacity(4)
        // Places in bytes; an index of the text is made only where it is cut.
        var (start, place) = (text.startIndex, 0)
        for offset in bytes.indices where bytes[offset] == separator {
            if parts.count >= maxSplits { break }
            let end = text.utf8.index(start, offsetBy: offset - place)
            if keepingEmpty || place < offset { parts.append(text[start..<end]) }
            (start, place) = (text.utf8.index(after: end), offset + 1)
        }
        if keepingEmpty || place < bytes.count { parts.append(text[start...]) }
        return parts
    }

    /// A decimal number of at most `maximumDigits` digits and nothing else.
    @inlinable public static func decimal(_ bytes: Span<UInt8>, maximumDigits: Int = 10) -> UInt64? {
        guard !bytes.isEmpty, bytes.count <= min(maximumDigits, 19) else { return nil }
        var value: UInt64 = 0
        for index in bytes.indices {
            guard isDigit(bytes[index]) else { return nil }
            value = value * 10 + UInt64(bytes[index] - zero)
        }
        return value
    }

    /// A decimal number of at most `maximumDigits` digits and nothing else.
    @inlinable public static func decimal(_ bytes: some Collection<UInt8>, maximumDigits: Int = 10) -> UInt64? {
        var (value, digits): (UInt64, Int) = (0, 0)
        for byte in bytes {
            guard isDigit(byte), digits < min(maximumDigits, 19) else { return nil }
            (value, digits) = (value * 10 + UInt64(byte - zero), digits + 1)
        }
        return digits == 0 ? nil : value
    }
}

public enum Hex {
    /// Lowercase hexadecimal.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        unsafe String(unsafeUninitializedCapacity: bytes.count * 2) { text in
            var place = 0
            for byte in bytes {
                unsafe text[place] = digit(byte >> 4)
                unsafe text[place + 1] = digit(byte & 15)
                place += 2
            }
            return place
        }
    }

    @inlinable static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? ASCII.zero + value : UInt8(ascii: "a") - 10 + value
    }

    /// The bytes of an even number of hexadecimal digits; nil for anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 2) else { return nil }
        var bytes = [UInt8]()
        bytes.reserveCapacity(characters.count / 2)
        for index in stride(from: 0, to: characters.count, by: 2) {
            guard let high = ASCII.hexValue(characters[index]), let low = ASCII.hexValue(characters[index + 1])
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
