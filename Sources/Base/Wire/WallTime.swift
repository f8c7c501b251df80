/// A moment of civil time, in milliseconds since 1970-01-01 UTC: what records and log lines carry.
public struct WallTime: Hashable, Comparable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (left: WallTime, right: WallTime) -> Bool { left.milliseconds < right.milliseconds }
    public static func + (left: WallTime, right: Duration) -> WallTime {
        WallTime(
            milliseconds: left.milliseconds
                + (right < .zero ? -(.zero - right).wholeMilliseconds : right.wholeMilliseconds))
    }

    /// Whole seconds since 1970, rounded down.
    public var seconds: Int64 { milliseconds.floorDivided(by: 1000) }

    public enum Fraction: Sendable {
        /// Always three digits: `2025-11-08T12:00:00.000Z`.
        case milliseconds
        /// Three digits, left out when they are 000: `2024-01-15T10:30:00Z`.
        case whenNeeded
    }

    /// ISO 8601 in UTC.
    public func iso8601(_ fraction: Fraction = .milliseconds) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.append(iso8601: self, fraction)
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Appends a moment in ISO 8601.
    public mutating func append(iso8601 moment: WallTime, _ fraction: WallTime.Fraction = .milliseconds) {
        write(moment, fraction)
    }
}

extension OctetSink where Self: ~Copyable {
    /// Every log line and record has moments, so that each is put together byte by byte.
    mutating func write(_ moment: WallTime, _ fraction: WallTime.Fraction = .milliseconds) {
        let date = CivilDate(daysSinceEpoch: moment.seconds.floorDivided(by: 86400))
        let second = moment.seconds - date.daysSinceEpoch * 86400
        let millisecond = moment.milliseconds - moment.seconds * 1000
        append(decimal: date.year, width: 4)
        append(UInt8(ascii: "-"))
        append(decimal: date.month, width: 2)
        append(UInt8(ascii: "-"))
        append(decimal: date.day, width: 2)
        append(UInt8(ascii: "T"))
        append(decimal: second / 3600, width: 2)
        append(ASCII.colon)
        append(decimal: second / 60 % 60, width: 2)
        append(ASCII.colon)
        append(decimal: second % 60, width: 2)
        if fraction == .milliseconds || millisecond != 0 {
            append(UInt8(ascii: "."))
            append(decimal: millisecond, width: 3)
        }
        append(UInt8(ascii: "Z"))
    }
}

/// A day of the proleptic Gregorian calendar (the era arithmetic of Howard Hinnant's "date algorithms").
public struct CivilDate: Hashable, Sendable {
    public let year: Int64
    public let month: Int64
    public let day: Int64

    public init(year: Int64, month: Int64, day: Int64) {
        (self.year, self.month, self.day) = (year, month, day)
    }

    public init(daysSinceEpoch days: Int64) {
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    public var daysSinceEpoch: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorDivided(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    public func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
