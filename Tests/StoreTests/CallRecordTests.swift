import CallModel
import Directory
import Testing
import Wire

@testable import Store

struct CallRecordTests {
    /// A record in which no column has its default.
    static var full: CallRecord {
        var entropy = Entropy(seed: 99)
        var record = makeRecord(7, .outgoing, state: .completed)
        record.extension = "1001"
        (record.channelID, record.sipCallID) = ("SIP/1001-00000001", "a84b4c76e66710@pc33")
        (record.callID, record.entryID, record.lineNumber) = ("MTox", "MToyOjM=", "+74951234567")
        (record.campaign, record.city, record.avitoName) = ("РК1", "Москва", "avito")
        (record.operatorID, record.assignedUserID, record.answeredByUserID) = (1, 2, 1)
        (record.callerCompanyID, record.clientID) = (5, UUID(using: &entropy))
        (record.customerID, record.customerName, record.customerCompany) = ("c-1", "Иван Петров", "ООО Технологии")
        (record.customerEmail, record.customerPhone, record.orderID) = ("ivan@tech.ru", "+7 495", "77")
        (record.purpose, record.priority, record.followUpDate) = ("sales", .high, noon + .seconds(3600))
        (record.outcome, record.notes) = ("Договорились", "it's \"noted\"\n\u{1F600}")
        (record.isOnHold, record.isMuted, record.isSpeakerOn) = (true, true, true)
        (record.holdSeconds, record.heldSince, record.transferCount) = (12, noon + .seconds(9), 3)
        (record.isCallback, record.disconnectReason, record.endReason) = (true, "1110", .calleeHangup)
        (record.ringingAt, record.answeredAt) = (noon + .milliseconds(150), noon + .seconds(5))
        (record.endedAt, record.duration) = (noon + .seconds(205), 200)
        (record.recordingURL, record.recordingPath) = (
            "s3://callcentre/recordings/a.mp3", "callcentre/recordings/a.mp3"
        )
        (record.recordingProcessedAt, record.recordingEmailSent) = (noon + .seconds(300), true)
        (record.transcript, record.summary, record.sentiment) = ("…", "short", .positive)
        (record.confidenceScore, record.mangoData) = (0.875, #"{"entry_id":"E1"}"#)
        (record.isTest, record.version, record.updatedAt) = (true, 4, noon + .seconds(301))
        return record
    }

    private static let people = """
        INSERT INTO users (id, login) VALUES (1, 'one'), (2, 'two');
        INSERT INTO companies (id, name_companies) VALUES (5, 'ООО Технологии');
        """

    @Test(arguments: Engine.allCases) func `a record reads back as it was written, by number and by UUID`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            try await store.execute(Self.people)
            store.write(Self.full)
            #expect(try await store.call(.id(7)) == Self.full)
            #expect(try await store.call(.uuid(Self.full.uuid)) == Self.full)
            #expect(try await store.call(.id(8)) == nil)
        }
    }

    @Test(arguments: Engine.allCases) func `every column of the table is written`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let columns = try await store.read { (database: Database) throws(SQLFailure) in
                let sql =
                    database.dialect == .sqlite
                    ? "SELECT name FROM pragma_table_info('calls')"
                    : "SELECT column_name FROM information_schema.columns WHERE table_name = 'calls' ORDER BY ordinal_position"
                return try database.query(sql) { $0.text(0) }
            }
            #expect(columns == CallColumn.all.map(\.name) + ["node_id"])
        }
    }

    @Test(arguments: Engine.allCases) func `a change replaces what was there, an older version does not`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1)
            record.version = 2
            record.state = .ringing
            store.write(record)
            await store.flush()
            record.version = 1
            record.state = .initiated
            store.write(record)
            #expect(try await store.call(.id(1))?.state == .ringing)
            record.version = 3
            record.state = .answered
            store.write(record)
            #expect(try await store.call(.id(1))?.state == .answered)
        }
    }

    @Test(arguments: Engine.allCases) func `every part of a record may change, alone or with all the others`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            try await store.execute(Self.people)
            var plain = makeRecord(7)
            plain.uuid = Self.full.uuid
            store.write(plain)
            await store.flush()
            plain.version = 2
            plain.state = .answered
            store.write(plain)
            #expect(try await store.call(.id(7)) == plain)
            var called = plain
            (called.version, called.receiverNumber) = (3, "+74951234567")
            store.write(called)
            #expect(try await store.call(.id(7)) == called)
            var query = CallQuery()
            query.number = PhoneNumber("84951234567")
            #expect(try await store.ids(query) == [7])
            query.number = PhoneNumber("1001")
            #expect(try await store.ids(query) == [])
            store.write(Self.full)
            #expect(try await store.call(.id(7)) == Self.full)
        }
    }

    @Test(arguments: Engine.allCases) func `tags keep their order and are replaced as a whole`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            store.write(makeRecord(1), .tags(callID: 1, ["новый клиент", "a \"quoted\" one", "продажи"]))
            #expect(try await store.call(.id(1))?.tags == ["новый клиент", "a \"quoted\" one", "продажи"])
            store.write(CallChange(record: nil, rows: [.tags(callID: 1, ["x", "x"])]))
            #expect(try await store.call(.id(1))?.tags == ["x"])
        }
    }

    @Test(arguments: Engine.allCases) func `sessions are counted, listed and ended`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var entropy = Entropy(seed: 3)
            var session = CallSession(id: UUID(using: &entropy), callID: 1, userID: "2", startTime: noon)
            let other = CallSession(id: UUID(using: &entropy), callID: 2, userID: nil, startTime: noon + .seconds(1))
            store.write(makeRecord(1), .session(session))
            store.write(makeRecord(2), .session(other))
            #expect(try await store.sessions(ofCall: nil, activeOnly: true) == [session, other])
            session.lastActivity = noon + .seconds(5)
            session.endedAt = noon + .seconds(6)
            store.write(CallChange(record: nil, rows: [.session(session)]))
            #expect(try await store.sessions(ofCall: nil, activeOnly: true) == [other])
            #expect(try await store.sessions(ofCall: 1, activeOnly: false) == [session])
            #expect(try await store.call(.id(1))?.sessionCount == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `legs, connections and transfers are one row each, however often they change`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var entropy = Entropy(seed: 4)
            var leg = CallLegRecord(callID: 1, kind: .sip, legID: "1-1", state: .ringing, appearedAt: noon)
            var connection = WebRTCConnectionRecord(
                id: "c-s", callID: 1, socketID: "s", status: .connecting, startTime: noon)
            var transfer = CallTransferRecord(
                id: UUID(using: &entropy), callID: 1, fromUserID: nil, toUserID: nil, target: "1002", kind: .blind,
                reason: nil, status: .initiated, createdAt: noon)
            let note = CallNote(callID: 1, userID: nil, text: "a", source: .pbx, createdAt: noon)
            store.write(makeRecord(1), .leg(leg), .connection(connection), .transfer(transfer), .note(note))
            await store.flush()
            (leg.state, leg.connectedAt) = (.answered, noon + .seconds(2))
            (connection.status, connection.endTime) = (.disconnected, noon + .milliseconds(61_500))
            (transfer.status, transfer.completedAt) = (.completed, noon + .seconds(4))
            store.write(CallChange(record: nil, rows: [.leg(leg), .connection(connection), .transfer(transfer)]))
            let rows = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query(
                    """
                    SELECT call_legs.state, webrtc_connections.status, webrtc_connections.duration,
                        call_transfers.status, note
                    FROM call_legs, webrtc_connections, call_transfers, call_notes
                    """
                ) { [$0.text(0), $0.text(1), $0.text(2), $0.text(3), $0.text(4)] }
            }
            #expect(rows == [["answered", "disconnected", "61", "completed", "a"]])
        }
    }

    @Test(arguments: Engine.allCases) func `a user deleted meanwhile costs the reference, not the record`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1)
            (record.assignedUserID, record.operatorID) = (404, 404)
            store.write(record)
            let stored = try #require(try await store.call(.id(1)))
            #expect(stored.assignedUserID == nil)
            #expect(stored.callerNumber == record.callerNumber)
        }
    }

    @Test(arguments: Engine.allCases) func `a transfer between people who are not there is written without them`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            try await store.execute(Self.people)
            var entropy = Entropy(seed: 5)
            let transfer = CallTransferRecord(
                id: UUID(using: &entropy), callID: 1, fromUserID: 404, toUserID: 2, target: "1002", kind: .user,
                reason: "why", status: .completed, createdAt: noon, completedAt: noon)
            store.write(makeRecord(1), .transfer(transfer))
            await store.flush()
            let rows = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query("SELECT from_user_id, to_user_id, reason FROM call_transfers") {
                    [$0.textIfPresent(0), $0.textIfPresent(1), $0.textIfPresent(2)]
                }
            }
            #expect(rows == [[nil, "2", "why"]])
        }
    }

    @Test(arguments: Engine.allCases) func `people who are there stay in a record beside one who is not`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            try await store.execute(Self.people)
            var record = makeRecord(1)
            (record.assignedUserID, record.answeredByUserID, record.callerCompanyID) = (2, 404, 5)
            store.write(record)
            var added = makeRecord(2)
            (added.operatorID, added.callerCompanyID) = (1, 404)
            try await store.add(added)
            let stored = try #require(try await store.call(.id(1)))
            #expect((stored.assignedUserID, stored.answeredByUserID) == (2, nil))
            #expect(stored.callerCompanyID == 5)
            #expect(try await store.call(.id(2))?.operatorID == 1)
        }
    }

    @Test(arguments: Engine.allCases) func `a record is added under a number of its own, or not at all`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            let first = makeRecord(1, caller: "+70000000001")
            try await store.add(first)
            var second = makeRecord(1, caller: "+70000000002")
            second.uuid = makeRecord(2).uuid
            await #expect(throws: StoreError.conflict(column: "calls.id")) { try await store.add(second) }
            #expect(try await store.call(.id(1)) == first)
        }
    }

    @Test(arguments: Engine.allCases) func `what became of a recording changes nothing else of a call that is over`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1, state: .completed)
            record.endedAt = noon
            store.write(record)
            let edited = try await store.edit(.id(1), rows: [], at: noon) { $0.notes = "called back" }
            (record.recordingPath, record.recordingURL) = ("2026/11/28/a.wav", "/api/v1/calls/a/recording")
            record.recordingProcessedAt = noon
            store.write(CallChange(record: nil, rows: [.recorded(callID: 1, RecordedFile(record))]))
            let stored = try #require(try await store.call(.id(1)))
            #expect(stored.notes == "called back" && stored.recordingPath == record.recordingPath)
            #expect(stored.recordingURL == record.recordingURL && stored.recordingProcessedAt == noon)
            #expect(stored.version > edited?.version ?? 0)
        }
    }

    @Test(arguments: Engine.allCases) func `call numbers go on after the highest one ever used`(engine: Engine)
        async throws
    {
        let place = try Place(engine)
        try await withStore(place) { (store) async throws in
            #expect(store.nextCallID == 1)
            store.write(makeRecord(41))
            await store.flush()
            try await store.execute("DELETE FROM calls")
        }
        try await withStore(place) { #expect($0.nextCallID == 42) }
    }

    @Test(arguments: Engine.allCases) func `a live call is found by its channel`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var record = makeRecord(1)
            record.channelID = "SIP/1001-00000001"
            store.write(record)
            #expect(try await store.call(channelID: "SIP/1001-00000001")?.id == 1)
            (record.state, record.endedAt) = (.completed, noon + .seconds(1))
            store.write(record)
            #expect(try await store.call(channelID: "SIP/1001-00000001") == nil)
        }
    }
}
