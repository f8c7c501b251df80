extension Schema {
    /// What must reach servers of others, who wants to be told, and what was told lately.
    static func outbox(_ sql: Dialect) -> String {
        """
        CREATE TABLE webhooks (
            id \(sql.ascendingID),
            name \(sql.text) NOT NULL UNIQUE,
            url \(sql.text) NOT NULL,
            -- JSON list of names; empty: all events.
            events \(sql.text) NOT NULL DEFAULT '[]',
            secret_sealed \(sql.text),
            active \(sql.flag) NOT NULL DEFAULT \(sql.yes),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        CREATE TABLE outbox (
            -- Ascends in the order of writing, which is the order of delivery.
            id \(sql.ascendingID),
            kind \(sql.text) NOT NULL,
            ordering_key \(sql.text) NOT NULL,
            message_id \(sql.text) NOT NULL,
            body \(sql.text) NOT NULL,
            trace_parent \(sql.text),
            state \(sql.text) NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'parked')),
            attempts \(sql.integer) NOT NULL DEFAULT 0,
            next_attempt_at \(sql.time) NOT NULL,
            last_error \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            UNIQUE (ordering_key, message_id)
        );
        CREATE INDEX outbox_turns ON outbox (state, ordering_key, id);

        CREATE TABLE published_events (
            id \(sql.ascendingID),
            event_id \(sql.text) NOT NULL UNIQUE,
            name \(sql.text) NOT NULL,
            -- JSON, as it was sent.
            body \(sql.text) NOT NULL,
            trace_parent \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        """
            + directoryChanges(in: ["webhooks"], of: sql)
    }
}
