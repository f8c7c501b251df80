import CallModel
import Wire

extension CallRow {
    /// Inserts the row, or brings the stored one up to date.
    ///
    /// `isFirst`: whether it is not there yet, as far as is known; a wrong answer costs time, not rows.
    func write(to database: Database, isFirst: Bool = true) throws(SQLFailure) {
        switch self {
        case .leg(let leg): try leg.write(to: database, isFirst: isFirst)
        case .session(let session): try session.write(to: database)
        case .connection(let connection): try connection.write(to: database)
        case .note(let note): try note.write(to: database)
        case .transfer(let transfer): try transfer.write(to: database)
        case .participant(let participant): try participant.write(to: database)
        case .tags(let callID, let tags): try Self.write(tags, ofCall: callID, to: database)
        case .trace(let callID, let trace): try Self.write(trace, ofCall: callID, to: database)
        case .diagnosis(let callID, let quality, let diagnosis):
            try Self.write(quality, diagnosis, ofCall: callID, to: database)
        case .recorded(let callID, let file): try Self.write(file, ofCall: callID, to: database)
        case .outbox(let item): try OutboxTable.insert(item, to: database)
        case .published(let event): try EventTable.insert(event, to: database)
        }
    }

    private static func write(
        _ file: RecordedFile, ofCall id: Int64, to database: Database
    ) throws(SQLFailure) {
        try database.run(
            """
            UPDATE calls SET recording_url = ?, recording_path = ?, recording_processed_at = ?, version = version + 1,
                updated_at = greatest(updated_at, \(Schema.now))
            WHERE id = ?
            """,
            [SQLValue(file.url), SQLValue(file.path), SQLValue(file.processedAt), .integer(id)])
    }

    private static let upsertDiagnosis = FixedSQL(
        """
        INSERT INTO call_diagnoses (call_pk, mos_min, mos_avg, quality, diagnosis) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (call_pk) DO UPDATE SET
            mos_min = excluded.mos_min, mos_avg = excluded.mos_avg, quality = excluded.quality,
            diagnosis = excluded.diagnosis, updated_at = \(Schema.now)
        """)

    private static let upsertTrace = FixedSQL(
        """
        INSERT INTO call_traces (call_pk, trace) VALUES (?, ?)
        ON CONFLICT (call_pk) DO UPDATE SET trace = excluded.trace, updated_at = \(Schema.now)
        """)

    private static func write(
        _ quality: CallQuality, _ diagnosis: String, ofCall id: Int64, to database: Database
    ) throws(SQLFailure) {
        let legs = quality.isEmpty ? nil : quality.json.text
        try database.run(
            upsertDiagnosis,
            [
                .integer(id), SQLValue(quality.minimumMOS), SQLValue(quality.averageMOS), SQLValue(legs),
                .text(diagnosis),
            ])
    }

    private static func write(
        _ trace: JSONValue, ofCall id: Int64, to database: Database
    ) throws(SQLFailure) {
        try database.run(upsertTrace, [.integer(id), .text(trace.text)])
    }

    private static func write(
        _ tags: [String], ofCall id: Int64, to database: Database
    ) throws(SQLFailure) {
        try database.run("DELETE FROM call_tags WHERE call_pk = ?", [.integer(id)])
        for (position, tag) in tags.enumerated() {
            try database.run(
                "INSERT INTO call_tags (call_pk, tag, pos) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [.integer(id), .text(tag), SQLValue(position)])
        }
    }
}

extension CallLegRecord {
    private static let upsert = FixedSQL(
        """
        INSERT INTO call_legs (
            leg_kind, call_id, call_pk, from_number, from_extension, to_number, to_extension, line_number,
            extension, location, state, last_seq, connected_at, disconnected_at, disconnect_reason,
            taken_from_call_id, sip_call_id, appeared_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (leg_kind, call_id) DO UPDATE SET
            call_pk = excluded.call_pk, from_number = excluded.from_number,
            from_extension = excluded.from_extension, to_number = excluded.to_number,
            to_extension = excluded.to_extension, line_number = excluded.line_number,
            extension = excluded.extension, location = excluded.location, state = excluded.state,
            last_seq = excluded.last_seq, connected_at = excluded.connected_at,
            disconnected_at = excluded.disconnected_at, disconnect_reason = excluded.disconnect_reason,
            taken_from_call_id = excluded.taken_from_call_id, sip_call_id = excluded.sip_call_id,
            updated_at = \(Schema.now)
        """)

    /// The same of a leg that is there, for its call as before: the index of a call's legs is left alone.
    private static let update = FixedSQL(
        """
        UPDATE call_legs SET
            from_number = ?4, from_extension = ?5, to_number = ?6, to_extension = ?7, line_number = ?8, extension = ?9,
            location = ?10, state = ?11, last_seq = ?12, connected_at = ?13, disconnected_at = ?14,
            disconnect_reason = ?15, taken_from_call_id = ?16, sip_call_id = ?17, updated_at = \(Schema.now)
        WHERE leg_kind = ?1 AND call_id = ?2 AND call_pk = ?3
        """)

    fileprivate func write(to database: Database, isFirst: Bool) throws(SQLFailure) {
        if !isFirst, try database.run(Self.update, key + ends + course) > 0 { return }
        try database.run(Self.upsert, key + ends + course + [SQLValue(appearedAt)])
    }

    private var key: [SQLValue] { [.text(kind.rawValue), .text(legID), .integer(callID)] }

    private var ends: [SQLValue] {
        [
            SQLValue(fromNumber), SQLValue(fromExtension), SQLValue(toNumber), SQLValue(toExtension),
            SQLValue(lineNumber), SQLValue(self.extension), SQLValue(location),
        ]
    }

    private var course: [SQLValue] {
        [
            .text(state.rawValue), SQLValue(lastSequence), SQLValue(connectedAt), SQLValue(disconnectedAt),
            SQLValue(disconnectReason), SQLValue(takenFromLegID), SQLValue(sipCallID),
        ]
    }
}

extension CallSession {
    fileprivate func write(to database: Database) throws(SQLFailure) {
        try database.run(
            """
            INSERT INTO call_sessions (id, call_pk, user_id, start_time, last_activity, is_active, ended_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                user_id = excluded.user_id, last_activity = excluded.last_activity, is_active = excluded.is_active,
                ended_at = excluded.ended_at, updated_at = \(Schema.now)
            """,
            [
                SQLValue(id), .integer(callID), SQLValue(userID), SQLValue(startTime),
                SQLValue(lastActivity), SQLValue(isActive), SQLValue(endedAt),
            ])
    }

    static func read(
        _ database: Database, where condition: String, _ values: [SQLValue]
    ) throws(SQLFailure) -> [CallSession] {
        try database.query(
            """
            SELECT id, call_pk, user_id, start_time, last_activity, ended_at FROM call_sessions
            \(condition) ORDER BY start_time, id
            """, values
        ) { row -> CallSession? in
            guard let id = UUID(row.text(0)) else { return nil }
            var session = CallSession(
                id: id, callID: row.integer(1), userID: row.textIfPresent(2), startTime: row.time(3))
            session.lastActivity = row.time(4)
            session.endedAt = row.timeIfPresent(5)
            return session
        }.compactMap(\.self)
    }
}

extension WebRTCConnectionRecord {
    fileprivate func write(to database: Database) throws(SQLFailure) {
        let seconds = endTime.map { ($0.milliseconds - startTime.milliseconds) / 1000 }
        try database.run(
            """
            INSERT INTO webrtc_connections
                (id, call_pk, socket_id, user_id, status, start_time, end_time, duration)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                call_pk = excluded.call_pk, user_id = excluded.user_id, status = excluded.status,
                start_time = excluded.start_time, end_time = excluded.end_time, duration = excluded.duration,
                updated_at = \(Schema.now)
            """,
            [
                .text(id), .integer(callID), .text(socketID), SQLValue(userID), .text(status.rawValue),
                SQLValue(startTime), SQLValue(endTime), SQLValue(seconds),
            ])
    }
}

extension CallNote {
    fileprivate func write(to database: Database) throws(SQLFailure) {
        try database.run(
            "INSERT INTO call_notes (call_pk, user_id, note, source, created_at) VALUES (?, ?, ?, ?, ?)",
            [
                .integer(callID), SQLValue(userID), .text(text), .text(source.rawValue), SQLValue(createdAt),
            ])
    }
}

extension CallTransferRecord {
    fileprivate func write(to database: Database) throws(SQLFailure) {
        try database.run(
            """
            INSERT INTO call_transfers
                (id, call_pk, from_user_id, to_user_id, target, kind, reason, status, completed_at, created_at)
            VALUES (?, ?, (SELECT id FROM users WHERE id = ?), (SELECT id FROM users WHERE id = ?), ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                to_user_id = excluded.to_user_id, target = excluded.target, reason = excluded.reason,
                status = excluded.status, completed_at = excluded.completed_at, updated_at = \(Schema.now)
            """,
            [
                SQLValue(id), .integer(callID), SQLValue(fromUserID), SQLValue(toUserID), .text(target),
                .text(kind.rawValue), SQLValue(reason), .text(status.rawValue), SQLValue(completedAt),
                SQLValue(createdAt),
            ])
    }
}

extension CallParticipant {
    fileprivate func write(to database: Database) throws(SQLFailure) {
        try database.run(
            """
            INSERT INTO call_participants (call_pk, user_id, role, joined_at, left_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (call_pk, user_id, joined_at) DO UPDATE SET
                role = excluded.role, left_at = excluded.left_at, updated_at = \(Schema.now)
            """,
            [
                .integer(callID), .integer(userID), .text(role), SQLValue(joinedAt), SQLValue(leftAt),
            ])
    }
}
