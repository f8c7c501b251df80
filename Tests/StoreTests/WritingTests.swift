import CallModel
import Directory
import Telemetry
import Testing
import Wire

@testable import Store

struct PendingWritesTests {
    private func change(_ id: Int64, version: Int, _ rows: CallRow...) -> CallChange {
        var record = makeRecord(id)
        record.version = version
        return CallChange(record: record, rows: rows)
    }

    @Test func `a call that changes again still waits once, in its newest version`() {
        var pending = PendingWrites()
        for version in [1, 3, 2] { #expect(pending.add(change(1, version: version)) == 0) }
        #expect(pending.add(change(2, version: 1)) == 0)
        #expect(pending.records.map(\.version) == [3, 1])
        #expect(pending.take().count == 2)
        #expect(pending.isEmpty)
    }

    @Test func `a leg that changes again waits once, in its newest state`() {
        var pending = PendingWrites()
        func leg(_ id: String, _ state: CallState) -> PendingWrites.Row {
            .call(.leg(CallLegRecord(callID: 1, kind: .sip, legID: id, state: state, appearedAt: noon)))
        }
        for state in [CallState.initiated, .ringing, .completed] {
            let isKept = pending.add(leg("a", state))
            #expect(isKept)
        }
        let isOtherKept = pending.add(leg("b", .ringing))
        #expect(isOtherKept)
        let states = pending.take().rows.map { row in
            guard case .call(.leg(let leg)) = row else { return CallState.failed }
            return leg.state
        }
        #expect(states == [.completed, .ringing])
        let isAgainKept = pending.add(leg("a", .ringing))
        #expect(isAgainKept && pending.rows.count == 1)
    }

    @Test func `beyond the limit new calls are dropped and known ones still change`() {
        var pending = PendingWrites(limit: PendingWrites.Limit(records: 1, rows: 1))
        let tags = CallRow.tags(callID: 1, [])
        #expect(pending.add(change(1, version: 1, tags)) == 0)
        #expect(pending.add(change(2, version: 1, tags)) == 2)
        #expect(pending.add(change(1, version: 2)) == 0)
        #expect(pending.records.map(\.version) == [2])
    }

    @Test func `a batch put back goes before what has come since and under newer versions`() {
        var pending = PendingWrites()
        _ = pending.add(change(1, version: 1, .tags(callID: 1, ["old"])))
        let batch = pending.take()
        _ = pending.add(change(2, version: 1, .tags(callID: 1, ["new"])))
        _ = pending.add(change(1, version: 2))
        #expect(pending.putBack(batch) == 0)
        #expect(pending.records.map(\.id) == [1, 2])
        #expect(pending.records.map(\.version) == [2, 1])
        #expect(pending.rows.count == 2)
    }
}

struct WritingTests {
    @Test(arguments: Engine.allCases) func `writers on many threads lose nothing and each call ends in its last state`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            await withTaskGroup(of: Void.self) { group in
                for writer in Int64(0)..<8 {
                    group.addTask {
                        for version in 1...20 {
                            for call in 0..<25 {
                                var record = makeRecord(writer * 25 + Int64(call) + 1)
                                record.version = version
                                record.transferCount = version
                                store.write(record)
                            }
                        }
                    }
                }
            }
            let page = try await store.calls(matching: CallQuery(limit: 500))
            #expect(page.total == 200)
            #expect(page.items.allSatisfy { $0.transferCount == 20 && $0.version == 20 })
        }
    }

    @Test func `a disk that refuses keeps the newest state waiting until it takes it`() async throws {
        let registry = MetricRegistry()
        let metrics = StoreMetrics(registry)
        let store = try SQLStore(.memory, metrics: metrics)
        // Without its table every write fails, and not for the row's sake.
        try await store.execute("ALTER TABLE calls RENAME TO calls_away")
        for version in 1...3 {
            var record = makeRecord(1)
            record.version = version
            store.write(record)
            await store.flush()
        }
        #expect(metrics.failures.value >= 3)
        #expect(metrics.pending.value == 1)
        try await store.execute("ALTER TABLE calls_away RENAME TO calls")
        await store.flush()
        #expect(try await store.call(.id(1))?.version == 3)
        #expect(metrics.pending.value == 0)
        #expect(metrics.dropped.value == 0)
        await store.close()
    }

    @Test(arguments: Engine.allCases) func `one row the database refuses does not hold up the others`(engine: Engine)
        async throws
    {
        let metrics = StoreMetrics(MetricRegistry())
        let store = try SQLStore(Place(engine).location, metrics: metrics)
        var twin = makeRecord(2)
        twin.uuid = makeRecord(1).uuid
        for record in [makeRecord(1), twin, makeRecord(3)] { store.write(record) }
        #expect(try await store.ids(CallQuery()) == [3, 1])
        #expect(metrics.refused.value == 1)
        #expect(metrics.failures.value == 0)
        await store.close()
    }

    @Test(arguments: Engine.allCases) func `closing writes what waits, and a write that comes too late does no harm`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        let store = try SQLStore(place.location)
        store.write(makeRecord(1))
        await store.close()
        store.write(makeRecord(2))
        try await withStore(place) { store async throws in
            #expect(try await store.ids(CallQuery()) == [1])
        }
    }
}
