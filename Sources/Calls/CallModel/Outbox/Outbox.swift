package import Directory
package import Wire

/// The port to what must reach servers of others, implemented where calls are stored.
///
/// Items come in as rows of a call (`CallRow.outbox`), in one transaction with what they tell of.
package protocol Outbox: Sendable {
    /// The keys under which something of a kind is pending.
    func pendingKeys(kind: String) async throws(StoreError) -> [String]
    /// The oldest pending items of a key, whether their time has come or not.
    func nextItems(key: String, limit: Int) async throws(StoreError) -> [OutboxItem]
    /// Queues what became of an attempt, in order, and does not make the caller wait; reads see it.
    func settle(_ settlement: OutboxSettlement)

    /// `state`, `kind`: nil for any.
    func items(
        state: OutboxItem.State?, kind: String?, limit: Int, offset: Int
    ) async throws(StoreError) -> OutboxPage
    /// Makes an item due again as if it had never been tried; nil when there is none of this id.
    func retryItem(id: Int64, at now: WallTime) async throws(StoreError) -> OutboxItem?
    func removeItem(id: Int64) async throws(StoreError) -> Bool
    func figures() async throws(StoreError) -> OutboxFigures
    /// Gives up the oldest items beyond so many, the parked ones first; answers how many.
    func trimOutbox(to limit: Int) async throws(StoreError) -> Int
}

/// The port to the events that were published lately, for subscribers that ask for them again.
package protocol EventHistory: Sendable {
    /// Queues again what was published after an event, at most so many: each item that `item` makes of an event.
    ///
    /// What still waits is not queued twice. Answers how many were queued; nil when the event is not kept (any more).
    func replay(
        after eventID: String, limit: Int, _ item: @escaping @Sendable (PublishedEvent) -> OutboxItem?
    ) async throws(StoreError) -> Int?
    /// Forgets the oldest events beyond so many.
    func trimEvents(to limit: Int) async throws(StoreError)
}

/// Something that happened, as subscribers are told of it.
package struct PublishedEvent: Hashable, Sendable {
    package let id: String
    package let name: String
    /// JSON.
    package let body: String
    package let traceParent: String?
    package let createdAt: WallTime

    package init(id: String, name: String, body: String, traceParent: String?, createdAt: WallTime) {
        (self.id, self.name, self.body) = (id, name, body)
        (self.traceParent, self.createdAt) = (traceParent, createdAt)
    }
}
