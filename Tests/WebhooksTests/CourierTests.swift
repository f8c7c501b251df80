import CallModel
import Reactor
import Synchronization
import Telemetry
import TestKit
import Testing
import Wire

@testable import Webhooks

/// A courier in virtual time, and somebody it brings things to.
private final class Round: Sendable {
    let loop: SimulatedLoop
    let outbox = MemoryOutbox()
    let registry = MetricRegistry()
    let courier: OutboxCourier
    private let receiver: Receiver
    private let simulation: Simulation

    /// What comes of each attempt, and what was brought, by message.
    final class Receiver: Sendable {
        let heard = Mutex<[String]>([])
        let answer = Mutex<@Sendable (OutboxItem) -> OutboxCourier.Result>({ _ in .arrived })
    }

    init(seed: UInt64 = 1) {
        simulation = Simulation(seed: seed)
        let (loop, receiver) = (simulation.loop, Receiver())
        (self.loop, self.receiver) = (loop, receiver)
        let deliver: @Sendable (OutboxItem) async -> OutboxCourier.Result = { item in
            receiver.heard.withLock { $0.append(item.messageID) }
            return receiver.answer.withLock { $0 }(item)
        }
        courier = OutboxCourier(
            loop: loop, store: outbox,
            carriers: [
                "webhook": OutboxCourier.Carrier(deliver: deliver),
                "realtime": OutboxCourier.Carrier(RealtimeNews.schedule, deliver: deliver),
            ],
            metrics: OutboxMetrics(registry) { loop.wallTime }, logger: .silent)
    }

    var heard: [String] { receiver.heard.withLock { $0 } }
    func answer(_ answer: @escaping @Sendable (OutboxItem) -> OutboxCourier.Result) {
        receiver.answer.withLock { $0 = answer }
    }

    func start() throws {
        let courier = courier
        try loop.complete { await courier.start() }
        settle()
    }

    func add(_ messages: [String], key: String = "webhook:1", kind: String = "webhook") {
        let now = loop.wallTime
        outbox.add(
            messages.map {
                .outbox(OutboxItem(kind: kind, orderingKey: key, messageID: $0, body: "{}", at: now))
            })
        courier.wake([key])
        settle()
    }

    func settle(_ duration: Duration = .milliseconds(100)) { loop.advance(by: duration) }

    func count(_ result: String) -> UInt64 {
        for case .counter(let family) in registry.entries where family.name == "outbox_deliveries_total" {
            return family.with("webhook", result).value
        }
        return 0
    }
}

struct CourierTests {
    @Test func `everything arrives in its order, and nothing is left`() throws {
        let round = Round()
        try round.start()
        let messages = (0..<50).map { "m\($0)" }
        round.add(messages)
        #expect(round.heard == messages && round.outbox.items.isEmpty)
        #expect(round.count("delivered") == 50)
    }

    @Test func `what an earlier run left is taken up`() throws {
        let round = Round()
        round.answer { _ in .withheld }
        round.add(["a", "b"])
        let later = Round()
        later.outbox.add(round.outbox.items.map(CallRow.outbox))
        try later.start()
        #expect(later.heard == ["a", "b"])
    }

    @Test func `while the first rests those behind it wait, and other keys do not`() throws {
        let round = Round()
        try round.start()
        round.answer { $0.messageID == "a" && $0.attempts < 2 ? .failed("HTTP 503") : .arrived }
        round.add(["a", "b"])
        round.add(["x"], key: "webhook:2")
        #expect(round.heard == ["a", "x"])
        #expect(round.outbox.items.first?.lastError == "HTTP 503")
        round.settle(.seconds(5))
        #expect(round.heard == ["a", "x", "a", "a", "b"])
        #expect(round.count("failed") == 2 && round.count("delivered") == 3)
    }

    @Test func `new items do not wake what rests`() throws {
        let round = Round()
        try round.start()
        round.answer { _ in .failed("down") }
        round.add(["a"])
        for number in 0..<5 { round.add(["n\(number)"]) }
        #expect(round.heard == ["a"])
    }

    @Test func `after so many failures an item is parked, and the next has its turn`() throws {
        let round = Round()
        try round.start()
        round.answer { $0.messageID == "poison" ? .failed("HTTP 500") : .arrived }
        round.add(["poison", "b"])
        round.settle(.seconds(3 * 3600))
        #expect(round.heard.count { $0 == "poison" } == RetrySchedule().attempts)
        #expect(round.heard.last == "b" && round.outbox.messages == ["poison"])
        let parked = try #require(round.outbox.items.first)
        #expect(parked.state == .parked && parked.attempts == 20 && parked.lastError == "HTTP 500")
        #expect(round.count("parked") == 1)
    }

    @Test func `a realtime service that is away for a day gets all of it within moments of being back`() throws {
        let round = Round()
        try round.start()
        round.answer { _ in .failed("HTTP 503") }
        round.add(["a", "b"], key: "realtime", kind: "realtime")
        round.settle(.seconds(24 * 3600))
        #expect(Set(round.heard) == ["a"] && round.outbox.items.allSatisfy { $0.state == .pending })
        round.answer { _ in .arrived }
        round.settle(.seconds(20))
        #expect(round.heard.suffix(2) == ["a", "b"] && round.outbox.items.isEmpty)
    }

    @Test func `a refusal parks at once, and an administrator's retry brings it again`() throws {
        let round = Round()
        try round.start()
        round.answer { _ in .refused("HTTP 404") }
        round.add(["a"])
        #expect(round.heard == ["a"] && round.outbox.items.first?.state == .parked)
        round.answer { _ in .arrived }
        let (courier, outbox, now) = (round.courier, round.outbox, round.loop.wallTime)
        try round.loop.complete {
            _ = try await outbox.retryItem(id: 1, at: now)
            await courier.hurry("webhook:1")
        }
        round.settle()
        #expect(round.heard == ["a", "a"] && round.outbox.items.isEmpty)
    }

    @Test func `what is withheld waits without attempts until it is hurried, and what is pointless goes`() throws {
        let round = Round()
        try round.start()
        round.answer { _ in .withheld }
        round.add(["a"])
        round.settle(.seconds(3600))
        #expect(round.heard == ["a"] && round.outbox.items.first?.attempts == 0)
        round.answer { _ in .pointless }
        let courier = round.courier
        try round.loop.complete { await courier.hurry("webhook:1") }
        round.settle()
        #expect(round.outbox.items.isEmpty && round.count("dropped") == 1)
    }

    @Test func `a store that does not answer is asked again`() throws {
        let round = Round()
        try round.start()
        round.outbox.breakDown(true)
        round.add(["a"])
        #expect(round.heard.isEmpty)
        round.outbox.breakDown(false)
        round.settle(.seconds(3))
        #expect(round.heard == ["a"])
    }

    @Test func `while the store cannot write, what has arrived is not brought again`() throws {
        let round = Round()
        try round.start()
        round.outbox.fill(true)
        round.answer { $0.messageID == "b" ? .refused("HTTP 404") : .arrived }
        round.add(["a", "b"])
        round.settle(.seconds(60))
        #expect(round.heard == ["a", "b"] && round.outbox.messages == ["a", "b"])
        round.outbox.fill(false)
        round.add(["c"])
        round.settle(.seconds(3))
        #expect(round.heard == ["a", "b", "c"] && round.outbox.messages == ["b"])
    }

    @Test func `what an administrator has tried again is brought, though its turn was over`() throws {
        let round = Round()
        try round.start()
        round.answer { $0.messageID == "a" ? .refused("HTTP 404") : .failed("down") }
        round.add(["a", "b"])
        round.answer { _ in .arrived }
        let (courier, outbox, now) = (round.courier, round.outbox, round.loop.wallTime)
        try round.loop.complete {
            _ = try await outbox.retryItem(id: 1, at: now)
            await courier.hurry("webhook:1")
        }
        round.settle(.seconds(3))
        #expect(round.heard == ["a", "b", "a", "b"] && round.outbox.items.isEmpty)
    }

    @Test func `after the halt nothing is begun`() throws {
        let round = Round()
        try round.start()
        round.answer { _ in .failed("down") }
        round.add(["a"])
        let courier = round.courier
        try round.loop.complete {
            await courier.halt()
            await courier.finish()
        }
        round.add(["b"])
        round.settle(.seconds(60))
        #expect(round.heard == ["a"] && round.outbox.messages == ["a", "b"])
    }
}
