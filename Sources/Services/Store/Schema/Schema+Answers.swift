extension Schema {
    /// What is begun and was answered of requests with an `Idempotency-Key`, for a day.
    static func answers(_ sql: Dialect) -> String {
        """
        CREATE TABLE request_answers (
            caller \(sql.text) NOT NULL,
            path \(sql.text) NOT NULL,
            name \(sql.text) NOT NULL,
            fingerprint \(sql.text) NOT NULL,
            -- Which of several that came at once.
            attempt \(sql.uuid) NOT NULL,
            -- Null while it is being done.
            status \(sql.integer),
            -- JSON list of pairs.
            fields \(sql.text),
            body \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            PRIMARY KEY (caller, path, name)
        );
        CREATE INDEX request_answers_age ON request_answers (created_at);

        """
    }
}
