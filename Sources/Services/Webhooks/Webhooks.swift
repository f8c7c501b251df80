package import CallModel
import CallViews
package import Calls
package import Directory
package import Reactor
package import Telemetry
package import Web
import Wire

/// Tells servers of others what happens to calls.
///
/// What happens is written into the outbox with the call's record, and brought from there by a courier.
package final class Webhooks: Sendable {
    static let kind = "webhook"

    private let loop: any EventLoop
    private let roster: RosterBox
    private let store: any Outbox & EventHistory
    private let sender: HookSender
    /// Nil: there is no realtime service, or it is told nothing.
    package let realtime: RealtimeNews?
    package let courier: OutboxCourier
    private let entropy: Locked<Entropy>

    package init(
        loop: any EventLoop, roster: RosterBox, store: any Outbox & EventHistory, client: HTTPClient,
        realtime: RealtimeNews? = nil, metrics: OutboxMetrics, logger: Logger
    ) {
        (self.loop, self.roster, self.store, self.realtime) = (loop, roster, store, realtime)
        let sender = HookSender(loop: loop, client: client)
        self.sender = sender
        let hooks = OutboxCourier.Carrier { item in
            guard let id = Self.webhookID(item.orderingKey) else { return .pointless }
            // One whose secret cannot be read is not in the roster either; whoever removes one removes its items.
            guard let webhook = roster.current.webhook(id: id), webhook.isActive else { return .withheld }
            return await sender.send(item, Self.eventName(of: item), to: webhook)
        }
        var carriers = [Self.kind: hooks]
        if let realtime {
            carriers[RealtimeNews.kind] = OutboxCourier.Carrier(RealtimeNews.schedule) { await realtime.send($0) }
        }
        courier = OutboxCourier(loop: loop, store: store, carriers: carriers, metrics: metrics, logger: logger)
        entropy = Locked(loop.makeEntropy())
        realtime?.follow { [courier] key in courier.wake([key]) }
    }

    // MARK: - Publishing

    /// The rows that tell everybody who wants to know of an event; to be written with the record it is about.
    ///
    /// From any thread.
    package func rows(for event: CallEvent) -> [CallRow] { (realtime?.rows(for: event) ?? []) + hooks(for: event) }

    private func hooks(for event: CallEvent) -> [CallRow] {
        let roster = roster.current
        guard !roster.webhooks.isEmpty else { return [] }
        let (name, id, now) = (HookEvent(event.notice), newID(), loop.wallTime)
        let facts = CallFacts(record: event.record, roster: roster)
        let published = PublishedEvent(
            id: id.description, name: name.rawValue, body: HookPayload.text(id, name, event, facts, at: now),
            traceParent: event.traceParent, createdAt: now)
        let items = roster.webhooks.filter { $0.isActive && $0.wants(name) }.map { Self.item(published, for: $0, now) }
        courier.wake(items.map(\.orderingKey))
        return [.published(published)] + items.map(CallRow.outbox)
    }

    private static func item(_ event: PublishedEvent, for webhook: Webhook, _ now: WallTime) -> OutboxItem {
        OutboxItem(
            kind: kind, orderingKey: key(of: webhook), messageID: event.id, body: event.body,
            traceParent: event.traceParent, at: now)
    }

    private static func key(of webhook: Webhook) -> String { Webhook.orderingKey(ofWebhook: webhook.id) }

    private static func webhookID(_ key: String) -> Int64? {
        key.hasPrefix("webhook:") ? Int64(key.dropFirst("webhook:".count)) : nil
    }

    private static func eventName(of item: OutboxItem) -> String {
        (try? JSONValue(parsing: item.body))?["event"]?.stringValue ?? ""
    }

    private func newID() -> UUID { entropy.withLock { UUID(using: &$0) } }

    // MARK: - For administrators

    /// Sends a test at once, past the outbox; answers the event's id and what went wrong, nil when nothing did.
    package func test(_ webhook: Webhook) async -> (eventID: String, error: String?) {
        let (id, now) = (newID(), loop.wallTime)
        let item = OutboxItem(
            kind: Self.kind, orderingKey: Self.key(of: webhook), messageID: id.description,
            body: HookPayload.test(id, at: now), at: now)
        switch await sender.send(item, HookEvent.test.rawValue, to: webhook) {
        case .arrived: return (id.description, nil)
        case .failed(let error), .refused(let error): return (id.description, error)
        case .pointless, .withheld: return (id.description, "the gateway is stopping")
        }
    }

    /// Queues again what happened after an event and the webhook wants; nil when the event is not kept (any more).
    package func replay(_ webhook: Webhook, after eventID: String) async throws(StoreError) -> Int? {
        let now = loop.wallTime
        let queued = try await store.replay(after: eventID, limit: OutboxCourier.mostEvents) { event in
            guard let name = HookEvent(rawValue: event.name), webhook.wants(name) else { return nil }
            return Self.item(event, for: webhook, now)
        }
        if queued ?? 0 > 0 { courier.wake([Self.key(of: webhook)]) }
        return queued
    }

    /// Tries at once what was withheld from webhooks that were changed, or failed; on the loop.
    package func changed(_ webhooks: [Webhook]) {
        courier.assumeIsolated { courier in for webhook in webhooks { courier.hurry(Self.key(of: webhook)) } }
    }
}
