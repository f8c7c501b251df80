extension Schema {
    /// Calls and what belongs to them.
    static func calls(_ sql: Dialect) -> String { callTable(sql) + callIndexes(sql) + callParts(sql) }

    private static func callTable(_ sql: Dialect) -> String {
        """
        CREATE TABLE calls (
            id \(sql.ascendingID),
            uuid \(sql.newUUID) UNIQUE,
            source \(sql.text) NOT NULL,
            direction \(sql.text) NOT NULL,
            state \(sql.text(16)) NOT NULL,
            caller_number \(sql.text) NOT NULL,
            caller_norm \(sql.text) NOT NULL,
            receiver_number \(sql.text) NOT NULL,
            receiver_norm \(sql.text) NOT NULL,
            extension \(sql.text),
            channel_id \(sql.text),
            sip_call_id \(sql.text),
            call_id \(sql.text(160)) UNIQUE,
            entry_id \(sql.text(160)) UNIQUE,
            line_number \(sql.text),
            rk \(sql.text),
            city \(sql.text),
            avito_name \(sql.text),
            operator_id \(sql.reference) REFERENCES users ON DELETE SET NULL,
            assigned_user_id \(sql.reference) REFERENCES users ON DELETE SET NULL,
            answered_by_user_id \(sql.reference) REFERENCES users ON DELETE SET NULL,
            caller_company_id \(sql.reference) REFERENCES companies ON DELETE SET NULL,
            client_id \(sql.uuid),
            customer_id \(sql.text),
            customer_name \(sql.text),
            customer_company \(sql.text),
            customer_email \(sql.text),
            customer_phone \(sql.text),
            order_id \(sql.text),
            call_purpose \(sql.text),
            priority \(sql.text) NOT NULL DEFAULT 'medium',
            follow_up_date \(sql.time),
            outcome \(sql.text),
            notes \(sql.text),
            is_on_hold \(sql.flag) NOT NULL DEFAULT \(sql.no),
            is_muted \(sql.flag) NOT NULL DEFAULT \(sql.no),
            is_speaker_on \(sql.flag) NOT NULL DEFAULT \(sql.no),
            hold_seconds \(sql.integer) NOT NULL DEFAULT 0,
            held_since \(sql.time),
            transfer_count \(sql.integer) NOT NULL DEFAULT 0,
            is_callback \(sql.flag) NOT NULL DEFAULT \(sql.no),
            disconnect_reason \(sql.text(20)),
            end_reason \(sql.text(40)),
            started_at \(sql.time) NOT NULL,
            ringing_at \(sql.time),
            answered_at \(sql.time),
            ended_at \(sql.time),
            duration \(sql.integer),
            recording_url \(sql.text),
            recording_path \(sql.text),
            recording_processed_at \(sql.time),
            recording_email_sent \(sql.flag) NOT NULL DEFAULT \(sql.no),
            transcript \(sql.text),
            summary \(sql.text),
            sentiment \(sql.text),
            confidence_score \(sql.decimal(4, 3)),
            mango_data \(sql.json),
            is_test \(sql.flag) NOT NULL DEFAULT \(sql.no),
            version \(sql.integer) NOT NULL DEFAULT 1,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        """
    }

    /// Numbers are compared by their last ten digits, so that is what is indexed; sparse columns index what is there.
    private static func callIndexes(_ sql: Dialect) -> String {
        """
        CREATE INDEX calls_started ON calls (started_at DESC, id DESC);
        CREATE INDEX calls_live ON calls (started_at DESC, id DESC) WHERE ended_at IS NULL;
        CREATE INDEX calls_caller ON calls (\(sql.lastTen("caller_norm")), started_at DESC);
        CREATE INDEX calls_receiver ON calls (\(sql.lastTen("receiver_norm")), started_at DESC);
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
    }

    private static func callParts(_ sql: Dialect) -> String {
        """
        CREATE TABLE call_legs (
            id \(sql.id),
            call_pk \(sql.reference) NOT NULL REFERENCES calls ON DELETE CASCADE,
            leg_kind \(sql.text) NOT NULL,
            call_id \(sql.text(160)) NOT NULL,
            from_number \(sql.text),
            from_extension \(sql.text),
            to_number \(sql.text),
            to_extension \(sql.text),
            line_number \(sql.text),
            extension \(sql.text),
            location \(sql.text),
            state \(sql.text) NOT NULL,
            last_seq \(sql.integer) NOT NULL DEFAULT 0,
            appeared_at \(sql.time) NOT NULL,
            connected_at \(sql.time),
            disconnected_at \(sql.time),
            disconnect_reason \(sql.text),
            taken_from_call_id \(sql.text),
            sip_call_id \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            UNIQUE (leg_kind, call_id)
        );
        CREATE INDEX call_legs_call ON call_legs (call_pk);

        CREATE TABLE call_sessions (
            id \(sql.uuid) PRIMARY KEY,
            call_pk \(sql.reference) NOT NULL REFERENCES calls ON DELETE CASCADE,
            user_id \(sql.text),
            start_time \(sql.time) NOT NULL,
            last_activity \(sql.time) NOT NULL,
            is_active \(sql.flag) NOT NULL DEFAULT \(sql.yes),
            ended_at \(sql.time),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX call_sessions_call ON call_sessions (call_pk);
        CREATE INDEX call_sessions_active ON call_sessions (call_pk) WHERE is_active;

        CREATE TABLE webrtc_connections (
            id \(sql.text) PRIMARY KEY,
            call_pk \(sql.reference) NOT NULL REFERENCES calls ON DELETE CASCADE,
            socket_id \(sql.text) NOT NULL,
            user_id \(sql.text),
            status \(sql.text) NOT NULL,
            start_time \(sql.time) NOT NULL,
            end_time \(sql.time),
            duration \(sql.integer),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX webrtc_connections_call ON webrtc_connections (call_pk);
        CREATE INDEX webrtc_connections_open ON webrtc_connections (call_pk) WHERE end_time IS NULL;

        CREATE TABLE call_tags (
            call_pk \(sql.reference) NOT NULL REFERENCES calls ON DELETE CASCADE,
            tag \(sql.text) NOT NULL,
            pos \(sql.integer) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            PRIMARY KEY (call_pk, tag)
        )\(sql.keyed);

        CREATE TABLE call_notes (
            id \(sql.id),
            call_pk \(sql.reference) NOT NULL REFERENCES calls ON DELETE CASCADE,
            user_id \(sql.reference) REFERENCES users ON DELETE SET NULL,
            note \(sql.text) NOT NULL,
            source \(sql.text) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX call_notes_call ON call_notes (call_pk);

        CREATE TABLE call_transfers (
            id \(sql.uuid) PRIMARY KEY,
            call_pk \(sql.reference) NOT NULL REFERENCES calls ON DELETE CASCADE,
            from_user_id \(sql.reference) REFERENCES users ON DELETE SET NULL,
            to_user_id \(sql.reference) REFERENCES users ON DELETE SET NULL,
            target \(sql.text) NOT NULL,
            kind \(sql.text) NOT NULL,
            reason \(sql.text),
            status \(sql.text) NOT NULL,
            completed_at \(sql.time),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX call_transfers_call ON call_transfers (call_pk);

        CREATE TABLE call_participants (
            id \(sql.id),
            call_pk \(sql.reference) NOT NULL REFERENCES calls ON DELETE CASCADE,
            user_id \(sql.reference) NOT NULL REFERENCES users ON DELETE CASCADE,
            role \(sql.text) NOT NULL,
            joined_at \(sql.time) NOT NULL,
            left_at \(sql.time),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            UNIQUE (call_pk, user_id, joined_at)
        );

        """
    }
}
