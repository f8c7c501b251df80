import CallModel
import Wire

/// Reads and writes events of the Mango Office exchange.
enum MangoEventTable {
    static let columns = "kind, dialect, entry_id, call_id, seq, dedupe_key, payload, remote_ip, sign_ok, received_at"
    static let insertion = "INSERT INTO mango_events (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    /// Events of one call that are read at most; no call has as many.
    private static let maximumEvents = 4096
    /// Of the oldest, how many are looked at for their age at once.
    private static let trimmedAtOnce = 10_000

    static func insert(
        _ event: StoredMangoEvent, to database: Database
    ) throws(SQLFailure) -> KeptMangoEvent {
        let new = try database.integer(
            "\(insertion) ON CONFLICT (dedupe_key) DO NOTHING RETURNING id", values(of: event))
        if let new { return KeptMangoEvent(id: new, isKnown: false, reply: nil) }
        let known = try database.query(
            "SELECT id, reply FROM mango_events WHERE dedupe_key = ?", [.text(event.dedupeKey)]
        ) { KeptMangoEvent(id: $0.integer(0), isKnown: true, reply: $0.textIfPresent(1)) }
        return known.first ?? KeptMangoEvent(id: 0, isKnown: false, reply: nil)
    }

    /// In the order of the columns.
    static func values(of event: StoredMangoEvent) -> [SQLValue] {
        [
            .text(event.kind), .text(event.dialect), SQLValue(event.entryID), SQLValue(event.callID),
            SQLValue(event.sequence), .text(event.dedupeKey), .json(event.payload), .text(event.remoteIP),
            event.isSignatureGood.map { SQLValue($0) } ?? .null, SQLValue(event.receivedAt),
        ]
    }

    /// Of a row that begins with the columns.
    static func event(from row: borrowing SQLRow) -> StoredMangoEvent {
        var event = StoredMangoEvent(
            kind: row.text(0), dialect: row.text(1), dedupeKey: row.text(5), payload: row.jsonIfPresent(6) ?? "{}",
            remoteIP: row.text(7), receivedAt: row.time(9))
        (event.entryID, event.callID) = (row.textIfPresent(2), row.textIfPresent(3))
        event.sequence = row.integerIfPresent(4).map { Int($0) }
        event.isSignatureGood = row.isNull(8) ? nil : row.flag(8)
        return event
    }

    static func conclude(
        _ id: Int64, _ outcome: MangoEventOutcome, in database: Database
    ) throws(SQLFailure) {
        try database.run(
            "UPDATE mango_events SET applied = ?, error = ?, reply = ?, updated_at = \(Schema.now) WHERE id = ?",
            [SQLValue(outcome.isApplied), SQLValue(outcome.error), .text(outcome.reply), .integer(id)])
    }

    /// Ids only grow, and so do the times: neither needs to read the whole table.
    static func trim(_ database: Database, to limit: Int, since moment: WallTime) throws(SQLFailure) {
        try database.run(
            "DELETE FROM mango_events WHERE id <= (SELECT max(id) FROM mango_events) - ?", [SQLValue(limit)])
        try database.run(
            """
            DELETE FROM mango_events WHERE received_at < ?
                AND id IN (SELECT id FROM mango_events ORDER BY id LIMIT \(trimmedAtOnce))
            """, [SQLValue(moment)])
    }

    /// By the id of the whole call, and by its legs for events that do not name it.
    static func read(
        _ database: Database, entryID: String?, callIDs: [String]
    ) throws(SQLFailure) -> [StoredMangoEvent] {
        try database.query(
            """
            SELECT \(columns) FROM mango_events
            WHERE kind IN ('call', 'summary')
                AND (entry_id = ? OR call_id IN (SELECT value FROM json_each(?)))
            ORDER BY id LIMIT \(maximumEvents)
            """, [SQLValue(entryID), .json(JSONValue(callIDs).text)]
        ) { event(from: $0) }
    }
}

extension MangoRow {
    /// What is known already is not forgotten for an event that does not say it.
    func write(to database: Database) throws(SQLFailure) {
        try database.run(
            """
            INSERT INTO mango (call_id, phone_number, direction, status, duration, record_url, mango_data)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (call_id) DO UPDATE SET
                phone_number = excluded.phone_number, direction = excluded.direction, status = excluded.status,
                duration = coalesce(excluded.duration, mango.duration),
                record_url = coalesce(excluded.record_url, mango.record_url),
                mango_data = excluded.mango_data, updated_at = \(Schema.now)
            """,
            [
                .text(callID), .text(phoneNumber), .text(isIncoming ? "in" : "out"), .text(status.rawValue),
                SQLValue(duration), SQLValue(recordURL), .json(data),
            ])
    }
}

/// Reads and writes recordings that the exchange keeps.
enum MangoRecordingTable {
    private static let columns = """
        recording_id, state, call_pk, entry_id, call_id, completion_code, recipient, source_url, event_at, s3_key,
        content_type, size_bytes, attempts, next_attempt_at, first_attempt_at, last_error, downloaded_at
        """

    static func read(
        _ database: Database, where condition: String, _ values: [SQLValue]
    ) throws(SQLFailure) -> [MangoRecording] {
        try database.query("SELECT \(columns) FROM recordings \(condition)", values) { row in
            var recording = MangoRecording(
                recordingID: row.text(0), state: MangoRecording.State(rawValue: row.text(1)) ?? .failed)
            recording.callPK = row.integerIfPresent(2)
            (recording.entryID, recording.callID) = (row.textIfPresent(3), row.textIfPresent(4))
            recording.completionCode = row.integerIfPresent(5).map { Int($0) }
            (recording.recipient, recording.sourceURL) = (row.textIfPresent(6), row.textIfPresent(7))
            (recording.eventAt, recording.key) = (row.timeIfPresent(8), row.textIfPresent(9))
            (recording.contentType, recording.size) = (row.textIfPresent(10), row.integerIfPresent(11))
            (recording.attempts, recording.nextAttemptAt) = (Int(row.integer(12)), row.timeIfPresent(13))
            (recording.firstAttemptAt, recording.lastError) = (row.timeIfPresent(14), row.textIfPresent(15))
            recording.downloadedAt = row.timeIfPresent(16)
            return recording
        }
    }

    /// A call that is not there (any more) must not cost the recording.
    static func write(_ recording: MangoRecording, to database: Database) throws(SQLFailure) {
        let names = columns.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        let changes = names.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        let parameters = names.map { $0 == "call_pk" ? "(SELECT id FROM calls WHERE id = ?)" : "?" }
        try database.run(
            """
            INSERT INTO recordings (\(columns)) VALUES (\(parameters.joined(separator: ", ")))
            ON CONFLICT (recording_id) DO UPDATE SET \(changes), updated_at = \(Schema.now)
            """,
            [
                .text(recording.recordingID), .text(recording.state.rawValue), SQLValue(recording.callPK),
                SQLValue(recording.entryID), SQLValue(recording.callID), SQLValue(recording.completionCode),
                SQLValue(recording.recipient), SQLValue(recording.sourceURL), SQLValue(recording.eventAt),
                SQLValue(recording.key), SQLValue(recording.contentType), SQLValue(recording.size),
                SQLValue(recording.attempts), SQLValue(recording.nextAttemptAt),
                SQLValue(recording.firstAttemptAt), SQLValue(recording.lastError),
                SQLValue(recording.downloadedAt),
            ])
    }
}
