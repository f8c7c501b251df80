import CallModel

/// Sums over calls, added up by the database.
enum CallTallies {
    private static let people = "operator_id, assigned_user_id, answered_by_user_id"
    private static let none = "NULL, NULL, NULL"

    /// Calls that are over and calls that live are added up apart: the former have an index with all that is asked.
    static func read(
        _ database: SQLiteConnection, _ query: CallQuery, byPerson: Bool
    ) throws(SQLiteFailure) -> [CallTally] {
        var tallies: [CallTally] = []
        for isLive in [false, true] where query.isLive ?? isLive == isLive {
            var part = query
            part.isLive = isLive
            tallies += try read(database, CallConditions(part), byPerson)
        }
        return tallies
    }

    private static func read(
        _ database: SQLiteConnection, _ conditions: CallConditions, _ byPerson: Bool
    ) throws(SQLiteFailure) -> [CallTally] {
        let sql = """
            SELECT state, direction, answered_at IS NOT NULL, \(byPerson ? people : none), count(*),
                coalesce(sum(duration), 0), sum(hold_seconds), sum(transfer_count)
            FROM calls \(conditions.clause)
            GROUP BY state, direction, answered_at IS NOT NULL\(byPerson ? ", \(people)" : "")
            """
        return try database.query(sql, conditions.values) { tally(from: $0) }.compactMap(\.self)
    }

    /// Nil for words this program does not know.
    private static func tally(from row: borrowing SQLiteRow) -> CallTally? {
        guard let state = CallState(rawValue: row.text(0)), let direction = CallDirection(rawValue: row.text(1)) else {
            return nil
        }
        var tally = CallTally(state: state, direction: direction, wasAnswered: row.flag(2))
        (tally.operatorID, tally.assignedUserID) = (row.integerIfPresent(3), row.integerIfPresent(4))
        tally.answeredByUserID = row.integerIfPresent(5)
        tally.calls = Int(row.integer(6))
        tally.talkSeconds = tally.wasAnswered ? Int(row.integer(7)) : 0
        (tally.holdSeconds, tally.transfers) = (Int(row.integer(8)), Int(row.integer(9)))
        return tally
    }
}
