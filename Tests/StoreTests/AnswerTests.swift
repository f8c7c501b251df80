import Directory
import Testing
import Wire

@testable import Store

/// What was answered to requests with an `Idempotency-Key`, as it outlives the program.
struct AnswerTests {
    private static func attempt(_ name: String, _ number: UInt64 = 1, at moment: WallTime = noon) -> KeptAnswer {
        let key = KeptAnswer.Key(caller: "user 1", path: "/api/calls", name: name)
        var entropy = Entropy(seed: number)
        return KeptAnswer(key: key, fingerprint: "ab", begunAt: moment, attempt: UUID(using: &entropy))
    }

    private static func answered(_ attempt: KeptAnswer, _ body: String = "{}") -> KeptAnswer {
        var answer = attempt
        answer.response = KeptAnswer.Response(
            status: 201, fields: #"[["Content-Type","application/json"]]"#, body: body)
        return answer
    }

    @Test(arguments: Engine.allCases) func `an answer is there for whoever opens the database next`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        let answer = Self.answered(Self.attempt("k"), #"{"name":"Анна"}"#)
        try await withStore(place) { (store) async throws in
            #expect(try await store.begin(Self.attempt("k")) == nil)
            #expect(try await store.begin(Self.attempt("k", 2)) == Self.attempt("k"))
            store.keep(answer)
            #expect(try await store.begin(Self.attempt("refused")) == nil)
            store.forget(Self.attempt("refused"))
        }
        try await withStore(place) { (store) async throws in
            #expect(try await store.begin(Self.attempt("k", 3)) == answer)
            #expect(try await store.begin(Self.attempt("refused", 3)) == nil)
        }
    }

    @Test(arguments: Engine.allCases) func `an attempt that was not the first changes nothing`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            #expect(try await store.begin(Self.attempt("k")) == nil)
            store.keep(Self.answered(Self.attempt("k")))
            store.keep(Self.answered(Self.attempt("k", 2), "[]"))
            store.forget(Self.attempt("k", 2))
            store.keep(Self.answered(Self.attempt("never begun")))
            #expect(try await store.begin(Self.attempt("k", 3)) == Self.answered(Self.attempt("k")))
            #expect(try await store.begin(Self.attempt("never begun", 3)) == nil)
        }
    }

    @Test(arguments: Engine.allCases) func `answers of a day ago go as others come, and their keys may be used again`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            for number in 0..<30 { _ = try await store.begin(Self.attempt("\(number)")) }
            let tomorrow = noon + KeptAnswer.lifetime + .seconds(1)
            #expect(try await store.begin(Self.attempt("29", 2, at: tomorrow)) == nil)
            let count = try await store.read { (database: Database) throws(SQLFailure) in
                try database.integer("SELECT count(*) FROM request_answers")
            }
            #expect(count == 11 || count == 10)
            #expect(try await store.begin(Self.attempt("29", 3, at: tomorrow)) == Self.attempt("29", 2, at: tomorrow))
        }
    }
}
