import CallModel
import Directory
import Testing
import Wire

@testable import Store

/// What is found by a text, compared with looking at every call.
struct CallSearchTests {
    /// Letters of several scripts and both cases, those that tokenizers and `fold` take differently among them, and what
    /// patterns and quotes are made of.
    private static let letters = Array("абвЯёЁaBsſkKİiςσµμბᲑԨԩ%_!\"' -+1290😀\néßẞ").map { String($0) }
    private static let numbers = [
        "+79991234567", "89991234567", "8 (999) 123-45-67", "1001", "sip:Anna@example.com", "анна", "79261112233", "",
        "+189001234567", "890012345678", "sip:89001234567@example.com", "anna",
    ]

    private static func text(_ random: inout Entropy) -> String? {
        if Bool.random(using: &random) { return nil }
        return (0..<Int.random(in: 0...12, using: &random)).map { _ in letters.randomElement(using: &random) ?? "" }
            .joined()
    }

    private static func number(_ random: inout Entropy) -> String {
        if Int.random(in: 0..<4, using: &random) > 0 { return numbers.randomElement(using: &random) ?? "" }
        return "7" + (0..<10).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
    }

    private static func makeCall(_ id: Int64, _ random: inout Entropy) -> CallRecord {
        let start = noon + .seconds(Int64.random(in: 0...500, using: &random))
        var record = makeRecord(id, caller: number(&random), receiver: number(&random), at: start)
        (record.customerName, record.notes) = (text(&random), text(&random))
        return record
    }

    private static func isContained(_ part: String, in text: String?) -> Bool {
        guard let text else { return false }
        return Array(text.unicodeScalars).contains(Array(part.unicodeScalars))
    }

    /// The rule that both engines follow.
    private static func matches(_ call: CallRecord, _ search: String) -> Bool {
        let texts = [call.callerNumber, call.receiverNumber, call.customerName, call.notes]
        if texts.contains(where: { isContained(search.lowercased(), in: $0?.lowercased()) }) { return true }
        guard search.utf8.count(where: { (0x30...0x39).contains($0) }) >= 3, !search.contains(where: \.isLetter) else {
            return false
        }
        let number = PhoneNumber(search).normal
        return [call.callerNumber, call.receiverNumber].contains { isContained(number, in: PhoneNumber($0).normal) }
    }

    /// A part of a call's text in either case, or letters that stand nowhere.
    private static func search(_ calls: [CallRecord], _ random: inout Entropy) -> String {
        guard let call = calls.randomElement(using: &random), Int.random(in: 0..<8, using: &random) > 0 else {
            return (0..<3).map { _ in letters.randomElement(using: &random) ?? "" }.joined()
        }
        let texts = [call.callerNumber, call.receiverNumber, call.customerName ?? "", call.notes ?? ""]
        let text = Array((texts.randomElement(using: &random) ?? "").unicodeScalars)
        let first = Int.random(in: 0...max(0, text.count - 3), using: &random)
        var part = String.UnicodeScalarView()
        part.append(contentsOf: text.dropFirst(first).prefix(Int.random(in: 1...12, using: &random)))
        return Bool.random(using: &random) ? String(part) : String(part).lowercased()
    }

    /// Compares some searches.
    private static func compare(
        _ store: SQLStore, _ calls: [CallRecord], _ random: inout Entropy, _ seed: UInt64
    ) async throws {
        for _ in 0..<150 {
            let search = search(calls, &random)
            if search.isEmpty { continue }
            var query = CallQuery(limit: 7)
            query.search = search
            let wanted = calls.filter { matches($0, search) }
                .sorted { ($1.startedAt, $1.id) < ($0.startedAt, $0.id) }
            let page = try await store.calls(matching: query)
            #expect(page.items.map(\.id) == wanted.prefix(7).map(\.id), "seed \(seed), \(search.debugDescription)")
            #expect(page.total == wanted.count, "seed \(seed), \(search.debugDescription)")
            query.visibility = .user(1, isOperator: false)
            let own = try await store.calls(matching: query)
            #expect(own.total == wanted.count { $0.assignedUserID == 1 }, "seed \(seed), \(search.debugDescription)")
        }
    }

    /// "нн" is too short for any index; the digits are in every caller's number.
    @Test(arguments: ["нна", "нн", "9991"], Engine.allCases) func `of many calls a total is a lower bound, and says so`(
        search: String, engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            try await store.execute("INSERT INTO users (id, login) VALUES (1, 'one')")
            for id in Int64(1)...5 {
                var call = makeRecord(id)
                (call.notes, call.assignedUserID) = ("Анна", id > 2 ? 1 : nil)
                store.write(call)
            }
            var query = CallQuery(limit: 10)
            query.search = search
            for (visibility, matching) in [(CallQuery.Visibility.all, 5), (.user(1, isOperator: false), 3)] {
                query.visibility = visibility
                for most in 2...6 {
                    let asked = query
                    let (total, isExact, items) = try await store.read { (database: Database) throws(SQLFailure) in
                        let pages = try CallPages(database, asked, mostCounted: most)
                        let (total, isExact) = try pages.count()
                        return (total, isExact, try pages.read().count)
                    }
                    #expect(total == min(most, matching))
                    #expect(isExact == (matching <= most))
                    #expect(items == matching)
                }
            }
            #expect(try await store.calls(matching: query).isTotalExact)
        }
    }

    @Test(arguments: Engine.allCases) func `a text finds the calls that have it, whatever is done to them`(
        engine: Engine
    ) async throws {
        let seed = UInt64.random(in: 0...9999)
        var random = Entropy(seed: seed)
        var calls = (1...300).map { Self.makeCall($0, &random) }
        for index in calls.indices where index.isMultiple(of: 3) { calls[index].assignedUserID = 1 }
        let written = calls
        try await withStore(engine) { (store) async throws in
            try await store.execute("INSERT INTO users (id, login) VALUES (1, 'one')")
            for call in written { store.write(call) }
            try await Self.compare(store, calls, &random, seed)
            for index in calls.indices where index.isMultiple(of: 4) {
                let fresh = Self.makeCall(calls[index].id, &random)
                let changed = try await store.edit(.id(fresh.id), rows: [], at: noon) { record in
                    (record.callerNumber, record.notes) = (fresh.callerNumber, fresh.notes)
                    record.customerName = fresh.customerName
                }
                calls[index] = try #require(changed)
            }
            try await store.execute(
                "DELETE FROM calls WHERE id % 5 = 0; UPDATE calls SET notes = 'Ёлка' WHERE id % 9 = 0")
            calls.removeAll { $0.id.isMultiple(of: 5) }
            for index in calls.indices where calls[index].id.isMultiple(of: 9) { calls[index].notes = "Ёлка" }
            try await Self.compare(store, calls, &random, seed)
        }
    }

    @Test(arguments: Engine.allCases) func `calls of an older database are found`(engine: Engine) async throws {
        let place = try Place(engine, isEmpty: true)
        var random = Entropy(seed: 3)
        let calls = (1...200).map { Self.makeCall($0, &random) }
        do {
            let database = try place.open()
            try database.migrate(Array(Migration.all.prefix(7)), at: noon)
            for call in calls { try CallTable.write(call, isFirst: true, to: database) }
        }
        try await withStore(place) { (store) async throws in try await Self.compare(store, calls, &random, 3) }
    }

    @Test(arguments: Engine.allCases) func `calls that were copied are found, and counted for their people`(
        engine: Engine
    ) async throws {
        let (source, target) = (try Place(.sqlite), try Place(engine, isEmpty: true))
        var random = Entropy(seed: 4)
        var calls = (1...100).map { Self.makeCall($0, &random) }
        for index in calls.indices {
            (calls[index].state, calls[index].endedAt, calls[index].duration) = (.missed, noon, 0)
        }
        let written = calls
        try await withStore(source) { (store) async throws in for call in written { store.write(call) } }
        _ = try DatabaseTools(source.location).copy(to: DatabaseTools(target.location))
        try await withStore(target) { (store) async throws in
            try await Self.compare(store, calls, &random, 4)
            let sums = try await store.tallies(matching: CallQuery(), byPerson: true)
            #expect(sums.reduce(0) { $0 + $1.calls } == calls.count)
        }
    }

    /// More than are worth being fetched one by one, so that the list is walked.
    @Test func `a page of very many calls is the same as by looking at each`() async throws {
        try await withStore(.sqlite) { (store) async throws in
            try await store.execute(
                """
                INSERT INTO calls (id, uuid, source, direction, state, caller_number, caller_norm, receiver_number,
                    receiver_norm, started_at, notes)
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9000)
                SELECT n, 'x' || n, 'sip', 'incoming', 'missed', '7999' || n, '7999' || n, '1', '1', n * 7919 % 5000,
                    iif(n % 2, 'заказ', 'ſaison заказ')
                FROM numbers
                """)
            let searches = [("заказ", "1"), ("7999", "1"), ("ſai", "id % 2 = 0"), ("99912", "id LIKE '12%'")]
            for (search, condition) in searches {
                var query = CallQuery(limit: 20, offset: 30)
                query.search = search
                let page = try await store.calls(matching: query)
                let wanted = try await store.read { (database: Database) throws(SQLFailure) in
                    try database.query(
                        "SELECT id FROM calls WHERE \(condition) ORDER BY started_at DESC, id DESC LIMIT 20 OFFSET 30"
                    ) { $0.integer(0) }
                }
                #expect(page.items.map(\.id) == wanted, "\(search)")
                #expect(page.total > 100, "\(search)")
            }
        }
    }

    /// What the newest calls have not, though very many have it, and what all have; of a list of few, too.
    @Test(arguments: Engine.allCases) func `what many calls of long ago have is found as well`(
        engine: Engine
    ) async throws {
        let (moment, id) = engine == .sqlite ? ("n * 1000", "'x' || n") : ("to_timestamp(n)", "gen_random_uuid()")
        try await withStore(engine) { (store) async throws in
            try await store.execute(
                """
                INSERT INTO calls (id, uuid, source, direction, state, caller_number, caller_norm, receiver_number,
                    receiver_norm, started_at, notes)
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 18000)
                SELECT n, \(id), 'sip', 'incoming', 'missed',
                    CASE WHEN n <= 4600 THEN '71117770' || n ELSE '79998880' || n END,
                    CASE WHEN n <= 4600 THEN '71117770' || n ELSE '79998880' || n END, '1', '1', \(moment),
                    CASE WHEN n <= 4600 THEN 'Давно' ELSE 'Заказ' END
                FROM numbers
                """)
            for (search, newest) in [("давно", 4600), ("71117", 4600), ("заказ", 18_000), ("79998", 18_000)] {
                var query = CallQuery(limit: 20, offset: 30)
                query.search = search
                let page = try await store.calls(matching: query)
                #expect(page.items.map(\.id) == (0..<20).map { Int64(newest - 30 - $0) }, "\(search)")
                #expect(page.isTotalExact == (page.total == 4600 || page.total == 13_400), "\(search) \(page.total)")
                #expect(page.isTotalExact || page.total >= 1000, "\(search) \(page.total)")
                query.startedFrom = WallTime(milliseconds: 4_591_000)
                query.startedThrough = WallTime(milliseconds: 4_610_000)
                query.offset = 0
                let few = try await store.calls(matching: query)
                #expect((few.total, few.items.count, few.isTotalExact) == (10, 10, true), "\(search)")
                #expect(few.items.first?.id == (newest == 4600 ? 4600 : 4610))
            }
        }
    }
}
