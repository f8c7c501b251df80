import CallModel
import Wire

/// Sums over calls, added up by the database.
enum CallTallies {
    /// Calls that are over are taken from the sums of whole days where that is possible, and for the rest of the time from
    /// the index that has all that is asked; calls that live are few.
    static func read(
        _ database: Database, _ query: CallQuery, byPerson: Bool
    ) throws(SQLFailure) -> [CallTally] {
        guard let days = WholeDays.ofPeople(query, byPerson: byPerson) else {
            return try read(parts(of: query, byPerson: byPerson, database.dialect), byPerson, in: database)
        }
        let blocks = try CallBlocks(from: days.first, through: days.last, in: database)
        try blocks?.sumUp(in: database)
        return try database.snapshot { () throws(SQLFailure) in
            let pieces = try blocks?.pieces(in: database) ?? []
            let parts = parts(of: query, byPerson: byPerson, database.dialect, pieces)
            return try read(parts, byPerson, in: database)
        }
    }

    private static func read(
        _ parts: [TallyPart], _ byPerson: Bool, in database: Database
    ) throws(SQLFailure) -> [CallTally] {
        var sums = TallySums()
        for part in parts { sums.add(try read(database, part, byPerson), isTakenOff: part.isTakenOff) }
        return sums.all
    }

    /// How many calls there are, of whatever kind: nothing has to be sorted for that.
    static func count(_ database: Database, _ query: CallQuery) throws(SQLFailure) -> Int {
        var calls: Int64 = 0
        for part in parts(of: query, byPerson: false, database.dialect) {
            let sql = "SELECT \(part.source.count) FROM \(part.source.table) \(part.conditions.clause)"
            calls += try database.integer(sql, part.conditions.values) ?? 0
        }
        return Int(calls)
    }

    /// Where the calls of a query are counted, each in one place; `pieces`: where the sums of people's days are.
    private static func parts(
        of query: CallQuery, byPerson: Bool, _ dialect: Dialect, _ pieces: [CallBlocks.Piece] = []
    ) -> [TallyPart] {
        // What matches nothing has no plan that uses an index, and one that must be used would be an error.
        if query.states?.isEmpty == true || query.directions?.isEmpty == true { return [] }
        var parts: [TallyPart] = []
        if query.isLive != true {
            var rest = [query]
            if query.isOfWholeDays, let (days, edges) = WholeDays.split(query) {
                parts += days.sums(of: query, byPerson: byPerson, pieces)
                rest = edges
            }
            for var part in rest {
                part.isLive = false
                let source = query.isOfWholeDays ? TallySource.figures : .calls
                parts.append(TallyPart(CallConditions(part, in: dialect), source))
            }
        }
        if query.isLive != false {
            var live = query
            live.isLive = true
            parts.append(TallyPart(CallConditions(live, in: dialect), .liveCalls))
        }
        return parts
    }

    /// SQLite sorts what it groups, which takes it twice as long as it takes us to add up the rows.
    private static func read(
        _ database: Database, _ part: TallyPart, _ byPerson: Bool
    ) throws(SQLFailure) -> [CallTally] {
        let (source, clause) = (part.source, part.conditions.clause)
        let people = byPerson ? source.people : "NULL, NULL, NULL"
        let kind = "state, direction, \(source.wasAnswered), \(people)"
        let isAddedHere = database.dialect == .sqlite && source.isOfSums
        let sql =
            isAddedHere
            ? "SELECT \(kind), calls, duration, hold_seconds, transfer_count FROM \(source.table) \(clause)"
            : """
            SELECT \(kind), \(source.count), coalesce(sum(duration), 0), sum(hold_seconds), sum(transfer_count)
            FROM \(source.table) \(clause)
            GROUP BY state, direction, \(source.wasAnswered)\(byPerson ? ", \(source.people)" : "")
            """
        return try database.query(sql, part.conditions.values) { tally(from: $0) }.compactMap(\.self)
    }

    /// Nil for words this program does not know.
    private static func tally(from row: borrowing SQLRow) -> CallTally? {
        guard let state = CallState(rawValue: row.text(0)), let direction = CallDirection(rawValue: row.text(1)) else {
            return nil
        }
        func person(_ column: Int32) -> Int64? { row.integer(column) == 0 ? nil : row.integer(column) }
        var tally = CallTally(state: state, direction: direction, wasAnswered: row.flag(2))
        (tally.operatorID, tally.assignedUserID, tally.answeredByUserID) = (person(3), person(4), person(5))
        tally.calls = Int(row.integer(6))
        tally.talkSeconds = tally.wasAnswered ? Int(row.integer(7)) : 0
        (tally.holdSeconds, tally.transfers) = (Int(row.integer(8)), Int(row.integer(9)))
        return tally
    }
}

/// Calls that are counted in one place.
private struct TallyPart {
    let conditions: CallConditions
    let source: TallySource
    let isTakenOff: Bool

    init(_ conditions: CallConditions, _ source: TallySource, isTakenOff: Bool = false) {
        (self.conditions, self.source, self.isTakenOff) = (conditions, source, isTakenOff)
    }
}

/// Where sums are read from.
private enum TallySource: String {
    case calls
    // Named, for else a user's calls are looked at one by one: whose they are has an index, too.
    case liveCalls = "calls INDEXED BY calls_live"
    case figures = "calls INDEXED BY calls_figures"
    case days = "call_days"
    case peopleDays = "call_people_days"
    case peopleBlocks = "call_people_blocks"
    case people = "call_people"

    var table: String { rawValue }
    var isOfSums: Bool { ![.calls, .liveCalls, .figures].contains(self) }
    var wasAnswered: String { isOfSums ? "answered" : "answered_at IS NOT NULL" }
    var count: String { isOfSums ? "sum(calls)" : "count(*)" }
    var people: String { "operator_id, assigned_user_id, answered_by_user_id" }
}

/// Sums from several places, put together by kind.
private struct TallySums {
    private var byKind: [CallTally: CallTally] = [:]

    /// What is there to be told; a day whose calls were all taken back leaves an empty sum.
    var all: [CallTally] { byKind.values.filter { $0.calls > 0 } }

    mutating func add(_ tallies: [CallTally], isTakenOff: Bool) {
        let sign = isTakenOff ? -1 : 1
        for tally in tallies {
            var kind = tally
            (kind.calls, kind.talkSeconds, kind.holdSeconds, kind.transfers) = (0, 0, 0, 0)
            var sum = byKind[kind] ?? kind
            sum.calls += sign * tally.calls
            sum.talkSeconds += sign * tally.talkSeconds
            sum.holdSeconds += sign * tally.holdSeconds
            sum.transfers += sign * tally.transfers
            byKind[kind] = sum
        }
    }
}

extension CallQuery {
    /// Whether nothing is asked that the sums of days do not know.
    var isOfWholeDays: Bool {
        let isOfAnyNumber = number == nil && clientNumber == nil && clientDigits == nil && `extension` == nil
        return isOfAnyNumber && operatorID == nil && clientID == nil && city == nil && (search ?? "").isEmpty
    }
}

/// The days (UTC) that lie wholly within a query's time; nil bounds are those of all time.
private struct WholeDays {
    private static let length: Int64 = 86_400_000

    let first: Int64?
    let last: Int64?
    var isAllTime: Bool { first == nil && last == nil }

    /// The whole days, and the parts before and after them; nil when there is no whole day.
    static func split(_ query: CallQuery) -> (days: WholeDays, edges: [CallQuery])? {
        // A time that no calendar reaches would overflow, and needs no sums.
        let reachable = -Int64(1 << 50)...Int64(1 << 50)
        for bound in [query.startedFrom, query.startedThrough] {
            guard bound.map({ reachable.contains($0.milliseconds) }) ?? true else { return nil }
        }
        let first = query.startedFrom.map { ($0.milliseconds + length - 1).floorDivided(by: length) }
        let last = query.startedThrough.map { ($0.milliseconds + 1).floorDivided(by: length) - 1 }
        if let first, let last, first > last { return nil }
        var edges: [CallQuery] = []
        if let first, query.startedFrom?.milliseconds != first * length {
            var before = query
            before.startedThrough = WallTime(milliseconds: first * length - 1)
            edges.append(before)
        }
        if let last, query.startedThrough?.milliseconds != (last + 1) * length - 1 {
            var after = query
            after.startedFrom = WallTime(milliseconds: (last + 1) * length)
            edges.append(after)
        }
        return (WholeDays(first: first, last: last), edges)
    }

    /// The days whose sums by people a query needs; nil when it needs none, or those of all time.
    static func ofPeople(_ query: CallQuery, byPerson: Bool) -> WholeDays? {
        guard query.isLive != true, query.isOfWholeDays else { return nil }
        guard let (days, _) = split(query), !days.isAllTime else { return nil }
        return byPerson || query.visibility != .all ? days : nil
    }

    /// Where the calls of these days are added up, as the query has them.
    func sums(of query: CallQuery, byPerson: Bool, _ pieces: [CallBlocks.Piece]) -> [TallyPart] {
        if isAllTime { return [TallyPart(conditions(query), .people)] }
        guard Self.ofPeople(query, byPerson: byPerson) != nil else {
            return [TallyPart(conditions(query, of: "day", from: first, through: last), .days)]
        }
        return pieces.map { piece in
            let (from, through) = (piece.range.lowerBound, piece.range.upperBound)
            let isOfDays = piece.kind == .days
            let conditions = conditions(query, of: isOfDays ? "day" : "block", from: from, through: through)
            return TallyPart(conditions, isOfDays ? .peopleDays : .peopleBlocks, isTakenOff: piece.isTakenOff)
        }
    }

    /// The query's other conditions on sums, which are all of calls that are over; `column`: what bounds them in time.
    private func conditions(
        _ query: CallQuery, of column: String = "day", from first: Int64? = nil, through last: Int64? = nil
    ) -> CallConditions {
        var timeless = query
        (timeless.startedFrom, timeless.startedThrough, timeless.isLive) = (nil, nil, nil)
        timeless.hidesUnanswered = false
        var conditions = CallConditions(timeless, nil)
        if let first { conditions.add("\(column) >= ?", .integer(first)) }
        if let last { conditions.add("\(column) <= ?", .integer(last)) }
        return conditions
    }
}
