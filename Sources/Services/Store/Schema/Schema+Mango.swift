extension Schema {
    /// What the Mango Office exchange told of, and recordings that it keeps.
    static func mango(_ sql: Dialect) -> String {
        """
        CREATE TABLE mango_events (
            id \(sql.ascendingID),
            kind \(sql.text) NOT NULL,
            dialect \(sql.text) NOT NULL,
            entry_id \(sql.text),
            call_id \(sql.text),
            seq \(sql.integer),
            dedupe_key \(sql.text(200)) NOT NULL UNIQUE,
            -- JSON as it came, without the keys of the account.
            payload \(sql.json) NOT NULL,
            remote_ip \(sql.address) NOT NULL,
            -- Null: it was not signed, or could not be checked.
            sign_ok \(sql.flag),
            applied \(sql.flag) NOT NULL DEFAULT \(sql.no),
            error \(sql.text),
            -- What it was answered, for copies of it; null until it has been dealt with.
            reply \(sql.text),
            received_at \(sql.time) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX mango_events_entry ON mango_events (entry_id, received_at) WHERE entry_id IS NOT NULL;
        CREATE INDEX mango_events_call ON mango_events (call_id, received_at) WHERE call_id IS NOT NULL;

        CREATE TABLE mango (
            id \(sql.ascendingID),
            call_id \(sql.text) NOT NULL UNIQUE,
            phone_number \(sql.text) NOT NULL,
            direction \(sql.text) NOT NULL,
            status \(sql.text) NOT NULL,
            duration \(sql.integer),
            record_url \(sql.text),
            mango_data \(sql.json) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        CREATE TABLE recordings (
            id \(sql.ascendingID),
            call_pk \(sql.reference) REFERENCES calls ON DELETE SET NULL,
            entry_id \(sql.text),
            call_id \(sql.text),
            recording_id \(sql.text(160)) NOT NULL UNIQUE,
            state \(sql.text) NOT NULL,
            completion_code \(sql.integer),
            recipient \(sql.text),
            source_url \(sql.text),
            event_at \(sql.time),
            s3_key \(sql.text),
            content_type \(sql.text),
            size_bytes \(sql.reference),
            attempts \(sql.integer) NOT NULL DEFAULT 0,
            next_attempt_at \(sql.time),
            first_attempt_at \(sql.time),
            last_error \(sql.text),
            downloaded_at \(sql.time),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX recordings_next ON recordings (next_attempt_at) WHERE state NOT IN ('Downloaded', 'Failed');
        CREATE INDEX recordings_call ON recordings (call_pk) WHERE call_pk IS NOT NULL;
        CREATE INDEX recordings_key ON recordings (s3_key) WHERE s3_key IS NOT NULL;

        """
    }
}
