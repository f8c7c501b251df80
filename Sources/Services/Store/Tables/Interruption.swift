import CallModel
import Wire

/// Closing what a program that died left open.
struct Interruption {
    /// Of a row of `calls`: whether its program is dead.
    private let isLeft: String
    private let values: [SQLValue]

    /// What an earlier run of this gateway left, and what belongs to nobody; nil: it is the only one.
    static func own(_ node: UUID?) -> Interruption {
        guard let node else { return Interruption(isLeft: "TRUE", values: []) }
        return Interruption(isLeft: "(calls.node_id IS NULL OR calls.node_id = ?)", values: [SQLValue(node)])
    }

    /// What gateways left that have not said for so long that they are there.
    static func gone(after lease: Duration) -> Interruption {
        Interruption(
            isLeft: """
                (calls.node_id IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM outboxes WHERE outboxes.id = calls.node_id
                        AND outboxes.updated_at >= now() - ? * interval '1 millisecond'))
                """, values: [.real(Double(lease.wholeMilliseconds))])
    }

    /// Answers how many calls were closed; what `following` makes of each is written, too.
    func close(
        _ database: Database, at now: WallTime, _ following: (CallRecord) -> [CallRow]
    ) throws(SQLFailure) -> Int {
        // Of several that close the same call, the first does.
        let locking = database.dialect == .postgres ? "FOR UPDATE" : ""
        let open = try database.query(
            "SELECT id FROM calls WHERE ended_at IS NULL AND \(isLeft) \(locking)", values
        ) { JSONValue.integer($0.integer(0)) }
        let closed = try close(database, at: now)
        let ids = SQLValue.json(JSONValue.array(open).text)
        let records = try CallTable.read(
            database, where: "WHERE id IN (\(database.dialect.listedNumbers)) ORDER BY id", [ids])
        for row in records.flatMap(following) { try row.write(to: database) }
        return closed
    }

    /// The calls come last: the rows that belong to them are found by their being open.
    private func close(_ database: Database, at now: WallTime) throws(SQLFailure) -> Int {
        let sql = database.dialect
        let ofThem = "EXISTS (SELECT 1 FROM calls WHERE calls.id = call_pk AND \(isLeft))"
        try database.run(
            """
            UPDATE call_legs SET
                state = CASE WHEN connected_at IS NULL THEN 'failed' ELSE 'completed' END,
                disconnected_at = greatest(appeared_at, (SELECT updated_at FROM calls WHERE id = call_pk)),
                disconnect_reason = 'interrupted', updated_at = ?
            WHERE disconnected_at IS NULL
                AND call_pk IN (SELECT id FROM calls WHERE ended_at IS NULL AND \(isLeft))
            """, [SQLValue(now)] + values)
        try database.run(
            """
            UPDATE webrtc_connections SET
                status = CASE status WHEN 'connected' THEN 'disconnected' ELSE 'failed' END,
                end_time = greatest(start_time, updated_at),
                duration = \(sql.seconds(from: "start_time", to: "greatest(start_time, updated_at)")), updated_at = ?
            WHERE end_time IS NULL AND \(ofThem)
            """, [SQLValue(now)] + values)
        try database.run(
            """
            UPDATE call_sessions SET is_active = FALSE, ended_at = last_activity, updated_at = ?
            WHERE is_active AND \(ofThem)
            """, [SQLValue(now)] + values)
        // An UPDATE's right-hand sides all see the row as it was.
        return try database.run(
            """
            UPDATE calls SET
                state = CASE WHEN answered_at IS NULL THEN 'failed' ELSE 'completed' END,
                end_reason = 'interrupted',
                ended_at = greatest(updated_at, started_at),
                duration = CASE WHEN answered_at IS NULL THEN 0
                    ELSE greatest(0, \(sql.seconds(from: "answered_at", to: "updated_at"))) END,
                hold_seconds = hold_seconds + CASE WHEN held_since IS NULL THEN 0
                    ELSE greatest(0, \(sql.seconds(from: "held_since", to: "updated_at"))) END,
                held_since = NULL, is_on_hold = FALSE, version = version + 1, updated_at = ?
            WHERE ended_at IS NULL AND \(isLeft)
            """, [SQLValue(now)] + values)
    }
}
