import CallModel
import Directory
import Testing
import Wire

@testable import Store

struct CallQueryTests {
    /// Six calls, one a minute, the newest last.
    private static func fill(_ store: SQLStore) async throws {
        try await store.execute("INSERT INTO users (id, login) VALUES (1, 'one'), (2, 'two')")
        let states: [CallState] = [.completed, .missed, .cancelled, .cancelled, .answered, .ringing]
        let directions: [CallDirection] = [.incoming, .incoming, .incoming, .outgoing, .outgoing, .internal]
        let callers = ["+7 (999) 123-45-67", "89991234567", "+74951112233", "1001", "1001", "1002"]
        let receivers = ["1001", "1002", "sip:1001@pbx", "8 (999) 123-45-67", "+4930123456", "1001"]
        for index in 0..<6 {
            let start = noon + .seconds(60 * index)
            var record = makeRecord(
                Int64(index + 1), directions[index], state: states[index], caller: callers[index],
                receiver: receivers[index], at: start)
            if states[index].isTerminal { record.endedAt = start + .seconds(30) }
            record.operatorID = index == 0 ? 1 : nil
            record.assignedUserID = index == 1 ? 1 : index == 2 ? 2 : nil
            record.answeredByUserID = index == 4 ? 1 : nil
            record.city = index < 2 ? "Москва" : nil
            record.extension = index == 4 ? "1001" : nil
            record.customerName = index == 3 ? "Иван Петров" : nil
            record.notes = index == 4 ? "интересовался АКЦИЕЙ 100%" : nil
            store.write(record)
        }
    }

    private static let conditions: [(String, @Sendable (inout CallQuery) -> Void, [Int64])] = [
        ("everything, newest first", { _ in }, [6, 5, 4, 3, 2, 1]),
        ("a user's own", { $0.visibility = .user(1, isOperator: false) }, [5, 2]),
        ("an operator's own", { $0.visibility = .user(1, isOperator: true) }, [5, 2, 1]),
        ("live", { $0.isLive = true }, [6, 5]),
        ("ended", { $0.isLive = false }, [4, 3, 2, 1]),
        ("named by document 000", { $0.hidesUnanswered = true }, [5, 4, 3, 2, 1]),
        ("a state", { $0.states = [.init(.cancelled)] }, [4, 3]),
        ("a state of one direction", { $0.states = [.init(.cancelled, [.incoming]), .init(.missed)] }, [3, 2]),
        ("no state", { $0.states = [] }, []),
        ("no direction", { $0.directions = [] }, []),
        ("directions", { $0.directions = [.internal, .outgoing] }, [6, 5, 4]),
        ("from, inclusive", { $0.startedFrom = noon + .seconds(240) }, [6, 5]),
        ("through, inclusive", { $0.startedThrough = noon + .seconds(60) }, [2, 1]),
        ("operator", { $0.operatorID = 1 }, [1]),
        ("city", { $0.city = "Москва" }, [2, 1]),
        ("extension", { $0.extension = "1001" }, [6, 5, 4, 3, 1]),
        ("made by an extension", { ($0.extension, $0.isMadeByExtension) = ("1001", true) }, [5, 4]),
        ("number on either side", { $0.number = PhoneNumber("9991234567") }, [4, 2, 1]),
        ("short numbers match whole", { $0.number = PhoneNumber("1001") }, [6, 5, 4, 3, 1]),
        ("client's number", { $0.clientNumber = PhoneNumber("+79991234567") }, [4, 2, 1]),
        ("client's number, not ours", { $0.clientNumber = PhoneNumber("1001") }, [6]),
        ("digits of the client's number", { $0.clientDigits = "7999" }, [4, 2, 1]),
        ("search by name, any case", { $0.search = "иван ПЕТ" }, [4]),
        ("search by note", { $0.search = "акцией 100%" }, [5]),
        ("search by number as written", { $0.search = "(999) 123" }, [4, 2, 1]),
        ("search finds no wildcard", { $0.search = "%" }, [5]),
        ("two conditions", { ($0.city, $0.visibility) = ("Москва", .user(1, isOperator: false)) }, [2]),
    ]

    @Test(arguments: conditions.indices, Engine.allCases) func `a condition shows the calls it names`(
        index: Int, engine: Engine
    ) async throws {
        let (name, restrict, expected) = Self.conditions[index]
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store)
            var query = CallQuery()
            restrict(&query)
            let page = try await store.calls(matching: query)
            #expect(page.items.map(\.id) == expected, "\(name)")
            #expect(page.total == expected.count, "\(name)")
        }
    }

    @Test(arguments: Engine.allCases) func `a user's pages are cut from the user's calls, each once`(engine: Engine)
        async throws
    {
        try await withStore(engine) { (store) async throws in
            try await store.execute("INSERT INTO users (id, login) VALUES (1, 'one'), (2, 'two')")
            for id in 1...60 as ClosedRange<Int64> {
                var record = makeRecord(id, at: noon + .seconds(id / 3))
                record.assignedUserID = id.isMultiple(of: 2) ? 1 : 2
                record.answeredByUserID = id.isMultiple(of: 3) ? 1 : nil
                record.operatorID = id.isMultiple(of: 5) ? 1 : 2
                store.write(record)
            }
            for isOperator in [false, true] {
                let own = (1...60).reversed().filter { id in
                    id.isMultiple(of: 2) || id.isMultiple(of: 3) || isOperator && id.isMultiple(of: 5)
                }
                var seen: [Int64] = []
                for page in 1...7 {
                    var query = CallQuery(page: page, size: 7)
                    query.visibility = .user(1, isOperator: isOperator)
                    let answer = try await store.calls(matching: query)
                    #expect(answer.total == own.count)
                    seen += answer.items.map(\.id)
                }
                #expect(seen == own.map(Int64.init))
            }
        }
    }

    @Test(arguments: Engine.allCases) func `pages follow one another and the total stays`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            try await Self.fill(store)
            for (page, ids) in [(1, [6, 5, 4, 3]), (2, [2, 1]), (3, []), (0, [6, 5, 4, 3]), (Int.max, [])] {
                let answer = try await store.calls(matching: CallQuery(page: page, size: 4))
                #expect(answer.items.map(\.id) == ids.map(Int64.init), "page \(page)")
                #expect(answer.total == 6)
            }
            var uncounted = CallQuery(limit: 2)
            uncounted.countsTotal = false
            #expect(try await store.calls(matching: uncounted).total == 2)
        }
    }

    @Test(arguments: Engine.allCases) func `client ids are found`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var entropy = Entropy(seed: 12)
            let client = UUID(using: &entropy)
            var record = makeRecord(1)
            record.clientID = client
            store.write(record)
            store.write(makeRecord(2))
            var query = CallQuery()
            query.clientID = client
            #expect(try await store.ids(query) == [1])
        }
    }
}
