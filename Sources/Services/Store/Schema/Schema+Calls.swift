extension Schema {
    /// Calls and what belongs to them.
    static let calls = callTable + callIndexes + callParts

    private static let callTable = """
        CREATE TABLE calls (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uuid TEXT NOT NULL UNIQUE,
            source TEXT NOT NULL,
            direction TEXT NOT NULL,
            state TEXT NOT NULL,
            caller_number TEXT NOT NULL,
            caller_norm TEXT NOT NULL,
            receiver_number TEXT NOT NULL,
            receiver_norm TEXT NOT NULL,
            extension TEXT,
            channel_id TEXT,
            sip_call_id TEXT,
            call_id TEXT UNIQUE,
            entry_id TEXT UNIQUE,
            line_number TEXT,
            rk TEXT,
            city TEXT,
            avito_name TEXT,
            operator_id INTEGER REFERENCES users ON DELETE SET NULL,
            assigned_user_id INTEGER REFERENCES users ON DELETE SET NULL,
            answered_by_user_id INTEGER REFERENCES users ON DELETE SET NULL,
            caller_company_id INTEGER REFERENCES companies ON DELETE SET NULL,
            client_id TEXT,
            customer_id TEXT,
            customer_name TEXT,
            customer_company TEXT,
            customer_email TEXT,
            customer_phone TEXT,
            order_id TEXT,
            call_purpose TEXT,
            priority TEXT NOT NULL DEFAULT 'medium',
            follow_up_date INTEGER,
            outcome TEXT,
            notes TEXT,
            is_on_hold INTEGER NOT NULL DEFAULT 0,
            is_muted INTEGER NOT NULL DEFAULT 0,
            is_speaker_on INTEGER NOT NULL DEFAULT 0,
            hold_seconds INTEGER NOT NULL DEFAULT 0,
            held_since INTEGER,
            transfer_count INTEGER NOT NULL DEFAULT 0,
            is_callback INTEGER NOT NULL DEFAULT 0,
            disconnect_reason TEXT,
            end_reason TEXT,
            started_at INTEGER NOT NULL,
            ringing_at INTEGER,
            answered_at INTEGER,
            ended_at INTEGER,
            duration INTEGER,
            recording_url TEXT,
            recording_path TEXT,
            recording_processed_at INTEGER,
            recording_email_sent INTEGER NOT NULL DEFAULT 0,
            transcript TEXT,
            summary TEXT,
            sentiment TEXT,
            confidence_score REAL,
            mango_data TEXT,
            is_test INTEGER NOT NULL DEFAULT 0,
            version INTEGER NOT NULL DEFAULT 1,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );

        """

    /// Numbers are compared by their last ten digits, so that is what is indexed; sparse columns index what is there.
    private static let callIndexes = """
        CREATE INDEX calls_started ON calls (started_at DESC, id DESC);
        CREATE INDEX calls_live ON calls (started_at DESC, id DESC) WHERE ended_at IS NULL;
        CREATE INDEX calls_caller ON calls (substr(caller_norm, -10), started_at DESC);
        CREATE INDEX calls_receiver ON calls (substr(receiver_norm, -10), started_at DESC);
        CREATE INDEX calls_operator ON calls (operator_id, started_at) WHERE operator_id IS NOT NULL;
        CREATE INDEX calls_assigned ON calls (assigned_user_id, started_at) WHERE assigned_user_id IS NOT NULL;
        CREATE INDEX calls_answered_by ON calls (answered_by_user_id) WHERE answered_by_user_id IS NOT NULL;
        CREATE INDEX calls_company ON calls (caller_company_id) WHERE caller_company_id IS NOT NULL;
        CREATE INDEX calls_extension ON calls (extension, started_at) WHERE extension IS NOT NULL;
        CREATE INDEX calls_city ON calls (city, started_at) WHERE city IS NOT NULL;
        CREATE INDEX calls_line ON calls (line_number) WHERE line_number IS NOT NULL;
        CREATE INDEX calls_client ON calls (client_id) WHERE client_id IS NOT NULL;
        CREATE INDEX calls_customer ON calls (customer_id) WHERE customer_id IS NOT NULL;
        CREATE INDEX calls_channel ON calls (channel_id) WHERE channel_id IS NOT NULL AND ended_at IS NULL;

        """

    private static let callParts = """
        CREATE TABLE call_legs (
            id INTEGER PRIMARY KEY,
            call_pk INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
            leg_kind TEXT NOT NULL,
            call_id TEXT NOT NULL,
            from_number TEXT,
            from_extension TEXT,
            to_number TEXT,
            to_extension TEXT,
            line_number TEXT,
            extension TEXT,
            location TEXT,
            state TEXT NOT NULL,
            last_seq INTEGER NOT NULL DEFAULT 0,
            appeared_at INTEGER NOT NULL,
            connected_at INTEGER,
            disconnected_at INTEGER,
            disconnect_reason TEXT,
            taken_from_call_id TEXT,
            sip_call_id TEXT,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now),
            UNIQUE (leg_kind, call_id)
        );
        CREATE INDEX call_legs_call ON call_legs (call_pk);

        CREATE TABLE call_sessions (
            id TEXT PRIMARY KEY,
            call_pk INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
            user_id TEXT,
            start_time INTEGER NOT NULL,
            last_activity INTEGER NOT NULL,
            is_active INTEGER NOT NULL DEFAULT 1,
            ended_at INTEGER,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX call_sessions_call ON call_sessions (call_pk);
        CREATE INDEX call_sessions_active ON call_sessions (call_pk) WHERE is_active;

        CREATE TABLE webrtc_connections (
            id TEXT PRIMARY KEY,
            call_pk INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
            socket_id TEXT NOT NULL,
            user_id TEXT,
            status TEXT NOT NULL,
            start_time INTEGER NOT NULL,
            end_time INTEGER,
            duration INTEGER,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX webrtc_connections_call ON webrtc_connections (call_pk);
        CREATE INDEX webrtc_connections_open ON webrtc_connections (call_pk) WHERE end_time IS NULL;

        CREATE TABLE call_tags (
            call_pk INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
            tag TEXT NOT NULL,
            pos INTEGER NOT NULL,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now),
            PRIMARY KEY (call_pk, tag)
        ) WITHOUT ROWID;

        CREATE TABLE call_notes (
            id INTEGER PRIMARY KEY,
            call_pk INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
            user_id INTEGER REFERENCES users ON DELETE SET NULL,
            note TEXT NOT NULL,
            source TEXT NOT NULL,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX call_notes_call ON call_notes (call_pk);

        CREATE TABLE call_transfers (
            id TEXT PRIMARY KEY,
            call_pk INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
            from_user_id INTEGER REFERENCES users ON DELETE SET NULL,
            to_user_id INTEGER REFERENCES users ON DELETE SET NULL,
            target TEXT NOT NULL,
            kind TEXT NOT NULL,
            reason TEXT,
            status TEXT NOT NULL,
            completed_at INTEGER,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX call_transfers_call ON call_transfers (call_pk);

        CREATE TABLE call_participants (
            id INTEGER PRIMARY KEY,
            call_pk INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            role TEXT NOT NULL,
            joined_at INTEGER NOT NULL,
            left_at INTEGER,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now),
            UNIQUE (call_pk, user_id, joined_at)
        );

        """
}
