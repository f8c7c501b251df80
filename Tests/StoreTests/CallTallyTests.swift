import CallModel
import Directory
import Testing
import Wire

@testable import Store

/// Sums over calls, as the database adds them up.
struct CallTallyTests {
    /// Calls of every state, direction, person and length, from a seed.
    private static func makeCalls(_ count: Int64) -> [CallRecord] {
        var random = Entropy(seed: 7)
        return (1...count).map { id in
            let state = CallState.allCases.randomElement(using: &random) ?? .completed
            let direction = CallDirection.allCases.randomElement(using: &random) ?? .incoming
            let start = noon + .seconds(Int64.random(in: 0...100_000, using: &random))
            var record = makeRecord(id, direction, state: state, at: start)
            if state.isUp || state == .completed { record.answeredAt = start + .seconds(3) }
            if state.isTerminal {
                record.duration = state == .completed ? Int.random(in: 0...600, using: &random) : 0
                record.endedAt = start + .seconds(3 + (record.duration ?? 0))
            }
            record.holdSeconds = Int.random(in: 0...20, using: &random)
            record.transferCount = Int.random(in: 0...2, using: &random)
            record.operatorID = [nil, 1, 2].randomElement(using: &random) ?? nil
            record.assignedUserID = [nil, 1, 2].randomElement(using: &random) ?? nil
            record.answeredByUserID = record.answeredAt == nil ? nil : 1
            return record
        }
    }

    /// What the database must say, added up one by one.
    private static func expected(_ records: some Sequence<CallRecord>, byPerson: Bool) -> Set<CallTally> {
        var sums: [CallTally: CallTally] = [:]
        for record in records {
            let one = CallTally(record)
            var kind = CallTally(state: one.state, direction: one.direction, wasAnswered: one.wasAnswered)
            if byPerson {
                (kind.operatorID, kind.assignedUserID) = (one.operatorID, one.assignedUserID)
                kind.answeredByUserID = one.answeredByUserID
            }
            var sum = sums[kind] ?? kind
            if sums[kind] != nil { sum.calls += 1 }
            sum.talkSeconds += one.talkSeconds
            sum.holdSeconds += one.holdSeconds
            sum.transfers += one.transfers
            sums[kind] = sum
        }
        return Set(sums.values)
    }

    private static func fill(_ store: SQLStore, _ calls: [CallRecord]) async throws {
        try await store.execute("INSERT INTO users (id, login) VALUES (1, 'one'), (2, 'two')")
        for call in calls { store.write(call) }
    }

    @Test(arguments: [false, true], Engine.allCases) func `sums are those of the calls, to the second`(
        byPerson: Bool, engine: Engine
    ) async throws {
        let calls = Self.makeCalls(2000)
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store, calls)
            let all = try await store.tallies(matching: CallQuery(), byPerson: byPerson)
            #expect(Set(all) == Self.expected(calls, byPerson: byPerson) && all.count == Set(all).count)

            var narrow = CallQuery(limit: 1)
            narrow.startedFrom = noon + .seconds(20_000)
            narrow.startedThrough = noon + .seconds(50_000)
            narrow.visibility = .user(2, isOperator: true)
            let own = calls.filter { call in
                (20_000...50_000).contains((call.startedAt.milliseconds - noon.milliseconds) / 1000)
                    && (call.assignedUserID == 2 || call.answeredByUserID == 2 || call.operatorID == 2)
            }
            let some = try await store.tallies(matching: narrow, byPerson: byPerson)
            #expect(Set(some) == Self.expected(own, byPerson: byPerson) && !own.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases) func `days follow what happens to their calls, whoever writes it`(engine: Engine)
        async throws
    {
        var calls = Self.makeCalls(400)
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store, calls)
            for index in calls.indices where index.isMultiple(of: 3) && calls[index].state.isTerminal {
                let changed = try await store.edit(.id(calls[index].id), rows: [], at: noon) { record in
                    record.duration = 7
                    record.state = .completed
                    record.answeredAt = noon
                    record.operatorID = 2
                }
                calls[index] = try #require(changed)
            }
            try await store.execute(
                "DELETE FROM calls WHERE id % 7 = 0; UPDATE calls SET hold_seconds = 9 WHERE id > 300")
            calls.removeAll { $0.id.isMultiple(of: 7) }
            for index in calls.indices where calls[index].id > 300 { calls[index].holdSeconds = 9 }
            try await store.execute("DELETE FROM users WHERE id = 1")
            for index in calls.indices {
                if calls[index].operatorID == 1 { calls[index].operatorID = nil }
                if calls[index].assignedUserID == 1 { calls[index].assignedUserID = nil }
                if calls[index].answeredByUserID == 1 { calls[index].answeredByUserID = nil }
            }
            for byPerson in [false, true] {
                let all = try await store.tallies(matching: CallQuery(), byPerson: byPerson)
                #expect(Set(all) == Self.expected(calls, byPerson: byPerson))
            }
        }
    }

    /// What the database answers by looking at every call.
    private static func plainSums(_ store: SQLStore, of user: Int64?) async throws -> Set<CallTally> {
        let whose = user.map { "WHERE \($0) IN (assigned_user_id, answered_by_user_id, operator_id)" } ?? ""
        let sums = try await store.read { (database: Database) throws(SQLFailure) in
            try database.query(
                """
                SELECT state, direction, answered_at IS NOT NULL, coalesce(operator_id, 0),
                    coalesce(assigned_user_id, 0), coalesce(answered_by_user_id, 0), count(*),
                    sum(CASE WHEN answered_at IS NOT NULL THEN coalesce(duration, 0) ELSE 0 END),
                    sum(hold_seconds), sum(transfer_count)
                FROM calls \(whose) GROUP BY 1, 2, 3, 4, 5, 6
                """
            ) { row in
                var sum = CallTally(
                    state: CallState(rawValue: row.text(0)) ?? .failed,
                    direction: CallDirection(rawValue: row.text(1)) ?? .incoming, wasAnswered: row.flag(2))
                let people = (3...5).map { row.integer($0) == 0 ? nil : row.integer($0) }
                (sum.operatorID, sum.assignedUserID, sum.answeredByUserID) = (people[0], people[1], people[2])
                (sum.calls, sum.talkSeconds) = (Int(row.integer(6)), Int(row.integer(7)))
                (sum.holdSeconds, sum.transfers) = (Int(row.integer(8)), Int(row.integer(9)))
                return sum
            }
        }
        return Set(sums)
    }

    @Test(arguments: Engine.allCases) func `users' sums of all time are those of their calls, corrections included`(
        engine: Engine
    ) async throws {
        let seed = UInt64.random(in: 0...9999)
        var random = Entropy(seed: seed)
        let calls = Self.makeCalls(300)
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store, calls)
            for step in 1...12 {
                for id in (1...20).map({ _ in Int64.random(in: 1...300, using: &random) }) {
                    let (person, seconds) = (Int64.random(in: 1...2, using: &random), Int(id) + step)
                    let isOver = Bool.random(using: &random)
                    _ = try await store.edit(.id(id), rows: [], at: noon) { record in
                        (record.assignedUserID, record.answeredByUserID) = (person, isOver ? person : nil)
                        (record.state, record.duration) = (isOver ? .completed : .ringing, isOver ? seconds : nil)
                        record.answeredAt = isOver ? record.startedAt + .seconds(1) : nil
                        record.endedAt = isOver ? record.startedAt + .seconds(seconds) : nil
                    }
                }
                let gone = Int.random(in: 1...300, using: &random)
                try await store.execute(
                    "DELETE FROM calls WHERE id = \(gone); UPDATE calls SET transfer_count = 5 WHERE id % 13 = \(step)")
                let all = try await store.tallies(matching: CallQuery(), byPerson: true)
                #expect(try await Set(all) == Self.plainSums(store, of: nil), "seed \(seed), step \(step)")
                var query = CallQuery()
                query.visibility = .user(2, isOperator: true)
                let own = try await store.tallies(matching: query, byPerson: true)
                #expect(try await Set(own) == Self.plainSums(store, of: 2), "seed \(seed), step \(step)")
            }
        }
    }

    /// Bounds of every kind: within a day, at its first and last moment, over several days, open.
    private static let bounds: [(from: Int64?, through: Int64?)] = [
        (nil, nil), (nil, -1), (0, nil), (0, 86_399_999), (0, 86_400_000), (1, 86_399_999), (1, 172_799_999),
        (-86_400_000, 172_799_998), (40_000_000, 50_000_000), (40_000_000, 40_000_000), (50_000_000, 40_000_000),
        (nil, 130_000_000), (100_000_000, nil), (Int64.min, Int64.max),
    ]

    @Test(arguments: bounds.indices, Engine.allCases) func `days and parts of days meet without gap and overlap`(
        index: Int, engine: Engine
    ) async throws {
        let midnight = noon.milliseconds - noon.milliseconds % 86_400_000
        let offsets: [Int64] = [
            -1, 0, 1, 39_999_999, 40_000_000, 50_000_000, 50_000_001, 86_399_998, 86_399_999, 86_400_000, 86_400_001,
            129_999_999, 172_799_998, 172_799_999, 172_800_000,
        ]
        let calls = offsets.enumerated().map { position, offset in
            let start = WallTime(milliseconds: midnight + offset)
            var record = makeRecord(Int64(position + 1), state: .missed, at: start)
            (record.endedAt, record.duration) = (start, 0)
            return record
        }
        let (from, through) = Self.bounds[index]
        func moment(_ offset: Int64?) -> WallTime? {
            offset.map { WallTime(milliseconds: $0.magnitude > 1 << 40 ? $0 : midnight + $0) }
        }
        var query = CallQuery(limit: 100)
        (query.startedFrom, query.startedThrough) = (moment(from), moment(through))
        let wanted = query
        try await withStore(engine) { (store) async throws in
            for call in calls { store.write(call) }
            let page = try await store.calls(matching: wanted)
            let sums = try await store.tallies(matching: wanted, byPerson: false)
            #expect(page.items.count == page.total && sums.reduce(0) { $0 + $1.calls } == page.total)
        }
    }

    @Test(arguments: Engine.allCases) func `calls of an older file are in the sums of their days`(engine: Engine)
        async throws
    {
        let place = try Place(engine, isEmpty: true)
        do {
            let database = try place.open()
            try database.migrate(Array(Migration.all.prefix(3)), at: noon)
            for call in Self.makeCalls(100) {
                var nobodys = call
                (nobodys.operatorID, nobodys.assignedUserID, nobodys.answeredByUserID) = (nil, nil, nil)
                try CallTable.write(nobodys, isFirst: true, to: database)
            }
        }
        try await withStore(place) { (store) async throws in
            let sums = try await store.tallies(matching: CallQuery(), byPerson: false)
            #expect(Set(sums) == Self.expected(Self.makeCalls(100), byPerson: false))
        }
    }

    @Test func `calls that are over are added up from the index alone`() async throws {
        try await withStore(.sqlite) { (store) async throws in
            let plan = try await store.read { (database: Database) throws(SQLFailure) in
                try database.query(
                    """
                    EXPLAIN QUERY PLAN SELECT state, direction, answered_at IS NOT NULL, count(*), sum(duration),
                        sum(hold_seconds), sum(transfer_count)
                    FROM calls WHERE ended_at IS NOT NULL AND started_at >= 5 AND started_at <= 9
                    GROUP BY state, direction, answered_at IS NOT NULL
                    """
                ) { $0.text(3) }
            }
            #expect(plan.contains { $0.contains("COVERING INDEX calls_figures") }, "\(plan)")
        }
    }

    @Test(arguments: Engine.allCases) func `live calls alone, and ended calls alone`(engine: Engine) async throws {
        let calls = Self.makeCalls(300)
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store, calls)
            for isLive in [true, false] {
                var query = CallQuery()
                query.isLive = isLive
                let tallies = try await store.tallies(matching: query, byPerson: false)
                let wanted = calls.filter { $0.state.isTerminal != isLive }
                #expect(Set(tallies) == Self.expected(wanted, byPerson: false))
            }
        }
    }
}
