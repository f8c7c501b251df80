extension [UInt8] {
    /// Appends a number in decimal, with zeros before it up to `width` digits; no string is made on the way.
    @inlinable public mutating func append(decimal value: Int64, width: Int = 1) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
        var start = digits.count
        var rest = value.magnitude
        while rest > 0 {
            start -= 1
            digits[start] += UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        start = Swift.min(start, digits.count - Swift.min(width, digits.count))
        while start < digits.count {
            append(digits[start])
            start += 1
        }
    }
}
