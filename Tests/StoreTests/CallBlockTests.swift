import CallModel
import Directory
import Reactor
import Testing
import Wire

@testable import Store

/// Sums of people over long times, which are put together from blocks of thirty-two days.
struct CallBlockTests {
    private static let day: Int64 = 86_400
    /// Of `makeCalls`, from `noon` back.
    private static let length: Int64 = 400

    /// Calls of the past, all over: of two people, some days with many and some with none.
    private static func makeCalls(_ count: Int64, _ random: inout Entropy) -> [CallRecord] {
        (1...count).map { id in
            let start = noon + .seconds(-Int64.random(in: 0..<length * day, using: &random))
            return makeCall(id, at: start, &random)
        }
    }

    private static func makeCall(_ id: Int64, at start: WallTime, _ random: inout Entropy) -> CallRecord {
        var record = makeRecord(id, state: Bool.random(using: &random) ? .completed : .missed, at: start)
        record.duration = Int.random(in: 0...60, using: &random)
        record.endedAt = start + .seconds(90)
        record.assignedUserID = [nil, 1, 2].randomElement(using: &random) ?? nil
        if record.state == .completed { (record.answeredAt, record.answeredByUserID) = (start + .seconds(1), 1) }
        return record
    }

    private static func expected(_ calls: [CallRecord], _ query: CallQuery) -> Set<CallTally> {
        var sums: [CallTally: CallTally] = [:]
        for call in calls {
            guard call.startedAt >= query.startedFrom ?? call.startedAt else { continue }
            guard call.startedAt <= query.startedThrough ?? call.startedAt else { continue }
            if query.visibility != .all, call.assignedUserID != 2, call.answeredByUserID != 2 { continue }
            let one = CallTally(call)
            var kind = one
            (kind.calls, kind.talkSeconds) = (0, 0)
            var sum = sums[kind] ?? kind
            sum.calls += 1
            sum.talkSeconds += one.talkSeconds
            sums[kind] = sum
        }
        return Set(sums.values)
    }

    /// Any time: with and without bounds, which seldom are those of days.
    private static func query(_ random: inout Entropy) -> CallQuery {
        var query = CallQuery()
        let ages = [0, 1].map { _ in Int64.random(in: -5 * day...(length + 5) * day, using: &random) }.sorted()
        if Int.random(in: 0..<5, using: &random) > 0 { query.startedFrom = noon + .seconds(-ages[1]) }
        if Int.random(in: 0..<5, using: &random) > 0 { query.startedThrough = noon + .seconds(-ages[0]) }
        if Bool.random(using: &random) { query.visibility = .user(2, isOperator: false) }
        return query
    }

    private static func compare(
        _ store: SQLStore, _ calls: [CallRecord], _ random: inout Entropy, _ seed: UInt64
    ) async throws {
        for _ in 0..<40 {
            let query = query(&random)
            let sums = try await store.tallies(matching: query, byPerson: true)
            #expect(Set(sums) == expected(calls, query), "seed \(seed), \(query)")
        }
    }

    private static func fill(_ store: SQLStore, _ calls: [CallRecord]) async throws {
        try await store.execute("INSERT INTO users (id, login) VALUES (1, 'one'), (2, 'two')")
        for call in calls { store.write(call) }
    }

    private static func blocks(_ store: SQLStore) async throws -> Set<Int64> {
        try await store.read { (database: Database) throws(SQLFailure) in
            Set(try database.query("SELECT block FROM call_blocks") { $0.integer(0) })
        }
    }

    private static var allTimeButAnHour: CallQuery {
        var query = CallQuery()
        query.startedFrom = noon + .seconds(-Self.length * Self.day)
        query.startedThrough = noon + .seconds(-3600)
        return query
    }

    @Test func `each day is counted once, whichever blocks are summed up`() {
        let seed = UInt64.random(in: 0...9999)
        var random = Entropy(seed: seed)
        for _ in 0..<500 {
            let first = Int64.random(in: -100...100, using: &random)
            let days = first...first + Int64.random(in: 0...200, using: &random)
            let blocks = CallBlocks(days, open: Int64.random(in: -4...10, using: &random))
            let summed = blocks.wanted.map { Array($0).filter { _ in Bool.random(using: &random) } } ?? []
            var counts: [Int64: Int] = [:]
            for piece in blocks.pieces(summed) {
                let range = piece.range
                let isOfDays = piece.kind == .days
                let covered = isOfDays ? range : range.lowerBound * 32...range.upperBound * 32 + 31
                for day in covered { counts[day, default: 0] += piece.isTakenOff ? -1 : 1 }
            }
            let wanted = Dictionary(uniqueKeysWithValues: days.map { ($0, 1) })
            #expect(counts.filter { $0.value != 0 } == wanted, "seed \(seed), \(days), \(summed)")
        }
    }

    @Test func `a year is hardly more than its blocks`() {
        let pieces = CallBlocks(20_000...20_365, open: 1000).pieces(Array(625...635))
        #expect(pieces.filter { $0.kind == .days }.reduce(0) { $0 + $1.range.count } == 14)
        // Half of a block's days would be taken off again.
        #expect(CallBlocks(20_000...20_015, open: 1000).wanted == 625...625)
        #expect(CallBlocks(20_000...20_014, open: 1000).wanted == nil)
        #expect(CallBlocks(20_000...20_365, open: 630).wanted == 625...629)
        #expect(CallBlocks(-1 << 60...20_365, open: 1000).wanted?.count == 1001)
    }

    @Test(arguments: Engine.allCases) func `sums are those of the calls, whatever is done to old ones`(
        engine: Engine
    ) async throws {
        let seed = UInt64.random(in: 0...9999)
        var random = Entropy(seed: seed)
        var calls = Self.makeCalls(600, &random)
        let written = calls
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store, written)
            try await Self.compare(store, calls, &random, seed)
            #expect(try await Self.blocks(store).count > 9)
            for index in calls.indices where index.isMultiple(of: 7) {
                let moved = calls[index].startedAt + .seconds(Int64.random(in: -40...40, using: &random) * Self.day)
                let changed = try await store.edit(.id(calls[index].id), rows: [], at: noon) { record in
                    record.duration = 77
                    if index.isMultiple(of: 2) { record.startedAt = moved }
                }
                calls[index] = try #require(changed)
                if index.isMultiple(of: 5) { try await Self.compare(store, calls, &random, seed) }
            }
            try await store.execute("DELETE FROM calls WHERE id % 9 = 0")
            calls.removeAll { $0.id.isMultiple(of: 9) }
            let late = Self.makeCall(1001, at: noon + .seconds(-200 * Self.day), &random)
            store.write(late)
            try await Self.compare(store, calls + [late], &random, seed)
        }
    }

    @Test(arguments: Engine.allCases) func `only what is counted takes back that a block is summed up`(
        engine: Engine
    ) async throws {
        var random = Entropy(seed: 5)
        let calls = Self.makeCalls(100, &random)
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store, calls)
            for _ in 0..<4 { _ = try await store.tallies(matching: Self.allTimeButAnHour, byPerson: true) }
            let all = try await Self.blocks(store)
            #expect(all.count >= 12)
            _ = try await store.edit(.id(1), rows: [], at: noon) { $0.notes = "later" }
            store.write(makeRecord(2000, at: SystemClock.wallTime()))
            #expect(try await Self.blocks(store) == all)
            _ = try await store.edit(.id(1), rows: [], at: noon) { $0.duration = 99 }
            let block = (calls[0].startedAt.milliseconds / 86_400_000) >> 5
            #expect(try await Self.blocks(store) == all.subtracting([block]))
        }
    }

    /// A call that began before the server was away, and is closed weeks later with a moment of that time.
    @Test(arguments: Engine.allCases) func `a call of an old day that ends is counted`(engine: Engine) async throws {
        var random = Entropy(seed: 6)
        let calls = Self.makeCalls(50, &random)
        var late = makeRecord(60, at: noon + .seconds(-100 * Self.day))
        let live = late
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store, calls)
            store.write(live)
            for _ in 0..<4 { _ = try await store.tallies(matching: Self.allTimeButAnHour, byPerson: true) }
            (late.state, late.endedAt, late.duration) = (.missed, late.startedAt + .seconds(5), 0)
            late.version += 1
            store.write(late)
            let sums = try await store.tallies(matching: Self.allTimeButAnHour, byPerson: true)
            #expect(Set(sums) == Self.expected(calls + [late], Self.allTimeButAnHour))
        }
    }

    @Test func `a block that others are changing is left alone`() async throws {
        let place = try Place(.postgres)
        var random = Entropy(seed: 7)
        let calls = Self.makeCalls(100, &random)
        try await withStore(place) { (store) async throws in
            try await Self.fill(store, calls)
            _ = try await store.calls(matching: CallQuery())
            let other = try place.open()
            try other.execute("BEGIN")
            try other.execute("UPDATE calls SET duration = duration + 1000 WHERE id = 1")
            for _ in 0..<4 {
                let sums = try await store.tallies(matching: Self.allTimeButAnHour, byPerson: true)
                #expect(Set(sums) == Self.expected(calls, Self.allTimeButAnHour))
            }
            let block = (calls[0].startedAt.milliseconds / 86_400_000) >> 5
            #expect(try await !Self.blocks(store).contains(block))
            try other.execute("COMMIT")
            var changed = calls
            changed[0].duration = (changed[0].duration ?? 0) + 1000
            let sums = try await store.tallies(matching: Self.allTimeButAnHour, byPerson: true)
            #expect(Set(sums) == Self.expected(changed, Self.allTimeButAnHour))
            #expect(try await Self.blocks(store).contains(block))
        }
    }

    @Test(arguments: Engine.allCases) func `calls of an older database, and copied ones, are in the sums of blocks`(
        engine: Engine
    ) async throws {
        let (older, copied) = (try Place(engine, isEmpty: true), try Place(engine, isEmpty: true))
        var random = Entropy(seed: 8)
        let calls = Self.makeCalls(200, &random)
        do {
            let database = try older.open()
            try database.migrate(Migration.all.filter { $0.version < 15 }, at: noon)
            try database.execute("INSERT INTO users (id, login) VALUES (1, 'one'), (2, 'two')")
            for call in calls { try CallTable.write(call, isFirst: true, to: database) }
            try database.migrate(at: noon)
        }
        _ = try DatabaseTools(older.location).copy(to: DatabaseTools(copied.location))
        for place in [older, copied] {
            try await withStore(place) { (store) async throws in
                #expect(try await Self.blocks(store).count > 9)
                try await Self.compare(store, calls, &random, 8)
            }
        }
    }
}
