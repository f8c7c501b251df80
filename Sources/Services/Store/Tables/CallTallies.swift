import CallModel
import Wire

/// Sums over calls, added up by the database.
enum CallTallies {
    /// Calls that are over are taken from the sums of whole days where that is possible, and for the rest of the time from
    /// the index that has all that is asked; calls that live are few.
    static func read(
        _ database: Database, _ query: CallQuery, byPerson: Bool
    ) throws(SQLFailure) -> [CallTally] {
        var sums = TallySums()
        for part in parts(of: query, byPerson: byPerson, database.dialect) {
            sums.add(try read(database, part.conditions, part.source, byPerson))
        }
        return sums.all
    }

    /// How many calls there are, of whatever kind: nothing has to be sorted for that.
    static func count(_ database: Database, _ query: CallQuery) throws(SQLFailure) -> Int {
        var calls: Int64 = 0
        for (conditions, source) in parts(of: query, byPerson: false, database.dialect) {
            let sql = "SELECT \(source.count) FROM \(source.table) \(conditions.clause)"
            calls += try database.integer(sql, conditions.values) ?? 0
        }
        return Int(calls)
    }

    /// Where the calls of a query are counted, each in one place.
    private static func parts(
        of query: CallQuery, byPerson: Bool, _ dialect: Dialect
    ) -> [(conditions: CallConditions, source: TallySource)] {
        // What matches nothing has no plan that uses an index, and one that must be used would be an error.
        if query.states?.isEmpty == true || query.directions?.isEmpty == true { return [] }
        var parts: [(conditions: CallConditions, source: TallySource)] = []
        if query.isLive != true {
            var rest = [query]
            if query.isOfWholeDays, let (days, edges) = WholeDays.split(query) {
                let isOfAll = query.visibility == .all && !byPerson
                let source = isOfAll ? TallySource.days : days.isAllTime ? .people : .peopleDays
                parts.append((days.conditions(query), source))
                rest = edges
            }
            for var part in rest {
                part.isLive = false
                parts.append((CallConditions(part, in: dialect), query.isOfWholeDays ? .figures : .calls))
            }
        }
        if query.isLive != false {
            var live = query
            live.isLive = true
            parts.append((CallConditions(live, in: dialect), .liveCalls))
        }
        return parts
    }

    private static func read(
        _ database: Database, _ conditions: CallConditions, _ source: TallySource, _ byPerson: Bool
    ) throws(SQLFailure) -> [CallTally] {
        let people = byPerson ? source.people : "NULL, NULL, NULL"
        let sql = """
            SELECT state, direction, \(source.wasAnswered), \(people), \(source.count), coalesce(sum(duration), 0),
                sum(hold_seconds), sum(transfer_count)
            FROM \(source.table) \(conditions.clause)
            GROUP BY state, direction, \(source.wasAnswered)\(byPerson ? ", \(source.people)" : "")
            """
        return try database.query(sql, conditions.values) { tally(from: $0) }.compactMap(\.self)
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

/// Where sums are read from.
private enum TallySource: String {
    case calls
    // Named, for else a user's calls are looked at one by one: whose they are has an index, too.
    case liveCalls = "calls INDEXED BY calls_live"
    case figures = "calls INDEXED BY calls_figures"
    case days = "call_days"
    case peopleDays = "call_people_days"
    case people = "call_people"

    var table: String { rawValue }
    var isOfSums: Bool { self == .days || self == .peopleDays || self == .people }
    var wasAnswered: String { isOfSums ? "answered" : "answered_at IS NOT NULL" }
    var count: String { isOfSums ? "sum(calls)" : "count(*)" }
    var people: String { "operator_id, assigned_user_id, answered_by_user_id" }
}

/// Sums from several places, put together by kind.
private struct TallySums {
    private var byKind: [CallTally: CallTally] = [:]

    /// What is there to be told; a day whose calls were all taken back leaves an empty sum.
    var all: [CallTally] { byKind.values.filter { $0.calls > 0 } }

    mutating func add(_ tallies: [CallTally]) {
        for tally in tallies {
            var kind = tally
            (kind.calls, kind.talkSeconds, kind.holdSeconds, kind.transfers) = (0, 0, 0, 0)
            var sum = byKind[kind] ?? kind
            sum.calls += tally.calls
            sum.talkSeconds += tally.talkSeconds
            sum.holdSeconds += tally.holdSeconds
            sum.transfers += tally.transfers
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

    /// The query's other conditions on the sums of these days, which are all of calls that are over.
    func conditions(_ query: CallQuery) -> CallConditions {
        var timeless = query
        (timeless.startedFrom, timeless.startedThrough, timeless.isLive) = (nil, nil, nil)
        timeless.hidesUnanswered = false
        var conditions = CallConditions(timeless, nil)
        if let first { conditions.add("day >= ?", .integer(first)) }
        if let last { conditions.add("day <= ?", .integer(last)) }
        return conditions
    }
}
