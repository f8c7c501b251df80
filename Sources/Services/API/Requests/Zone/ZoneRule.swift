import Wire

/// How the clocks of a zone go on after the last change its file lists: the line at the end of the file, a `TZ` string of
/// POSIX as RFC 9636 section 3.3.1 takes it, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Equatable, Sendable {
    /// Seconds east of Greenwich, without and with summer time.
    var standard: Int64
    var summer: Summer?

    struct Summer: Equatable, Sendable {
        var offset: Int64
        var begins: YearDay
        var ends: YearDay
    }

    /// Nil when the text is not of this form.
    init?(_ text: String) {
        var rest = Substring(text)
        guard rest.dropZoneName(), let west = rest.takeClock() else { return nil }
        standard = -west
        guard !rest.isEmpty else { return }
        guard rest.dropZoneName() else { return nil }
        var offset = standard + 3600
        if rest.first != "," {
            guard let west = rest.takeClock() else { return nil }
            offset = -west
        }
        guard let begins = YearDay(taking: &rest), let ends = YearDay(taking: &rest), rest.isEmpty else { return nil }
        summer = Summer(offset: offset, begins: begins, ends: ends)
    }

    /// Seconds that clocks are ahead of UTC.
    func offset(at second: Int64) -> Int64 {
        guard let summer else { return standard }
        let year = CivilDate(daysSinceEpoch: (second + standard).floorDivided(by: 86400)).year
        // Changes are written as what clocks show until then.
        let begin = summer.begins.second(in: year) - standard
        let end = summer.ends.second(in: year) - summer.offset
        let isSummer = begin < end ? begin <= second && second < end : second < end || begin <= second
        return isSummer ? summer.offset : standard
    }
}

/// A day of every year and a time on it: `Mm.w.d/time`, `Jn/time` or `n/time`.
struct YearDay: Equatable, Sendable {
    enum Day: Equatable, Sendable {
        /// A weekday (0 is Sunday) of a month's week 1 … 5; 5 is the last one.
        case weekday(Int64, week: Int64, month: Int64)
        /// Counted from 1, without 29 February.
        case common(Int64)
        /// Counted from 0.
        case ordinal(Int64)
    }

    private let day: Day
    private let seconds: Int64

    /// Takes a comma, a day and perhaps a time.
    init?(taking text: inout Substring) {
        guard text.drop(",") else { return nil }
        if text.drop("M") {
            guard let month = text.takeNumber(1...12), text.drop("."), let week = text.takeNumber(1...5),
                text.drop("."),
                let weekday = text.takeNumber(0...6)
            else { return nil }
            day = .weekday(weekday, week: week, month: month)
        } else if text.drop("J") {
            guard let number = text.takeNumber(1...365) else { return nil }
            day = .common(number)
        } else {
            guard let number = text.takeNumber(0...365) else { return nil }
            day = .ordinal(number)
        }
        guard text.drop("/") else {
            seconds = 2 * 3600
            return
        }
        guard let time = text.takeClock() else { return nil }
        seconds = time
    }

    /// The moment in a year, in seconds since 1970 of a clock that stands for UTC.
    func second(in year: Int64) -> Int64 { dayNumber(in: year) * 86400 + seconds }

    private func dayNumber(in year: Int64) -> Int64 {
        let first = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        switch day {
        case .ordinal(let number): return first + number
        case .common(let number):
            let isLeap = CivilDate(year: year + 1, month: 1, day: 1).daysSinceEpoch - first == 366
            return first + number - (isLeap && number >= 60 ? 0 : 1)
        case .weekday(let weekday, let week, let month):
            let start = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
            let next = CivilDate(year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1)
            // 1 January 1970 was a Thursday.
            let ahead = weekday - (start + 4)
            let earliest = start + ahead - ahead.floorDivided(by: 7) * 7
            let found = earliest + (week - 1) * 7
            return found < next.daysSinceEpoch ? found : found - 7
        }
    }
}

extension Substring {
    fileprivate mutating func drop(_ character: Character) -> Bool {
        guard first == character else { return false }
        removeFirst()
        return true
    }

    /// `CET`, or `<+03>` for what is no word.
    fileprivate mutating func dropZoneName() -> Bool {
        let before = count
        if drop("<") {
            guard let end = firstIndex(of: ">") else { return false }
            self = self[index(after: end)...]
            return true
        }
        self = drop(while: \.isLetter)
        return before - count >= 3
    }

    fileprivate mutating func takeNumber(_ range: ClosedRange<Int64>) -> Int64? {
        let digits = prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), range.contains(number) else { return nil }
        self = dropFirst(digits.count)
        return number
    }

    /// `[+-]h[h[h]][:mm[:ss]]` in seconds.
    fileprivate mutating func takeClock() -> Int64? {
        let sign: Int64 = drop("-") ? -1 : 1
        if sign > 0 { _ = drop("+") }
        guard let hours = takeNumber(0...167) else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] {
            guard drop(":") else { break }
            guard let number = takeNumber(0...59) else { return nil }
            seconds += number * unit
        }
        return sign * seconds
    }
}
