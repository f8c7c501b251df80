package import CallModel
package import Directory
package import Wire

extension SQLStore: MangoStore {
    package func keep(_ event: StoredMangoEvent) throws(StoreError) -> KeptMangoEvent {
        try change { (database: Database) throws(SQLFailure) in
            try MangoEventTable.insert(event, to: database)
        }
    }

    package func conclude(_ id: Int64, _ outcome: MangoEventOutcome, _ row: MangoRow?) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in
            try MangoEventTable.conclude(id, outcome, in: database)
            try row?.write(to: database)
        }
    }

    package func events(entryID: String?, callIDs: [String]) async throws(StoreError) -> [StoredMangoEvent] {
        try await read { (database: Database) throws(SQLFailure) in
            try MangoEventTable.read(database, entryID: entryID, callIDs: callIDs)
        }
    }

    package func trimEvents(to limit: Int, since moment: WallTime) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in
            try MangoEventTable.trim(database, to: limit, since: moment)
        }
    }

    package func call(entryID: String?, callIDs: [String]) async throws(StoreError) -> CallRecord? {
        let list = SQLValue.json(JSONValue(callIDs).text)
        return try await read { (database: Database) throws(SQLFailure) in
            try CallTable.read(
                database,
                where: """
                    WHERE id = coalesce(
                        (SELECT id FROM calls WHERE entry_id = ?),
                        (SELECT id FROM calls WHERE call_id IN (SELECT value FROM json_each(?)) LIMIT 1),
                        (SELECT call_pk FROM call_legs
                            WHERE leg_kind = 'mango' AND call_id IN (SELECT value FROM json_each(?)) LIMIT 1))
                    """, [SQLValue(entryID), list, list]
            ).first
        }
    }

    package func call(
        client: String, line: String?, from: WallTime, through: WallTime
    ) async throws(StoreError) -> CallRecord? {
        let key = SQLValue.text(PhoneNumber(client).matchKey)
        let line = line.map { PhoneNumber($0) }
        let calls = try await read { (database: Database) throws(SQLFailure) in
            try CallTable.read(
                database,
                where: """
                    WHERE started_at BETWEEN ? AND ? AND source = 'mango' AND entry_id IS NULL
                        AND (substr(caller_norm, -10) = ? OR substr(receiver_norm, -10) = ?)
                    ORDER BY id LIMIT 10
                    """, [SQLValue(from), SQLValue(through), key, key])
        }
        return calls.first { call in line.map { $0.matches(call.lineNumber ?? "") } ?? true }
    }

    package func keep(_ recording: MangoRecording) throws(StoreError) -> MangoRecording {
        try change { (database: Database) throws(SQLFailure) in
            let known = try MangoRecordingTable.read(
                database, where: "WHERE recording_id = ?", [.text(recording.recordingID)]
            ).first
            let whole = known.map { $0.taking(recording) } ?? recording
            try MangoRecordingTable.write(whole, to: database)
            return whole
        }
    }

    package func update(_ recording: MangoRecording) throws(StoreError) {
        try change { (database: Database) throws(SQLFailure) in
            try MangoRecordingTable.write(recording, to: database)
        }
    }

    package func pendingRecordings(limit: Int) async throws(StoreError) -> [MangoRecording] {
        try await read { (database: Database) throws(SQLFailure) in
            try MangoRecordingTable.read(
                database,
                where: """
                    WHERE state NOT IN ('Downloaded', 'Failed') AND next_attempt_at IS NOT NULL
                    ORDER BY next_attempt_at, id LIMIT ?
                    """, [SQLValue(limit)])
        }
    }

    package func recordings(withKeyStem stem: String, otherThan id: String) async throws(StoreError) -> Int {
        let count = try await read { (database: Database) throws(SQLFailure) in
            try database.integer(
                """
                SELECT count(*) FROM recordings
                WHERE substr(s3_key, 1, ?) = ? AND substr(s3_key, ? + 1, 1) IN ('.', '_') AND recording_id <> ?
                """,
                [
                    SQLValue(stem.unicodeScalars.count), .text(stem), SQLValue(stem.unicodeScalars.count),
                    .text(id),
                ])
        }
        return Int(count ?? 0)
    }
}

extension MangoRecording {
    /// What was known, with what has come: no state but failure is taken back, and what is nil is not forgotten.
    fileprivate func taking(_ newer: MangoRecording) -> MangoRecording {
        var whole = self
        if newer.state.rank > state.rank { whole.state = newer.state }
        whole.callPK = newer.callPK ?? callPK
        (whole.entryID, whole.callID) = (newer.entryID ?? entryID, newer.callID ?? callID)
        (whole.completionCode, whole.recipient) = (newer.completionCode ?? completionCode, newer.recipient ?? recipient)
        (whole.sourceURL, whole.eventAt) = (newer.sourceURL ?? sourceURL, eventAt ?? newer.eventAt)
        if state.rank < State.downloaded.rank { whole.nextAttemptAt = nextAttemptAt ?? newer.nextAttemptAt }
        if state == .failed, newer.state == .added { whole.restart(at: newer.nextAttemptAt) }
        return whole
    }

    /// The exchange has it after all: it is to be fetched as if nothing had failed.
    private mutating func restart(at moment: WallTime?) {
        (state, nextAttemptAt) = (.added, moment)
        (attempts, firstAttemptAt, lastError) = (0, nil, nil)
    }
}
