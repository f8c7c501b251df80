import CallModel
import Directory
import Testing
import Wire

@testable import Store

struct OutboxTests {
    private static let note = CallRow.note(
        CallNote(callID: 7, userID: nil, text: "a \"note\"", source: .pbx, createdAt: noon))

    private static func batch(_ records: [CallRecord], _ rows: [CallRow] = []) -> PendingWrites {
        var batch = PendingWrites()
        for record in records { _ = batch.add(CallChange(record: record)) }
        _ = batch.add(CallChange(record: nil, rows: rows))
        return batch
    }

    @Test func `batches are kept in a file, every column of them, in their order`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/outbox.db"
        var full = CallRecordTests.full
        let id: UUID
        do {
            let outbox = try Outbox(path: path, megabytes: 8)
            try outbox.keep(Self.batch([full, makeRecord(8)], [Self.note, .tags(callID: 7, ["a"])]), number: 4)
            try outbox.keep(Self.batch([makeRecord(9)]), number: 5)
            id = outbox.id
        }
        let outbox = try Outbox(path: path, megabytes: 8)
        #expect(outbox.id == id && outbox.lastNumber == 5 && outbox.count == 2)
        let kept = try outbox.oldest(10)
        #expect(kept.map(\.number) == [4, 5])
        full.tags = []
        #expect(kept[0].batch.records == [full, makeRecord(8)] && kept[1].batch.records == [makeRecord(9)])
        #expect(kept[0].batch.rows.count == 3)
        try outbox.forget(through: 4)
        #expect(try outbox.oldest(10).map(\.number) == [5])
    }

    @Test func `a full outbox refuses and keeps what it has`() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(path: folder.path + "/outbox.db", megabytes: 1)
        var number: Int64 = 0
        let failure = #expect(throws: SQLFailure.self) {
            while number < 10_000 {
                number += 1
                var record = makeRecord(number)
                record.notes = String(repeating: "x", count: 10_000)
                try outbox.keep(Self.batch([record]), number: number)
            }
        }
        #expect(failure?.isConstraint == false)
        #expect(outbox.count == Int(number) - 1 && outbox.count > 10)
    }

    @Test func `a batch whose answer was lost is not written twice`() throws {
        let place = try Place(.postgres)
        guard case .server(let address, let settings) = place.location else { return }
        let link = PostgresLink(address, outbox: try Outbox(path: settings.path, megabytes: 8))
        let write = { (batch: PendingWrites, database: Database) throws(SQLFailure) in
            for record in batch.records { try CallTable.write(record, isFirst: true, to: database) }
            for row in batch.rows { try row.write(to: database) }
        }
        try link.connect(at: noon)
        var refusals: [SQLFailure] = []
        try link.write(Self.batch([makeRecord(7)], [Self.note]), by: write) { refusals.append($0) }
        #expect(refusals.isEmpty)
        // As if the server had taken it and gone before it could say so: the same batch waits under the same number.
        try link.outbox.keep(Self.batch([makeRecord(7)], [Self.note]), number: 1)
        try link.replay(by: write)
        // And one that it has not taken.
        try link.outbox.keep(Self.batch([], [Self.note]), number: 2)
        try link.replay(by: write)
        #expect(link.outbox.count == 0)
        #expect(try link.database?.integer("SELECT count(*) FROM call_notes") == 2)
    }

    @Test func `a batch is written though the server has forgotten the outbox`() throws {
        let place = try Place(.postgres)
        guard case .server(let address, let settings) = place.location else { return }
        let link = PostgresLink(address, outbox: try Outbox(path: settings.path, megabytes: 8))
        let write = { (batch: PendingWrites, database: Database) throws(SQLFailure) in
            for row in batch.rows { try row.write(to: database) }
        }
        try link.connect(at: noon)
        try link.database?.run("DELETE FROM outboxes")
        for _ in 1...2 { try link.write(Self.batch([], [.tags(callID: 7, [])]), by: write) { _ in } }
        #expect(link.outbox.count == 0)
        #expect(try link.database?.integer("SELECT position FROM outboxes") == 2)
    }

    @Test func `the number of a batch that nobody takes is not used again`() throws {
        let place = try Place(.postgres)
        guard case .server(let address, let settings) = place.location else { return }
        let link = PostgresLink(address, outbox: try Outbox(path: settings.path, megabytes: 1))
        var record = makeRecord(7)
        record.notes = String(repeating: "x", count: 4 << 20)
        let refuse = { (_: PendingWrites, _: Database) throws(SQLFailure) -> Void in
            throw SQLFailure(.unreachable, message: "gone")
        }
        try link.connect(at: noon)
        var refusals: [SQLFailure] = []
        #expect(throws: SQLFailure.self) {
            try link.write(Self.batch([record]), by: refuse) { refusals.append($0) }
        }
        #expect(refusals.map(\.message) == ["gone"] && link.outbox.count == 0)
        try link.write(Self.batch([]), by: refuse) { refusals.append($0) }
        #expect(try link.outbox.oldest(1).map(\.number) == [2])
    }

    @Test func `a transaction that collides with others is tried again`() throws {
        let database = try Place(.postgres).open()
        let deadlock = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"
        var attempts = 0
        let value = try database.repeatedTransaction { () throws(SQLFailure) in
            attempts += 1
            if attempts < 3 { try database.execute(deadlock) }
            return try database.integer("SELECT 5")
        }
        #expect(value == 5 && attempts == 3)
        #expect(throws: SQLFailure.self) {
            try database.repeatedTransaction { () throws(SQLFailure) -> Void in
                attempts += 1
                throw SQLFailure(.collision, message: "x")
            }
        }
        #expect(attempts == 6)
    }

    @Test func `numbers of calls come in blocks that nobody else takes numbers of`() throws {
        let place = try Place(.postgres)
        let database = try place.open()
        let first = try database.reserveCallNumbers()
        #expect(first.lowerBound == 1)
        func foreign() throws -> Int64? {
            try database.integer(
                """
                INSERT INTO calls (source, direction, state, caller_number, receiver_number, started_at)
                VALUES ('sip', 'incoming', 'missed', '1', '2', now()) RETURNING id
                """)
        }
        #expect(try foreign() == first.upperBound + 1)
        let second = try database.reserveCallNumbers()
        #expect(second.lowerBound == first.upperBound + 2)
        try database.returnCallNumbers(after: second.lowerBound, of: second.upperBound)
        #expect(try foreign() == second.lowerBound + 1)
        // A row with a number of its own: the numbers after it follow it.
        let third = try database.reserveCallNumbers()
        try database.run(
            """
            INSERT INTO calls (id, source, direction, state, caller_number, receiver_number, started_at)
            VALUES (?, 'sip', 'incoming', 'missed', '1', '2', now())
            """, [.integer(third.lowerBound + 9)])
        try database.returnCallNumbers(after: third.lowerBound, of: third.upperBound)
        #expect(try foreign() == third.lowerBound + 10)
        let numbers = CallNumbers(first)
        numbers.add(second)
        #expect(numbers.next(after: 1) == 2 && numbers.next(after: first.upperBound) == second.lowerBound)
        #expect(numbers.next(after: second.upperBound) == second.upperBound + 1)
    }
}
