extension Schema {
    /// Trunks, routes, queues, limits and traces of signalling.
    ///
    /// Names of trunks and queues are plain text and not references: the trunk of the environment has no row.
    static let telephony = """
        CREATE TABLE trunks (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            enabled INTEGER NOT NULL DEFAULT 1,
            priority INTEGER NOT NULL DEFAULT 10,
            -- Everything else about the trunk, without passwords, as the REST interface prints it.
            settings TEXT NOT NULL,
            -- The passwords of its credentials in their order: a JSON list, sealed, in base64.
            password_sealed TEXT,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );

        CREATE TABLE inbound_routes (
            id INTEGER PRIMARY KEY,
            -- Empty: every trunk.
            trunk TEXT NOT NULL DEFAULT '',
            number TEXT NOT NULL,
            destination_kind TEXT NOT NULL,
            destination TEXT NOT NULL,
            destination_number TEXT,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now),
            UNIQUE (number, trunk)
        );

        CREATE TABLE queues (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            extension TEXT UNIQUE,
            strategy TEXT NOT NULL,
            ring_seconds INTEGER NOT NULL,
            wrap_up_seconds INTEGER NOT NULL,
            maximum_waiting INTEGER,
            maximum_wait_seconds INTEGER NOT NULL,
            overflow_kind TEXT,
            overflow TEXT,
            overflow_number TEXT,
            leaves_when_empty INTEGER NOT NULL,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );

        CREATE TABLE queue_members (
            queue_id INTEGER NOT NULL REFERENCES queues ON DELETE CASCADE,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            pos INTEGER NOT NULL,
            paused INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now),
            PRIMARY KEY (queue_id, user_id)
        ) WITHOUT ROWID;
        CREATE INDEX queue_members_user ON queue_members (user_id);

        CREATE TABLE user_limits (
            user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            -- JSON lists of prefixes.
            allowed TEXT NOT NULL DEFAULT '[]',
            denied TEXT NOT NULL DEFAULT '[]',
            concurrent_calls INTEGER,
            calls_per_hour INTEGER,
            minutes_per_hour INTEGER,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );

        CREATE TABLE call_traces (
            call_pk INTEGER PRIMARY KEY REFERENCES calls ON DELETE CASCADE,
            -- JSON.
            trace TEXT NOT NULL,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX call_traces_created ON call_traces (created_at);

        """
}
