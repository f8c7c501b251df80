import CallModel
import Wire

/// Reads a page of a list of calls, newest first, and counts the list.
struct CallPages {
    private static let order = "ORDER BY started_at DESC, id DESC"

    private let database: Database
    private let query: CallQuery
    private let search: CallSearch?

    /// `mostCounted`: of what is looked for; by itself what the engine counts quickly.
    init(_ database: Database, _ query: CallQuery, mostCounted: Int? = nil) throws(SQLFailure) {
        (self.database, self.query) = (database, query)
        var search = query.search.flatMap {
            $0.isEmpty ? nil : CallSearch($0, database.dialect, mostCounted: mostCounted)
        }
        try search?.chooseWay(query, in: database)
        self.search = search
    }

    /// Few calls that were found are fetched by their ids: an index of times would make SQLite look at all others, too.
    private func source(_ search: CallSearch?) -> String {
        search.map { $0.isIndexed && $0.way == .sorting } ?? false ? "NOT INDEXED" : ""
    }

    func read() throws(SQLFailure) -> [CallRecord] {
        guard case .user(let id, let isOperator) = query.visibility else {
            guard let search, search.isInVeryMany else { return try read(query, search) }
            if let items = try newestFound(search) { return items }
            return try read(query, search.forRest)
        }
        let own = ownCalls(of: id, isOperator: isOperator)
        return try CallTable.read(
            database, where: "WHERE id IN (\(own.sql)) \(Self.order) LIMIT ? OFFSET ?", own.values + bounds)
    }

    private var bounds: [SQLValue] { [SQLValue(max(query.limit, 0)), SQLValue(max(query.offset, 0))] }

    /// Everybody's calls.
    private func read(_ query: CallQuery, _ search: CallSearch?) throws(SQLFailure) -> [CallRecord] {
        let conditions = CallConditions(query, search)
        guard database.dialect == .postgres else {
            return try CallTable.read(
                database, where: "\(source(search)) \(conditions.clause) \(Self.order) LIMIT ? OFFSET ?",
                conditions.values + bounds)
        }
        let page = "SELECT * FROM \(found(conditions, search)) \(Self.order) LIMIT ? OFFSET ?"
        return try CallTable.read(database, page: page, Self.order, conditions.values + bounds)
    }

    /// The page of what very many calls have, when the newest calls of the list have enough of it or are all there are.
    private func newestFound(_ search: CallSearch) throws(SQLFailure) -> [CallRecord]? {
        var near = search
        near.way = .looking
        var list = query
        list.search = nil
        let others = CallConditions(list, nil)
        let oldest = try database.query(
            "SELECT started_at FROM calls \(others.clause) \(Self.order) LIMIT 1 OFFSET ?",
            others.values + [SQLValue(near.looked)]
        ) { $0.time(0) }.first
        list = query
        list.startedFrom = oldest ?? query.startedFrom
        let items = try read(list, near)
        return oldest == nil || items.count == query.limit ? items : nil
    }

    /// The calls that match, where PostgreSQL reads them from.
    ///
    /// It takes few that match for many and would walk the whole list for them, so it is not let know, by an OFFSET, that
    /// only a page of them is wanted.
    private func found(_ conditions: CallConditions, _ search: CallSearch?) -> String {
        guard let search, search.way == .sorting else { return "calls \(conditions.clause)" }
        return "(SELECT * FROM calls \(conditions.clause) OFFSET 0) AS calls"
    }

    /// The newest calls of each way in which a call can be a user's, as many as the page reaches: each way has an index in
    /// this order, while all of them at once would have to be sorted.
    private func ownCalls(of id: Int64, isOperator: Bool) -> (sql: String, values: [SQLValue]) {
        var everybodys = query
        everybodys.visibility = .all
        let (sum, overflow) = max(query.limit, 0).addingReportingOverflow(max(query.offset, 0))
        let reach = SQLValue(overflow ? Int.max : sum)
        let columns = ["assigned_user_id", "answered_by_user_id"] + (isOperator ? ["operator_id"] : [])
        var (parts, values): ([String], [SQLValue]) = ([], [])
        for column in columns {
            var conditions = CallConditions(everybodys, search)
            conditions.add("\(column) = ?", .integer(id))
            let part = "SELECT id FROM calls \(source(search)) \(conditions.clause) \(Self.order) LIMIT ?"
            parts.append("SELECT id FROM (\(part)) AS part")
            values += conditions.values + [reach]
        }
        return (parts.joined(separator: " UNION "), values)
    }

    /// How many calls the list has: from the sums of days, where these know all that is asked; of what is looked for, no
    /// more than `CallSearch.mostCounted`, and then it is not exact.
    func count() throws(SQLFailure) -> (total: Int, isExact: Bool) {
        if query.visibility == .all, query.isOfWholeDays {
            return (try CallTallies.count(database, query), true)
        }
        guard let search else {
            let conditions = CallConditions(query, nil)
            let total = try database.integer("SELECT count(*) FROM calls \(conditions.clause)", conditions.values)
            return (Int(total ?? 0), true)
        }
        let found = try countFound(search)
        return (min(found, search.mostCounted), found <= search.mostCounted)
    }

    /// How many calls match, up to one more than are counted.
    private func countFound(_ search: CallSearch) throws(SQLFailure) -> Int {
        let conditions = CallConditions(query, search)
        if database.dialect == .postgres || conditions.isSearchAlone, let found = search.found { return found }
        let calls = "SELECT 1 FROM calls \(source(search)) \(conditions.clause)"
        return try database.count(upTo: search.mostCounted + 1, of: calls, conditions.values)
    }
}
