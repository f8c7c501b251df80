import CallModel
import Directory
import Testing
import Wire

@testable import Store

struct TestDataTests {
    private func withTestData(_ body: (SQLStore, [FirstStart.Credentials]) async throws -> Void) async throws {
        let store = try SQLStore(.memory)
        let made = try await store.fill(with: FirstStart(adminPassword: "given"), at: noon, using: Entropy(seed: 1))
        try await body(store, made)
        await store.close()
    }

    @Test func `people and the company have the numbers that the document prints`() async throws {
        try await withTestData { store, made in
            #expect(made.map(\.user.login) == ["anna", "petr", "admin"])
            let users = try await store.roster().users
            #expect(users[1]?.login == "anna" && users[2]?.login == "petr" && users[1]?.presence == .online)
            let company = try #require(try await store.company(phone: PhoneNumber("84951234567")))
            #expect(company == TestData.company)
            #expect(try await store.roster().owner(of: TestData.line) == 1)
        }
    }

    @Test func `the statistics are the document's`() async throws {
        try await withTestData { store, _ in
            let tallies = try await store.tallies(matching: CallQuery(), byPerson: false)
            #expect(tallies.reduce(0) { $0 + $1.calls } == 150)
            let calls = try await store.calls(matching: CallQuery(page: 1, size: 200)).items
            let answered = calls.filter { $0.answeredAt != nil }
            #expect(answered.count == 120 && answered.reduce(0) { $0 + ($1.duration ?? 0) } == 21600)
            #expect(calls.count { $0.state == .rejected } == 20 && calls.count { $0.state == .missed } == 10)
            #expect(calls.allSatisfy { $0.isTest && $0.endedAt != nil })
            #expect(calls.reduce(0) { $0 + $1.holdSeconds } == 300)
        }
    }

    @Test func `a call that comes now gets a number after theirs`() async throws {
        try await withTestData { store, _ in
            #expect(store.nextCallID == 151)
            store.write(CallChange(record: makeRecord(store.nextCallID)))
            #expect(try await store.call(.id(151)) != nil)
            let first = try #require(try await store.call(.id(1)))
            #expect(first.tags == ["новый клиент", "продажи"] && first.customerName == "Иван Петров")
        }
    }
}
