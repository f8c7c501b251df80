extension Schema {
    /// For texts that are looked for within others: PostgreSQL's index of all groups of three characters.
    ///
    /// SQLite has an index of its own (`words`). A server without the extension looks at the calls one by one, newest
    /// first: it is part of every PostgreSQL, yet some packages leave it out, and some roles may not install it.
    static func search(_ sql: Dialect) -> String {
        sql == .sqlite ? "" : trigrams
    }

    /// Leaves out of the index of what people wrote the numbers that the index of normal forms has as they are.
    static func searchOfNumbers(_ sql: Dialect) -> String {
        sql == .sqlite ? "" : trigramsOfNumbers
    }

    /// Whether the number that people wrote at an end of the call (`caller`, `receiver`) is more than its digits, with or
    /// without a plus sign: word for word what the index says, or the index is not used.
    static func isMoreThanDigits(_ end: String) -> String {
        """
        (\(end)_number IN (\(end)_norm, '+' || \(end)_norm) AND \(end)_norm ~ '^[0-9]+$') IS NOT TRUE
        """
    }

    private static let trigramsOfNumbers = """
        DO $body$ BEGIN
            IF to_regclass('calls_caller_words') IS NOT NULL THEN
                DROP INDEX calls_caller_words, calls_receiver_words;
                CREATE INDEX calls_caller_words ON calls USING gin (fold(caller_number) gin_trgm_ops)
                    WHERE \(isMoreThanDigits("caller"));
                CREATE INDEX calls_receiver_words ON calls USING gin (fold(receiver_number) gin_trgm_ops)
                    WHERE \(isMoreThanDigits("receiver"));
            END IF;
        END $body$;

        """

    private static let trigrams = """
        DO $body$ BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
            CREATE INDEX calls_notes_words ON calls USING gin (fold(notes) gin_trgm_ops);
            CREATE INDEX calls_customer_words ON calls USING gin (fold(customer_name) gin_trgm_ops);
            CREATE INDEX calls_caller_words ON calls USING gin (fold(caller_number) gin_trgm_ops);
            CREATE INDEX calls_receiver_words ON calls USING gin (fold(receiver_number) gin_trgm_ops);
            CREATE INDEX calls_caller_digits ON calls USING gin (caller_norm gin_trgm_ops);
            CREATE INDEX calls_receiver_digits ON calls USING gin (receiver_norm gin_trgm_ops);
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE 'texts are searched without an index: %', SQLERRM;
        END $body$;

        """
}
