import Directory
import Wire

/// Reads and writes what was answered to requests that are not to be done twice.
enum AnswerTable {
    /// How many that are too old go with each that comes: more than come, and few enough that nobody waits for them.
    private static let sweep = 20

    /// Answers what is there under the key already; nil: nothing was, and now it is begun.
    static func begin(_ answer: KeptAnswer, in database: Database) throws(SQLFailure) -> KeptAnswer? {
        let oldest = SQLValue(KeptAnswer.oldest(at: answer.begunAt))
        try database.run(
            """
            DELETE FROM request_answers WHERE (caller, path, name) IN (
                SELECT caller, path, name FROM request_answers WHERE created_at < ? ORDER BY created_at LIMIT ?)
            """, [oldest, SQLValue(sweep)])
        let count = try database.run(
            """
            INSERT INTO request_answers (caller, path, name, fingerprint, created_at, attempt) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (caller, path, name) DO UPDATE SET fingerprint = excluded.fingerprint,
                created_at = excluded.created_at, attempt = excluded.attempt, status = NULL, fields = NULL, body = NULL
            WHERE request_answers.created_at < ?
            """,
            values(answer.key) + [
                .text(answer.fingerprint), SQLValue(answer.begunAt), SQLValue(answer.attempt), oldest,
            ])
        return count == 1 ? nil : try read(answer.key, in: database)
    }

    private static func read(_ key: KeptAnswer.Key, in database: Database) throws(SQLFailure) -> KeptAnswer? {
        try database.query(
            """
            SELECT fingerprint, created_at, attempt, status, fields, body FROM request_answers WHERE \(isOfKey)
            """, values(key)
        ) { row -> KeptAnswer? in
            guard let attempt = UUID(row.text(2)) else { return nil }
            let response = row.integerIfPresent(3).map {
                KeptAnswer.Response(status: Int($0), fields: row.text(4), body: row.text(5))
            }
            return KeptAnswer(
                key: key, fingerprint: row.text(0), response: response, begunAt: row.time(1), attempt: attempt)
        }.first ?? nil
    }

    static func write(_ answer: KeptAnswer, to database: Database) throws(SQLFailure) {
        try database.run(
            "UPDATE request_answers SET status = ?, fields = ?, body = ? WHERE \(isOfKey) AND attempt = ?",
            [
                SQLValue(answer.response?.status), SQLValue(answer.response?.fields), SQLValue(answer.response?.body),
            ] + values(answer.key) + [SQLValue(answer.attempt)])
    }

    static func delete(_ attempt: KeptAnswer, from database: Database) throws(SQLFailure) {
        try database.run(
            "DELETE FROM request_answers WHERE \(isOfKey) AND attempt = ?",
            values(attempt.key) + [SQLValue(attempt.attempt)])
    }

    private static let isOfKey = "caller = ? AND path = ? AND name = ?"

    private static func values(_ key: KeptAnswer.Key) -> [SQLValue] {
        [.text(key.caller), .text(key.path), .text(key.name)]
    }
}
