import Directory
import Testing
import Wire

@testable import Store

/// What was answered to requests with an `Idempotency-Key`, as it outlives the program.
struct AnswerTests {
    private static func begun(_ name: String, at moment: WallTime = noon) -> KeptAnswer {
        let key = KeptAnswer.Key(caller: "user 1", path: "/api/calls", name: name)
        return KeptAnswer(key: key, fingerprint: "ab", begunAt: moment)
    }

    private static func answer(_ name: String, body: String = "{}") -> KeptAnswer {
        var answer = begun(name)
        answer.response = KeptAnswer.Response(
            status: 201, fields: #"[["Content-Type","application/json"]]"#, body: body)
        return answer
    }

    @Test(arguments: Engine.allCases) func `an answer is there for whoever opens the database next`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        let answer = Self.answer("k", body: #"{"name":"Анна"}"#)
        try await withStore(place) { (store) async throws in
            store.keep(Self.begun("k"))
            #expect(try await store.answer(to: answer.key, since: noon) == Self.begun("k"))
            store.keep(answer)
            store.keep(Self.begun("refused"))
            store.forget(Self.begun("refused").key)
        }
        try await withStore(place) { (store) async throws in
            #expect(try await store.answer(to: answer.key, since: noon) == answer)
            #expect(try await store.answer(to: Self.begun("other").key, since: noon) == nil)
            #expect(try await store.answer(to: answer.key, since: noon + .seconds(1)) == nil)
            #expect(try await store.answer(to: Self.begun("refused").key, since: noon) == nil)
        }
    }

    @Test(arguments: Engine.allCases) func `answers of a day ago go as others come, and their keys may be used again`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            for number in 0..<30 { store.keep(Self.answer("\(number)")) }
            let tomorrow = noon + KeptAnswer.lifetime + .seconds(1)
            let again = Self.begun("29", at: tomorrow)
            store.keep(again)
            let count = try await store.read { (database: Database) throws(SQLFailure) in
                try database.integer("SELECT count(*) FROM request_answers")
            }
            #expect(count == 11 || count == 10)
            #expect(try await store.answer(to: again.key, since: noon) == again)
        }
    }
}
