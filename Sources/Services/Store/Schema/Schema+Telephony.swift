extension Schema {
    /// Trunks, routes, queues, limits and traces of signalling.
    ///
    /// Names of trunks and queues are plain text and not references: the trunk of the environment has no row.
    static func telephony(_ sql: Dialect) -> String {
        """
        CREATE TABLE trunks (
            id \(sql.id),
            name \(sql.text) NOT NULL UNIQUE,
            enabled \(sql.flag) NOT NULL DEFAULT \(sql.yes),
            priority \(sql.integer) NOT NULL DEFAULT 10,
            -- Everything else about the trunk, without passwords, as the REST interface prints it.
            settings \(sql.text) NOT NULL,
            -- The passwords of its credentials in their order: a JSON list, sealed, in base64.
            password_sealed \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        CREATE TABLE inbound_routes (
            id \(sql.id),
            -- Empty: every trunk.
            trunk \(sql.text) NOT NULL DEFAULT '',
            number \(sql.text) NOT NULL,
            destination_kind \(sql.text) NOT NULL,
            destination \(sql.text) NOT NULL,
            destination_number \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            UNIQUE (number, trunk)
        );

        CREATE TABLE queues (
            id \(sql.id),
            name \(sql.text) NOT NULL UNIQUE,
            extension \(sql.text) UNIQUE,
            strategy \(sql.text) NOT NULL,
            ring_seconds \(sql.integer) NOT NULL,
            wrap_up_seconds \(sql.integer) NOT NULL,
            maximum_waiting \(sql.integer),
            maximum_wait_seconds \(sql.integer) NOT NULL,
            overflow_kind \(sql.text),
            overflow \(sql.text),
            overflow_number \(sql.text),
            leaves_when_empty \(sql.flag) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        CREATE TABLE queue_members (
            queue_id \(sql.reference) NOT NULL REFERENCES queues ON DELETE CASCADE,
            user_id \(sql.reference) NOT NULL REFERENCES users ON DELETE CASCADE,
            pos \(sql.integer) NOT NULL,
            paused \(sql.flag) NOT NULL DEFAULT \(sql.no),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            PRIMARY KEY (queue_id, user_id)
        )\(sql.keyed);
        CREATE INDEX queue_members_user ON queue_members (user_id);

        CREATE TABLE user_limits (
            user_id \(sql.reference) PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            -- JSON lists of prefixes.
            allowed \(sql.text) NOT NULL DEFAULT '[]',
            denied \(sql.text) NOT NULL DEFAULT '[]',
            concurrent_calls \(sql.integer),
            calls_per_hour \(sql.integer),
            minutes_per_hour \(sql.integer),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        CREATE TABLE call_traces (
            call_pk \(sql.reference) PRIMARY KEY REFERENCES calls ON DELETE CASCADE,
            -- JSON.
            trace \(sql.text) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX call_traces_created ON call_traces (created_at);

        """
            + directoryChanges(in: ["trunks", "inbound_routes", "queues", "queue_members", "user_limits"], of: sql)
    }
}
