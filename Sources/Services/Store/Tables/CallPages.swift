import CallModel
import Wire

/// Reads a page of a list of calls, newest first, and counts the list.
enum CallPages {
    private static let order = "ORDER BY started_at DESC, id DESC"

    static func read(_ database: Database, _ query: CallQuery) throws(SQLFailure) -> [CallRecord] {
        let bounds = [SQLValue(max(query.limit, 0)), SQLValue(max(query.offset, 0))]
        guard case .user(let id, let isOperator) = query.visibility else {
            let conditions = CallConditions(query)
            return try CallTable.read(
                database, where: "\(conditions.clause) \(order) LIMIT ? OFFSET ?", conditions.values + bounds)
        }
        let own = ownCalls(of: id, isOperator: isOperator, query)
        return try CallTable.read(
            database, where: "WHERE id IN (\(own.sql)) \(order) LIMIT ? OFFSET ?", own.values + bounds)
    }

    /// The newest calls of each way in which a call can be a user's, as many as the page reaches: each way has an index in
    /// this order, while all of them at once would have to be sorted.
    private static func ownCalls(
        of id: Int64, isOperator: Bool, _ query: CallQuery
    ) -> (sql: String, values: [SQLValue]) {
        var everybodys = query
        everybodys.visibility = .all
        let (sum, overflow) = max(query.limit, 0).addingReportingOverflow(max(query.offset, 0))
        let reach = SQLValue(overflow ? Int.max : sum)
        let columns = ["assigned_user_id", "answered_by_user_id"] + (isOperator ? ["operator_id"] : [])
        var (parts, values): ([String], [SQLValue]) = ([], [])
        for column in columns {
            var conditions = CallConditions(everybodys)
            conditions.add("\(column) = ?", .integer(id))
            parts.append("SELECT id FROM (SELECT id FROM calls \(conditions.clause) \(order) LIMIT ?) AS part")
            values += conditions.values + [reach]
        }
        return (parts.joined(separator: " UNION "), values)
    }

    /// How many calls the list has: from the sums of days where these know all that is asked.
    static func count(_ database: Database, _ query: CallQuery) throws(SQLFailure) -> Int {
        if query.visibility == .all, query.isOfWholeDays {
            return try CallTallies.count(database, query)
        }
        let conditions = CallConditions(query)
        let total = try database.integer("SELECT count(*) FROM calls \(conditions.clause)", conditions.values)
        return Int(total ?? 0)
    }
}
