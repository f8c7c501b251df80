import CallModel
import Directory
import Reactor
import Testing
import Wire

@testable import Store

/// Several gateways on one server: each has a folder, and so a name, of its own.
struct NodeTests {
    /// A store at the server of `place` that is another gateway's.
    private static func withOther(_ place: Place, _ body: (SQLStore) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        try await withStore(Place.location(url: place.url, folder: folder.path), body)
    }

    private static func begin(_ store: SQLStore, number: Int64? = nil) async throws -> Int64 {
        let number = number ?? store.nextCallID
        var entropy = Entropy(seed: UInt64(number))
        let record = makeRecord(number, state: .ringing)
        let session = CallSession(id: UUID(using: &entropy), callID: record.id, userID: nil, startTime: noon)
        store.write(
            record,
            .leg(
                CallLegRecord(
                    callID: record.id, kind: .sip, legID: "leg-\(record.id)", state: .ringing,
                    appearedAt: noon)), .session(session))
        await store.flush()
        return record.id
    }

    private static func noting(in told: Locked<[Int64]>) -> @Sendable (CallRecord) -> [CallRow] {
        { record in
            told.withLock { $0.append(record.id) }
            return []
        }
    }

    private static func isOpen(_ id: Int64, _ store: SQLStore) async throws -> Bool {
        try #require(try await store.call(.id(id))).endedAt == nil
    }

    @Test func `a gateway closes what it left itself, and nothing of another`() async throws {
        let place = try Place(.postgres)
        var own: Int64 = 0
        try await withStore(place) { (store) async throws in own = try await Self.begin(store) }
        try await Self.withOther(place) { (other) async throws in
            #expect(try await other.closeInterrupted(at: noon) == 0)
            let others = try await Self.begin(other)
            #expect(try await Self.isOpen(own, other))
            #expect(try await other.sessions(ofCall: nil, activeOnly: true).count == 2)
            try await withStore(place) { (store) async throws in
                #expect(try await store.closeInterrupted(at: noon) == 1)
                #expect(try await !Self.isOpen(own, store))
                #expect(try await Self.isOpen(others, store))
                #expect(try await store.sessions(ofCall: nil, activeOnly: true).map(\.callID) == [others])
            }
        }
    }

    @Test func `calls of a gateway that is gone are closed when its lease has run out, and told of`() async throws {
        let place = try Place(.postgres)
        var left: Int64 = 0
        try await Self.withOther(place) { (other) async throws in left = try await Self.begin(other) }
        try await withStore(place) { (store) async throws in
            let own = try await Self.begin(store)
            // Whoever has just come judges nobody.
            #expect(try await store.renewLease(at: noon) { _ in [] } == 0)
            let told = Locked<[Int64]>([])
            let closed = try await store.renewLease(.zero, at: noon, following: Self.noting(in: told))
            #expect(closed == 1)
            #expect(told.withLock { $0 } == [left])
            #expect(try await !Self.isOpen(left, store))
            #expect(try await Self.isOpen(own, store))
            #expect(try await store.renewLease(.zero, at: noon) { _ in [] } == 0)
        }
    }

    @Test func `a call that others closed goes on when its gateway is back`() async throws {
        let place = try Place(.postgres)
        try await withStore(place) { (store) async throws in
            var record = makeRecord(store.nextCallID, state: .ringing)
            store.write(record)
            await store.flush()
            try await store.execute("UPDATE outboxes SET updated_at = now() - interval '1 hour'")
            try await Self.withOther(place) { (other) async throws in
                #expect(try await other.renewLease(.zero, at: noon) { _ in [] } == 1)
            }
            #expect(try await !Self.isOpen(record.id, store))
            (record.state, record.version) = (.answered, record.version + 1)
            store.write(record)
            #expect(try await Self.isOpen(record.id, store))
        }
    }

    @Test func `a gateway that was thought gone has its sessions back, and not those of calls that are over`()
        async throws
    {
        let place = try Place(.postgres)
        try await withStore(place) { (store) async throws in
            let live = try await Self.begin(store)
            let over = try await Self.begin(store, number: store.callID(after: live))
            var ended = try #require(try await store.call(.id(over)))
            (ended.state, ended.endedAt, ended.endReason) = (.completed, noon, .callerHangup)
            ended.version += 1
            store.write(ended)
            await store.flush()
            try await store.execute("UPDATE outboxes SET updated_at = now() - interval '1 hour'")
            try await Self.withOther(place) { (other) async throws in
                let told = Locked<[Int64]>([])
                let now = SystemClock.wallTime() + .seconds(1)
                #expect(try await other.renewLease(.zero, at: now, following: Self.noting(in: told)) == 1)
                #expect(told.withLock { $0 } == [live])
                #expect(try await other.sessions(ofCall: nil, activeOnly: true).isEmpty)
            }
            _ = try await store.renewLease(.zero, at: noon) { _ in [] }
            let sessions = try await store.sessions(ofCall: nil, activeOnly: true)
            #expect(sessions.map(\.callID) == [live])
            #expect(sessions.first?.endedAt == nil)
        }
    }

    @Test func `calls of nobody are closed by whoever starts alone`() async throws {
        let place = try Place(.postgres)
        try await withStore(place) { (store) async throws in
            let id = try await Self.begin(store)
            try await store.execute("UPDATE calls SET node_id = NULL")
            // However long this machine takes.
            try await store.execute("UPDATE outboxes SET updated_at = now() + interval '1 hour'")
            try await Self.withOther(place) { (other) async throws in
                #expect(try await other.closeInterrupted(at: noon) == 0)
                #expect(try await Self.isOpen(id, other))
            }
            try await store.execute("UPDATE outboxes SET updated_at = now() - interval '1 hour'")
            #expect(try await store.closeInterrupted(at: noon) == 1)
            #expect(try await !Self.isOpen(id, store))
        }
    }

    @Test func `presence at another gateway is not taken back`() async throws {
        let place = try Place(.postgres)
        try await withStore(place) { (store) async throws in
            try await store.execute("INSERT INTO users (id, login, presence) VALUES (1, 'socket', 'offline')")
            store.setPresence(.online, ofUser: 1)
            await store.flush()
            try await Self.withOther(place) { (other) async throws in
                try await other.resetPresence()
                #expect(try await other.user(id: 1)?.presence == .online)
            }
            try await store.execute("UPDATE outboxes SET updated_at = now() - interval '1 hour'")
            try await store.resetPresence()
            #expect(try await store.user(id: 1)?.presence == .offline)
        }
    }

    @Test func `whoever missed two renewals waits for the time of a lease before judging`() {
        var attendance = Attendance(at: noon)
        for seconds in stride(from: Int64(10), through: 60, by: 10) { attendance.renew(at: noon + .seconds(seconds)) }
        #expect(attendance.lasts(.seconds(60)))
        attendance.renew(at: noon + .seconds(80))
        #expect(attendance.lasts(.seconds(80)))
        #expect(attendance.silence(at: noon + .seconds(101)) == .seconds(21))
        attendance.renew(at: noon + .seconds(101))
        #expect(!attendance.lasts(.seconds(1)))
        attendance.renew(at: noon + .seconds(111))
        #expect(attendance.lasts(.seconds(10)))
    }

    @Test func `a file has one gateway, which closes everything`() async throws {
        try await withStore(.sqlite) { (store) async throws in
            _ = try await Self.begin(store)
            #expect(try await store.renewLease(.zero, at: noon) { _ in [] } == 0)
            #expect(try await store.closeInterrupted(at: noon) == 1)
        }
    }
}
