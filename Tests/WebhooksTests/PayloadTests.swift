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

/// What webhooks are told, and by which rows.
struct PayloadTests {
    private static func webhook(_ id: Int64, _ events: Set<HookEvent> = [], isActive: Bool = true) -> Webhook {
        var webhook = Webhook(id: id, name: "w\(id)")
        (webhook.url, webhook.events, webhook.isActive) = ("https://crm.example/", events, isActive)
        return webhook
    }

    private static func make(_ webhooks: [Webhook]) -> (Webhooks, SimulatedLoop, Simulation) {
        let simulation = Simulation(seed: 3)
        let loop = simulation.loop
        let client = HTTPClient(
            name: "t", loop: loop, network: simulation.host("192.0.2.1"), HTTPClient.Settings(hosts: HostRules(["*"])))
        defer { client.stop() }
        let made = Webhooks(
            loop: loop, roster: RosterBox(Roster(webhooks: webhooks)), store: MemoryOutbox(), client: client,
            metrics: OutboxMetrics(MetricRegistry()) { loop.wallTime }, logger: .silent)
        return (made, loop, simulation)
    }

    private static func event(_ notice: CallEvent.Notice, _ change: (inout CallRecord) -> Void = { _ in }) -> CallEvent
    {
        var entropy = Entropy(seed: 9)
        var record = CallRecord(
            id: 12, uuid: UUID(using: &entropy), source: .sip, direction: .incoming, state: .ringing,
            callerNumber: "+79991234567", receiverNumber: "1001", startedAt: WallTime(milliseconds: 1_700_000_000_000))
        change(&record)
        return CallEvent(record: record, notice: notice, offeredTo: [])
    }

    @Test func `who wants an event gets a row, and what is published is kept for all`() throws {
        let (webhooks, loop, _) = Self.make([
            Self.webhook(1), Self.webhook(2, [.ended]), Self.webhook(3, [.ringing]), Self.webhook(4, isActive: false),
        ])
        let rows = webhooks.rows(for: Self.event(.life(.ringing)))
        let items = rows.compactMap { row in if case .outbox(let item) = row { item } else { nil } }
        #expect(items.map(\.orderingKey) == ["webhook:1", "webhook:3"])
        guard case .published(let event) = try #require(rows.first) else { throw CancellationError() }
        #expect(Set(items.map(\.messageID)) == [event.id] && Set(items.map(\.body)) == [event.body])
        let body = try JSONValue(parsing: event.body)
        #expect(body["eventId"] == .string(event.id) && body["event"] == "call.ringing")
        #expect(body["createdAt"] == .string(loop.wallTime.iso8601()))
        #expect(body["call"]?["numericId"] == 12 && body["call"]?["phoneNumber"] == "+79991234567")
        #expect(Self.make([]).0.rows(for: Self.event(.life(.ringing))).isEmpty)
    }

    private static let transfer = CallNotice.transferRequested(
        fromUserID: 1, toUserID: nil, target: "2000", reason: "x")
    private static let notices: [(CallEvent.Notice, String, String)] = [
        (.life(.offered(userID: 7)), "call.offered", #"{"userId":7}"#),
        (.life(.held(false, userID: nil)), "call.resumed", #"{"userId":null}"#),
        (.life(transfer), "call.transfer-requested", #"{"fromUserId":1,"toUserId":null,"target":"2000","reason":"x"}"#),
        (.edited(userID: 1, changesNotes: true), "call.edited", #"{"userId":1,"changesNotes":true}"#),
        (.filed(isNew: true), "call.filed", "{}"), (.filed(isNew: false), "call.corrected", "{}"),
        (.recording(.paused, userID: 1), "call.recording-changed", #"{"state":"paused","userId":1}"#),
    ]

    @Test(arguments: notices) func `each event has its name and what the record does not say`(
        notice: CallEvent.Notice, name: String, details: String
    ) throws {
        let (webhooks, _, _) = Self.make([Self.webhook(1)])
        guard case .published(let event) = try #require(webhooks.rows(for: Self.event(notice)).first) else {
            throw CancellationError()
        }
        let body = try JSONValue(parsing: event.body)
        #expect(body["event"]?.stringValue == name && body["details"]?.text == details)
    }

    @Test func `a transcript of a megabyte is left out, and that is said`() throws {
        let (webhooks, _, _) = Self.make([Self.webhook(1)])
        let event = Self.event(.life(.ended)) { $0.transcript = String(repeating: "x", count: 1 << 20) }
        guard case .published(let published) = try #require(webhooks.rows(for: event).first) else {
            throw CancellationError()
        }
        #expect(published.body.utf8.count < HookPayload.maximumLength)
        let body = try JSONValue(parsing: published.body)
        #expect(body["truncated"] == true && body["call"]?["uuid"]?.stringValue != nil)
    }

    @Test func `the signature is of the time and the body`() {
        // From `openssl dgst -sha256 -hmac`.
        let made = HookSignature.make(secret: "secret-of-the-hook", timestamp: 1_700_000_000, body: Array("{}".utf8))
        #expect(made == "sha256=9bd1f092aea90b3f3a8897a0f16f5156b239e998d6dcbabb251901a086eda03e")
    }

    @Test(arguments: [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false), ("", false), ("00-\r\n-x-01", false),
    ]) func `only a traceparent as W3C writes it is handed on`(text: String, isValid: Bool) {
        #expect(TraceContext.isValid(text) == isValid)
    }
}
