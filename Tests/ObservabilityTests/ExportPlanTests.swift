import Telemetry
import Testing
import Web
import Wire

@testable import Observability

struct ExportPlanTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func plan(attempts: Int = 6) -> ExportPlan {
        var settings = ExportPlan.Settings()
        (settings.batch, settings.gathering) = (10, .seconds(5))
        (settings.retries.first, settings.retries.longest, settings.retries.jitter) = (.seconds(1), .seconds(4), 0)
        settings.retries.attempts = attempts
        return ExportPlan(settings, entropy: Entropy(seed: 1))
    }

    @Test func `a batch goes out when it is full, or when its first span has waited`() {
        var plan = plan()
        #expect(plan.step(waiting: 0, now: start) == .idle)
        #expect(plan.step(waiting: 1, now: start) == .wait(.seconds(5)))
        #expect(plan.step(waiting: 9, now: start + .seconds(2)) == .wait(.seconds(3)))
        #expect(plan.step(waiting: 10, now: start + .seconds(2)) == .send)
        plan.settle(.taken(rejected: 0), at: start + .seconds(2))
        #expect(plan.step(waiting: 1, now: start + .seconds(3)) == .wait(.seconds(5)))
        #expect(plan.step(waiting: 1, now: start + .seconds(8)) == .send)
    }

    @Test func `a busy collector is asked again, each time later, and given up in the end`() {
        var plan = plan(attempts: 4)
        var (now, pauses) = (start + .seconds(5), [Duration]())
        _ = plan.step(waiting: 1, now: start)
        while plan.step(waiting: 0, now: now) == .send || pauses.isEmpty {
            plan.settle(.busy("HTTP 503", after: nil), at: now)
            guard case .wait(let pause) = plan.step(waiting: 500, now: now) else { break }
            pauses.append(pause)
            now = now + pause
        }
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4)])
        // It was given up, and what came meanwhile has its turn with a clean record.
        #expect(plan.step(waiting: 500, now: now) == .send)
        plan.settle(.busy("HTTP 503", after: nil), at: now)
        #expect(plan.step(waiting: 500, now: now) == .wait(.seconds(1)))
    }

    @Test func `a collector that says when is not asked before`() {
        var plan = plan()
        plan.settle(.busy("HTTP 429", after: .seconds(30)), at: start)
        #expect(plan.step(waiting: 0, now: start) == .wait(.seconds(30)))
        #expect(plan.step(waiting: 0, now: start + .seconds(30)) == .send)
        plan.settle(.refused("HTTP 400"), at: start + .seconds(31))
        #expect(plan.step(waiting: 0, now: start + .seconds(31)) == .idle)
    }

    @Test func `at the end everything goes out once and nothing waits`() {
        var plan = plan()
        #expect(plan.step(waiting: 3, now: start) == .wait(.seconds(5)))
        plan.close()
        #expect(plan.step(waiting: 3, now: start) == .send)
        plan.settle(.busy("not reachable", after: nil), at: start)
        #expect(plan.step(waiting: 0, now: start) == .giveUp)
        #expect(plan.step(waiting: 0, now: start) == .idle)
    }
}

struct ExportVerdictTests {
    private func response(_ status: Int, _ fields: [String: String] = [:], _ body: [UInt8] = []) -> HTTPClientResponse {
        var response = HTTPClientResponse(status: status, body: body)
        for (name, value) in fields { response.fields.add(name, value) }
        return response
    }

    @Test(arguments: [429, 502, 503, 504]) func `these answers of HTTP are worth another attempt`(status: Int) {
        #expect(ExportVerdict(http: response(status)) == .busy("HTTP \(status)", after: nil))
        let patient = response(status, ["Retry-After": "7"])
        #expect(ExportVerdict(http: patient) == .busy("HTTP \(status)", after: .seconds(7)))
    }

    @Test(arguments: [301, 400, 401, 404, 413, 500, 501]) func `these are final`(status: Int) {
        #expect(ExportVerdict(http: response(status, ["Retry-After": "7"])) == .refused("HTTP \(status)"))
    }

    @Test func `a pause without end is not kept`() {
        let endless = response(503, ["Retry-After": "99999999999"])
        #expect(ExportVerdict(http: endless) == .busy("HTTP 503", after: .seconds(120)))
    }

    @Test func `a part that is taken says how much is not`() throws {
        let answer = try #require(Hex.decode(OTLPFixtures.partialSuccess))
        #expect(ExportVerdict(http: response(200, [:], answer)) == .taken(rejected: 3))
        let framed = [0, 0, 0, 0, UInt8(answer.count)] + answer
        #expect(ExportVerdict(grpc: response(200, ["grpc-status": "0"], framed)) == .taken(rejected: 3))
    }

    @Test func `gRPC says it by its status`() {
        for status in [1, 4, 10, 11, 14, 15] {
            let answer = ExportVerdict(grpc: response(200, ["grpc-status": "\(status)"]))
            #expect(answer == .busy("gRPC status \(status)", after: nil))
        }
        for status in [2, 3, 5, 7, 8, 12, 13, 16] {
            let answer = ExportVerdict(grpc: response(200, ["grpc-status": "\(status)"]))
            #expect(answer == .refused("gRPC status \(status)"))
        }
        #expect(ExportVerdict(grpc: response(503)) == .busy("HTTP 503", after: nil))
        #expect(ExportVerdict(grpc: response(200)) == .refused("no grpc-status"))
    }
}

struct SpanQueueTests {
    private func spans(_ count: Int) throws -> [Span] {
        let tracer = Tracer(.standard, sink: KeptSpans(), entropy: Entropy(seed: 1), clock: { .zero })
        let span = try #require(tracer.begin("call", .internal, at: .zero))
        return Array(repeating: span, count: count)
    }

    @Test func `the newest are dropped and counted when there is no room`() throws {
        let dropped = Counter()
        let queue = SpanQueue(capacity: 25, batch: 10, dropped: dropped)
        #expect(queue.add(try spans(1)), "the first is told")
        #expect(!queue.add(try spans(8)), "nothing is due")
        #expect(queue.add(try spans(1)), "a batch is full")
        #expect(!queue.add(try spans(30)), "whoever empties it knows already")
        #expect(queue.count == 25 && dropped.value == 15)
        #expect([queue.take().count, queue.take().count, queue.take().count, queue.take().count] == [10, 10, 5, 0])
    }
}
