import CallModel
import Directory
import Testing
import Wire

@testable import Store

/// What must reach servers of others, beside the calls it tells of.
struct OutboxStoreTests {
    private static func item(_ message: String, key: String = "webhook:1", kind: String = "webhook") -> OutboxItem {
        OutboxItem(kind: kind, orderingKey: key, messageID: message, body: "{\"m\":\"\(message)\"}", at: noon)
    }

    private static func event(_ id: String, _ name: String = "call.ended") -> PublishedEvent {
        PublishedEvent(id: id, name: name, body: "{}", traceParent: nil, createdAt: noon)
    }

    private static func write(_ items: [OutboxItem], to store: SQLStore) {
        store.write(CallChange(record: nil, rows: items.map(CallRow.outbox)))
    }

    private static func messages(_ store: SQLStore, key: String = "webhook:1") async throws -> [String] {
        try await store.nextItems(key: key, limit: 100).map(\.messageID)
    }

    @Test func `a call and what must be told of it are written together, or not at all`() async throws {
        let place = try Place(.sqlite)
        try await withStore(place) { (store) async throws in
            try await store.execute("CREATE TRIGGER t BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'full'); END")
            // Any failure but a broken rule of the schema takes the whole batch back.
            try await store.execute("ALTER TABLE outbox RENAME TO elsewhere")
            store.write(makeRecord(1), .outbox(Self.item("a")), .published(Self.event("a")))
            await store.flush()
            #expect(try await store.read(Self.count("calls")) == 0)
            try await store.execute("DROP TRIGGER t")
            try await store.execute("ALTER TABLE elsewhere RENAME TO outbox")
            await store.flush()
            #expect(try await store.read(Self.count("calls")) == 1)
            #expect(try await Self.messages(store) == ["a"])
        }
        // And it is there after a restart.
        try await withStore(place) { (store) async throws in
            #expect(try await store.pendingKeys(kind: "webhook") == ["webhook:1"])
            #expect(try await store.pendingKeys(kind: "other") == [])
        }
    }

    private static func count(_ table: String) -> @Sendable (Database) throws(SQLFailure) -> Int64? {
        { database throws(SQLFailure) in try database.integer("SELECT count(*) FROM \(table)") }
    }

    @Test(arguments: Engine.allCases) func `items of a key come in the order of writing, each message once`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            Self.write(["a", "b"].map { Self.item($0) } + [Self.item("c", key: "webhook:2")], to: store)
            Self.write(["b", "d"].map { Self.item($0) }, to: store)
            #expect(try await Self.messages(store) == ["a", "b", "d"])
            #expect(try await Self.messages(store, key: "webhook:2") == ["c"])
            #expect(try await store.nextItems(key: "webhook:1", limit: 2).count == 2)
        }
    }

    @Test(arguments: Engine.allCases) func `what became of an attempt is kept with the item`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            Self.write(["a", "b", "c"].map { Self.item($0) }, to: store)
            let ids = try await store.nextItems(key: "webhook:1", limit: 3).map(\.id)
            store.settle(.done(ids[0]))
            store.settle(.failed(ids[1], error: "HTTP 503", attempts: 1, next: noon + .seconds(9)))
            store.settle(.parked(ids[2], error: "HTTP 404", attempts: 1))
            let left = try await store.nextItems(key: "webhook:1", limit: 3)
            #expect(left.map(\.messageID) == ["b"])
            #expect(left[0].attempts == 1 && left[0].lastError == "HTTP 503")
            #expect(left[0].nextAttemptAt == noon + .seconds(9))
            #expect(try await store.figures() == OutboxFigures(pending: 1, parked: 1, oldest: noon))
            let parked = try await store.items(state: .parked, kind: nil, limit: 10, offset: 0)
            #expect(parked.items.map(\.messageID) == ["c"] && parked.total == 1)
            let again = try #require(try await store.retryItem(id: ids[2], at: noon + .seconds(60)))
            #expect(again.state == .pending && again.attempts == 0 && again.lastError == "HTTP 404")
            #expect(try await Self.messages(store) == ["b", "c"])
            #expect(try await store.retryItem(id: 99, at: noon) == nil)
            #expect(try await store.removeItem(id: ids[2]))
            #expect(try await store.removeItem(id: ids[2]) == false)
        }
    }

    @Test(arguments: Engine.allCases) func `pages are cut from the whole list, of any state and kind`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            Self.write((0..<5).map { Self.item("m\($0)") } + [Self.item("x", kind: "other")], to: store)
            let second = try await store.items(state: .pending, kind: "webhook", limit: 2, offset: 2)
            #expect(second.items.map(\.messageID) == ["m2", "m3"] && second.total == 5)
            #expect(try await store.items(state: nil, kind: "other", limit: 10, offset: 0).total == 1)
            #expect(try await store.items(state: .parked, kind: nil, limit: 10, offset: 0).items.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases) func `beyond the limit the parked go first, then the oldest`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            Self.write((0..<6).map { Self.item("m\($0)") }, to: store)
            let ids = try await store.nextItems(key: "webhook:1", limit: 6).map(\.id)
            store.settle(.parked(ids[4], error: "x", attempts: 20))
            #expect(try await store.trimOutbox(to: 6) == 0)
            #expect(try await store.trimOutbox(to: 3) == 3)
            #expect(try await Self.messages(store) == ["m2", "m3", "m5"])
            #expect(try await store.figures().parked == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what was published after an event is queued again, but not what still waits`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let events = ["a", "b", "c", "d"].map { Self.event($0, $0 == "c" ? "call.held" : "call.ended") }
            store.write(CallChange(record: nil, rows: events.map(CallRow.published) + [.outbox(Self.item("d"))]))
            let replay = { (after: String) async throws in
                try await store.replay(after: after, limit: 100) { $0.name == "call.held" ? nil : Self.item($0.id) }
            }
            #expect(try await replay("a") == 1)
            #expect(try await Self.messages(store) == ["d", "b"])
            #expect(try await replay("d") == 0)
            #expect(try await replay("z") == nil)
            try await store.trimEvents(to: 2)
            #expect(try await replay("b") == nil)
            #expect(try await replay("c") == 0)
        }
    }

    @Test(arguments: Engine.allCases) func `a changed record and what it causes are one step`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            store.write(makeRecord(1, state: .completed))
            _ = try await store.edit(
                .id(1), rows: [], at: noon, following: { [.outbox(Self.item($0.notes ?? ""))] },
                { $0.notes = "changed" })
            #expect(try await Self.messages(store) == ["changed"])
            _ = try await store.edit(
                .id(1), rows: [], at: noon, following: { _ in [.outbox(Self.item("x"))] }, { _ in })
            #expect(try await Self.messages(store) == ["changed"])
        }
    }

    @Test(arguments: Engine.allCases) func `calls that a dead program left open are told of as ended`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            store.write(makeRecord(1, state: .ringing))
            store.write(makeRecord(2, state: .answered))
            var over = makeRecord(3, state: .completed)
            over.endedAt = noon
            store.write(over)
            let closed = try await store.closeInterrupted(at: noon + .seconds(60)) { record in
                [.outbox(Self.item("\(record.id) \(record.endReason?.rawValue ?? "")"))]
            }
            #expect(closed == 2)
            #expect(try await Self.messages(store) == ["1 interrupted", "2 interrupted"])
        }
    }

    @Test(arguments: Engine.allCases) func `a webhook comes back as it was stored, without its secret in the file`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        var webhook = Webhook(name: "crm")
        (webhook.url, webhook.secret, webhook.events) = ("https://crm.example/x", "a secret of sixteen", [.ended])
        let wanted = webhook
        try await withStore(place) { (store) async throws in
            let stored = try await store.add(wanted)
            #expect(try await store.roster().webhooks == [stored])
            let text = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query("SELECT name || secret_sealed FROM webhooks") { $0.text(0) }.joined()
            }
            #expect(!text.contains("sixteen"))
            var changed = stored
            (changed.isActive, changed.events) = (false, [])
            #expect(try await store.update(changed))
            #expect(try await store.roster().webhooks == [changed])
            await #expect(throws: StoreError.conflict(column: "webhooks.name")) { try await store.add(wanted) }
            Self.write([Self.item("a", key: "webhook:\(stored.id)"), Self.item("b", key: "webhook:9")], to: store)
            #expect(try await store.removeWebhook(id: stored.id))
            #expect(try await store.pendingKeys(kind: "webhook") == ["webhook:9"])
            #expect(try await store.roster().webhooks.isEmpty)
        }
    }
}
