import CallKit
import CallModel
import Calls
import Directory
import Reactor
import Telemetry
import TestKit
import Testing
import Web
import Wire

@testable import Webhooks

/// What the realtime service of document 000's system is told, and by which rows.
struct RealtimeTests {
    private let simulation = Simulation(seed: 5)
    private let store = MemoryStore()

    private func news(gateway: UUID? = nil) throws -> RealtimeNews {
        let loop = simulation.loop
        let client = HTTPClient(
            name: "t", loop: loop, network: simulation.host("192.0.2.1"), HTTPClient.Settings(hosts: HostRules(["*"])))
        defer { client.stop() }
        let url = try #require(HTTPURL("http://realtime-service:5009"))
        let broadcasts = MetricRegistry().counter("b", "Of what became of them.", labels: ["event", "result"])
        return RealtimeNews(
            loop: loop, target: RealtimeNews.Target(url: url, token: "the secret"), client: client, store: store,
            gateway: gateway, broadcasts: broadcasts)
    }

    private func event(_ notice: CallEvent.Notice, _ change: (inout CallRecord) -> Void = { _ in }) -> CallEvent {
        var entropy = Entropy(seed: 9)
        var record = CallRecord(
            id: 12, uuid: UUID(using: &entropy), source: .sip, direction: .incoming, state: .answered,
            callerNumber: "+79991234567", receiverNumber: "1001", startedAt: WallTime(milliseconds: 1_700_000_000_000))
        record.operatorID = 7
        change(&record)
        return CallEvent(record: record, notice: notice, offeredTo: [])
    }

    private func words(_ rows: [CallRow]) throws -> [String] {
        try rows.map { row in
            guard case .outbox(let item) = row else { throw CancellationError() }
            return try #require(try JSONValue(parsing: item.body)["event"]?.stringValue)
        }
    }

    @Test func `a call is new when it is first answered, and is told of until it ends`() throws {
        let news = try news()
        let steps: [(CallNotice, [String])] = [
            (.created, []), (.ringing, []), (.answered, ["call-new"]), (.held(true, userID: nil), []),
            (.answered, ["call-updated"]), (.transferred(fromUserID: 1, toUserID: 2), ["call-updated"]),
            (.ended, ["call-ended"]),
            // Its number is nobody's any more: another one that is never answered is new when it is over.
            (.ended, ["call-new", "call-ended"]),
        ]
        for (notice, expected) in steps { #expect(try words(news.rows(for: event(.life(notice)))) == expected) }
    }

    @Test func `a call that was cut off with the program is new to nobody who was told when it was answered`() throws {
        let news = try news()
        let answered = event(.life(.ended)) {
            ($0.endReason, $0.answeredAt) = (.interrupted, WallTime(milliseconds: 1_700_000_001_000))
        }
        #expect(try words(news.rows(for: answered)) == ["call-ended"])
        #expect(try words(news.rows(for: event(.life(.ended)) { $0.endReason = .interrupted })).first == "call-new")
    }

    @Test func `a broadcast waits without the token, in the order of its gateway`() throws {
        let gateway = UUID("0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90")
        let rows = try news(gateway: gateway).rows(for: event(.life(.answered)))
        guard case .outbox(let item) = try #require(rows.first) else { throw CancellationError() }
        #expect(item.kind == "realtime" && item.orderingKey == "realtime:0b7e9f5e-6a0c-4f5e-9b7a-2f4c4c7d8e90")
        let body = try JSONValue(parsing: item.body)
        #expect(body["call"]?["id"] == 12 && body["call"]?["phoneClient"] == "+79991234567")
        #expect(body["rooms"] == ["operators", "operator:7"] && !item.body.contains("secret"))
    }

    @Test func `records that no call's life goes with are told of when they are filed, mended or recorded`() throws {
        let news = try news()
        for (notice, expected) in [
            (CallEvent.Notice.filed(isNew: true), "call-new"), (.filed(isNew: false), "call-updated"),
            (.recorded, "call-updated"),
        ] {
            let count = store.outbox.count
            #expect(news.rows(for: event(notice)).isEmpty)
            news.callChanged(event(notice))
            #expect(store.outbox.count == count + 1)
            #expect(try words(store.outbox.suffix(1).map { .outbox($0.item) }) == [expected])
        }
        let count = store.outbox.count
        news.callChanged(event(.life(.ended)))
        news.callChanged(event(.edited(userID: 1, changesNotes: true)))
        #expect(store.outbox.count == count)
    }
}
