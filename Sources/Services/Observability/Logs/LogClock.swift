import Wire

/// Writes the moment that a line begins with: lines of the same second have all but the milliseconds from the one before.
struct LogClock {
    private var second: Int64?
    private var text: [UInt8] = []

    /// What each line has of its own: `123Z`.
    private static let ownLength = 4

    mutating func begin(_ line: inout [UInt8], at moment: WallTime) {
        if moment.seconds != second { set(moment) }
        line.append(contentsOf: text)
        let rest = moment.milliseconds - moment.seconds * 1000
        line.append(Self.digit(rest / 100))
        line.append(Self.digit(rest / 10 % 10))
        line.append(Self.digit(rest % 10))
        line.append(UInt8(ascii: "Z"))
    }

    private static func digit(_ value: Int64) -> UInt8 { UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value) }

    private mutating func set(_ moment: WallTime) {
        second = moment.seconds
        text.removeAll(keepingCapacity: true)
        text.append(#"{"timestamp":""#)
        text.append(iso8601: moment)
        text.removeLast(Self.ownLength)
    }
}
