import CallModel
import Wire

/// Closing what a program that died left open.
struct Interruption {
    /// Of a row of `calls`: whether its program is dead.
    private let isLeft: String
    private let values: [SQLValue]

    /// What an earlier run of this gateway left; also what belongs to nobody, unless another gateway is there: programs
    /// from before calls had a gateway write such rows, and may live on while the first new one starts.
    static func own(in database: Database) throws(SQLFailure) -> Interruption {
        guard let node = database.node else { return Interruption(isLeft: "TRUE", values: []) }
        let isLeft = try database.hasCompany() ? "calls.node_id = ?" : "(calls.node_id IS NULL OR calls.node_id = ?)"
        return Interruption(isLeft: isLeft, values: [SQLValue(node)])
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
    ///
    /// Which they are is decided once: a gateway that comes back meanwhile has its calls closed whole, or not at all.
    func close(
        _ database: Database, at now: WallTime, _ following: (CallRecord) -> [CallRow]
    ) throws(SQLFailure) -> Int {
        // Of several that close the same call, the first does.
        let locking = database.dialect == .postgres ? "FOR UPDATE" : ""
        let left = try database.query(
            """
            SELECT id, ended_at FROM calls
            WHERE id IN (
                SELECT id FROM calls WHERE ended_at IS NULL
                UNION ALL SELECT call_pk FROM call_sessions WHERE is_active
                UNION ALL SELECT call_pk FROM webrtc_connections WHERE end_time IS NULL)
                AND \(isLeft)
            \(locking)
            """, values
        ) { (id: $0.integer(0), isOpen: $0.isNull(1)) }
        guard !left.isEmpty else { return 0 }
        let open = left.filter(\.isOpen).map(\.id)
        try Self.closeRows(ofCalls: Self.list(left.map(\.id)), database, at: now)
        try Self.closeCalls(Self.list(open), database, at: now)
        let records = try CallTable.read(
            database, where: "WHERE id IN (\(database.dialect.listedNumbers)) ORDER BY id", [Self.list(open)])
        for row in records.flatMap(following) { try row.write(to: database) }
        return open.count
    }

    private static func list(_ ids: [Int64]) -> SQLValue {
        .json(JSONValue.array(ids.map { JSONValue.integer($0) }).text)
    }

    /// Sessions and connections, also of calls that ended properly.
    private static func closeRows(
        ofCalls ids: SQLValue, _ database: Database, at now: WallTime
    ) throws(SQLFailure) {
        let sql = database.dialect
        try database.run(
            """
            UPDATE webrtc_connections SET
                status = CASE status WHEN 'connected' THEN 'disconnected' ELSE 'failed' END,
                end_time = greatest(start_time, updated_at),
                duration = \(sql.seconds(from: "start_time", to: "greatest(start_time, updated_at)")), updated_at = ?
            WHERE end_time IS NULL AND call_pk IN (\(sql.listedNumbers))
            """, [SQLValue(now), ids])
        try database.run(
            """
            UPDATE call_sessions SET is_active = FALSE, ended_at = last_activity, updated_at = ?
            WHERE is_active AND call_pk IN (\(sql.listedNumbers))
            """, [SQLValue(now), ids])
    }

    /// The calls that are open, and locked, with their legs.
    private static func closeCalls(_ ids: SQLValue, _ database: Database, at now: WallTime) throws(SQLFailure) {
        let sql = database.dialect
        try database.run(
            """
            UPDATE call_legs SET
                state = CASE WHEN connected_at IS NULL THEN 'failed' ELSE 'completed' END,
                disconnected_at = greatest(appeared_at, (SELECT updated_at FROM calls WHERE id = call_pk)),
                disconnect_reason = 'interrupted', updated_at = ?
            WHERE disconnected_at IS NULL AND call_pk IN (\(sql.listedNumbers))
            """, [SQLValue(now), ids])
        // An UPDATE's right-hand sides all see the row as it was.
        try database.run(
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
            WHERE ended_at IS NULL AND id IN (\(sql.listedNumbers))
            """, [SQLValue(now), ids])
    }
}
