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

    private static func fill(_ store: SQLiteStore, _ calls: [CallRecord]) async throws {
        try await store.execute("INSERT INTO users (id, login) VALUES (1, 'one'), (2, 'two')")
        for call in calls { store.write(call) }
    }

    @Test(arguments: [false, true]) func `sums are those of the calls, to the second`(byPerson: Bool) async throws {
        let calls = Self.makeCalls(2000)
        try await withStore { (store) async throws in
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

    @Test func `calls that are over are added up from the index alone`() async throws {
        try await withStore { (store) async throws in
            let plan = try await store.read { (database: SQLiteConnection) throws(SQLiteFailure) in
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

    @Test func `live calls alone, and ended calls alone`() async throws {
        let calls = Self.makeCalls(300)
        try await withStore { (store) async throws in
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
