extension WallTime {
    /// Reads ISO 8601: `2024-01-15T10:30:00Z`, with a fraction, with an offset (`+03:00`), or a date alone (00:00 UTC).
    public init?(iso8601 text: String) {
        var cursor = DigitCursor(text.utf8)
        guard let year = cursor.number(4), cursor.skip("-"), let month = cursor.number(2), cursor.skip("-"),
            let day = cursor.number(2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date else { return nil }
        let midnight = date.daysSinceEpoch * 86_400_000
        if cursor.isAtEnd {
            self.init(milliseconds: midnight)
            return
        }
        guard cursor.skip("T") || cursor.skip("t") || cursor.skip(" "), let time = cursor.timeOfDay(),
            let offset = cursor.zoneOffset(), cursor.isAtEnd
        else { return nil }
        self.init(milliseconds: midnight + time - offset)
    }
}

/// Reads fixed-width decimal fields one after another.
private struct DigitCursor {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: String.UTF8View) { rest = ArraySlice(bytes) }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(_ digits: Int) -> Int64? {
        let field = rest.prefix(digits)
        guard field.count == digits, field.allSatisfy(ASCII.isDigit) else { return nil }
        rest = rest.dropFirst(digits)
        return field.reduce(0) { $0 * 10 + Int64($1 - ASCII.zero) }
    }

    /// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff…`, in milliseconds.
    mutating func timeOfDay() -> Int64? {
        guard let hour = number(2), skip(":"), let minute = number(2), hour < 24, minute < 60 else { return nil }
        guard skip(":") else { return (hour * 60 + minute) * 60_000 }
        guard let second = number(2), second < 61 else { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1000 + (skip(".") ? fraction() : 0)
    }

    private mutating func fraction() -> Int64 {
        var scale: Int64 = 100
        var milliseconds: Int64 = 0
        while let digit = number(1) {
            milliseconds += digit * scale
            scale /= 10
        }
        return milliseconds
    }

    /// `Z`, nothing, `+03:00` or `+0300`, in milliseconds east of UTC.
    mutating func zoneOffset() -> Int64? {
        if isAtEnd || skip("Z") || skip("z") { return 0 }
        let sign: Int64 = skip("+") ? 1 : -1
        guard sign == 1 || skip("-"), let hours = number(2) else { return nil }
        _ = skip(":")
        let minutes = isAtEnd ? 0 : number(2)
        return minutes.map { sign * (hours * 60 + $0) * 60_000 }
    }
}
