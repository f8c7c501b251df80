import Directory
import Wire

/// Reads and writes what was answered to requests that are not to be done twice.
enum AnswerTable {
    /// How many that are too old go with each that comes: more than come, and few enough that nobody waits for them.
    private static let sweep = 20

    static func read(
        _ key: KeptAnswer.Key, since moment: WallTime, in database: Database
    ) throws(SQLFailure) -> KeptAnswer? {
        try database.query(
            """
            SELECT fingerprint, created_at, status, fields, body FROM request_answers
            WHERE \(Self.isOfKey) AND created_at >= ?
            """, values(key) + [SQLValue(moment)]
        ) { row in
            let response =
                row.integerIfPresent(2).map {
                    KeptAnswer.Response(status: Int($0), fields: row.text(3), body: row.text(4))
                }
            return KeptAnswer(key: key, fingerprint: row.text(0), response: response, begunAt: row.time(1))
        }.first
    }

    static func write(_ answer: KeptAnswer, to database: Database) throws(SQLFailure) {
        if answer.response == nil { try sweep(before: KeptAnswer.oldest(at: answer.begunAt), in: database) }
        try database.run(
            """
            INSERT INTO request_answers (caller, path, name, fingerprint, created_at, status, fields, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (caller, path, name) DO UPDATE SET fingerprint = excluded.fingerprint,
                created_at = excluded.created_at, status = excluded.status, fields = excluded.fields,
                body = excluded.body
            """,
            values(answer.key) + [
                .text(answer.fingerprint), SQLValue(answer.begunAt), SQLValue(answer.response?.status),
                SQLValue(answer.response?.fields), SQLValue(answer.response?.body),
            ])
    }

    static func delete(_ key: KeptAnswer.Key, from database: Database) throws(SQLFailure) {
        try database.run("DELETE FROM request_answers WHERE \(isOfKey)", values(key))
    }

    private static func sweep(before moment: WallTime, in database: Database) throws(SQLFailure) {
        try database.run(
            """
            DELETE FROM request_answers WHERE (caller, path, name) IN (
                SELECT caller, path, name FROM request_answers WHERE created_at < ? ORDER BY created_at LIMIT ?)
            """, [SQLValue(moment), SQLValue(sweep)])
    }

    private static let isOfKey = "caller = ? AND path = ? AND name = ?"

    private static func values(_ key: KeptAnswer.Key) -> [SQLValue] {
        [.text(key.caller), .text(key.path), .text(key.name)]
    }
}
