import CallModel
import Directory
import Synchronization
import Testing
import Web
import Wire

@testable import API

/// Requests with an `Idempotency-Key`.
@Suite struct CreationTests {
    private static let body: JSONValue = ["phoneClient": "79991234567", "status": "missed"]

    private func make(
        _ scene: Scene, _ key: String, _ body: JSONValue = body, user: Int64 = 1
    ) throws -> Scene.Answer {
        try scene.ask(.post, "/api/v1/calls", body, user: user, fields: ["Idempotency-Key": key])
    }

    @Test func `repeating a request makes nothing new and answers the same`() throws {
        let scene = try Scene(.required)
        let first = try make(scene, "k1")
        let again = try make(scene, "k1")
        #expect(first.status == 201 && again.status == 201 && again.body == first.body)
        #expect(first.fields["Idempotent-Replayed"] == nil && again.fields["Idempotent-Replayed"] == "true")
        #expect(scene.store.records.count == 1)
        #expect(try make(scene, "k2").body != first.body && scene.store.records.count == 2)
    }

    @Test func `a key is its caller's, and good for one body`() throws {
        let scene = try Scene(.required)
        let first = try make(scene, "k")
        #expect(try make(scene, "k", user: 2).body != first.body)
        let other = try make(scene, "k", ["phoneClient": "79991234567", "status": "busy"])
        #expect(other.status == 409 && other.code == "IDEMPOTENCY_CONFLICT")
        #expect(scene.store.records.count == 2)
    }

    @Test func `what was refused may be tried again`() throws {
        let scene = try Scene(.required)
        let wrong: JSONValue = ["phoneClient": "79991234567", "status": "nothing"]
        #expect(try make(scene, "k", wrong).status == 400)
        #expect(try make(scene, "k").status == 201)
    }

    @Test func `a key that is none is refused`() throws {
        let scene = try Scene()
        #expect(try make(scene, "").status == 400)
        #expect(try make(scene, String(repeating: "k", count: 256)).status == 400)
        #expect(scene.store.records.isEmpty)
    }

    @Test func `an answer is repeated by the next process, and by another gateway on the same database`() throws {
        let answers = MemoryAnswers()
        let (scene, next) = (try Scene(.required, answers: answers), try Scene(.required, answers: answers))
        let first = try make(scene, "k")
        let again = try make(next, "k")
        #expect(again.status == 201 && again.body == first.body && again.fields["Idempotent-Replayed"] == "true")
        #expect(again.fields["Content-Type"] == first.fields["Content-Type"] && next.store.records.isEmpty)
        let other = try make(next, "k2", ["phoneClient": "79991234567", "status": "busy"])
        #expect(other.status == 201)
        // With another body it is a conflict there, too, and one that leaves the key as it is.
        for _ in 0..<2 {
            #expect(try make(scene, "k2").code == "IDEMPOTENCY_CONFLICT")
        }
        let later = try make(scene, "k2", ["phoneClient": "79991234567", "status": "busy"])
        #expect(later.body == other.body && scene.store.records.count == 1)
    }

    @Test func `what a program that ended had begun is not done again`() throws {
        let answers = MemoryAnswers()
        _ = try make(try Scene(.required, answers: answers), "k")
        answers.loseResponses()
        let next = try Scene(.required, answers: answers)
        for _ in 0..<2 {
            let refused = try make(next, "k")
            #expect(refused.status == 409 && refused.code == "IDEMPOTENCY_CONFLICT")
            #expect(refused.fields["Retry-After"] != nil && next.store.records.isEmpty)
        }
    }

    @Test func `nothing is kept of a request with a password in it`() throws {
        let answers = MemoryAnswers()
        let scene = try Scene(.required, answers: answers)
        let body: JSONValue = ["login": "vera", "password": "a-good-password"]
        for _ in 0..<2 {
            let made = try scene.ask(
                .post, "/api/v1/admin/users", body, user: 3, role: "admin", fields: ["Idempotency-Key": "k"])
            #expect(made.status == 201, "\(made.body)")
        }
        #expect(answers.isEmpty)
    }

    @Test func `of what was refused nothing is kept`() throws {
        let answers = MemoryAnswers()
        let wrong: JSONValue = ["phoneClient": "79991234567", "status": "nothing"]
        #expect(try make(try Scene(.required, answers: answers), "k", wrong).status == 400)
        #expect(answers.isEmpty)
        #expect(try make(try Scene(.required, answers: answers), "k").status == 201)
    }

    @Test func `while the database is away, what has a key is made nevertheless`() throws {
        let answers = MemoryAnswers()
        answers.isAway.store(true, ordering: .relaxed)
        let scene = try Scene(.required, answers: answers)
        #expect(try make(scene, "k").status == 201)
        #expect(try make(scene, "k").fields["Idempotent-Replayed"] == "true")
    }

    @Test func `two at once are done once`() {
        let keys = IdempotencyKeys()
        let key = IdempotencyKeys.Key(caller: "a", path: "/", name: "k")
        let now = Instant(nanoseconds: 0)
        guard case .new = keys.begin(key, fingerprint: [1], now: now) else {
            Issue.record("the key is taken")
            return
        }
        if case .running = keys.begin(key, fingerprint: [1], now: now) {} else { Issue.record("not so") }
        keys.finish(key, .empty())
        if case .done(let response) = keys.begin(key, fingerprint: [1], now: now) {
            #expect(response.status == .noContent)
        } else {
            Issue.record("not so")
        }
    }

    @Test func `keys are forgotten by age, and by number for one caller and for all`() {
        var limits = IdempotencyKeys.Limits()
        (limits.entries, limits.entriesPerCaller, limits.lifetime) = (5, 3, .seconds(10))
        let keys = IdempotencyKeys(limits: limits)
        func begin(_ caller: String, _ name: Int, at seconds: Int64) -> Bool {
            let key = IdempotencyKeys.Key(caller: caller, path: "/", name: "\(name)")
            let now = Instant(nanoseconds: UInt64(seconds) * 1_000_000_000)
            guard case .new = keys.begin(key, fingerprint: [], now: now) else { return false }
            keys.finish(key, .empty())
            return true
        }
        for name in 0..<4 { #expect(begin("a", name, at: 0)) }
        #expect(keys.count == 3 && !begin("a", 3, at: 1) && begin("a", 0, at: 1))
        for name in 0..<3 { #expect(begin("b", name, at: 2)) }
        #expect(keys.count == 5 && begin("a", 2, at: 2))
        #expect(begin("c", 0, at: 60) && keys.count == 1)
    }

    @Test func `failures and long answers are not kept`() {
        let keys = IdempotencyKeys()
        let key = IdempotencyKeys.Key(caller: "a", path: "/", name: "k")
        for response in [Failure.internalError.response, .json(bytes: [UInt8](repeating: 0, count: 70_000))] {
            guard case .new = keys.begin(key, fingerprint: [], now: Instant(nanoseconds: 0)) else {

                Issue.record("the key is taken")
                return

            }
            keys.finish(key, response)
            #expect(keys.count == 0)
        }
    }
}

/// What a database keeps of answers.
final class MemoryAnswers: AnswerStore {
    let isAway = Atomic(false)
    private let answers = Locked<[KeptAnswer.Key: KeptAnswer]>([:])

    func begin(_ attempt: KeptAnswer) async throws(StoreError) -> KeptAnswer? {
        if isAway.load(ordering: .relaxed) { throw .unavailable(reason: "away") }
        return answers.withLock { answers in
            if let kept = answers[attempt.key] { return kept }
            answers[attempt.key] = attempt
            return nil
        }
    }

    func keep(_ answer: KeptAnswer) {
        answers.withLock { if $0[answer.key]?.attempt == answer.attempt { $0[answer.key] = answer } }
    }

    func forget(_ attempt: KeptAnswer) {
        answers.withLock { if $0[attempt.key]?.attempt == attempt.attempt { $0[attempt.key] = nil } }
    }

    /// As a program leaves them that ends in the middle.
    func loseResponses() {
        answers.withLock { answers in for key in answers.keys { answers[key]?.response = nil } }
    }

    var isEmpty: Bool { answers.withLock(\.isEmpty) }
}
