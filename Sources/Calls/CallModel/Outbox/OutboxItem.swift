package import Wire

/// Work that must reach a server of others: written down with the call it belongs to, and kept until it has.
package struct OutboxItem: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// It is brought when its time and its turn have come.
        case pending
        /// It was refused for good, or too often; it waits for an administrator, and nothing waits for it.
        case parked
    }

    /// The store's; it grows in the order of writing.
    package var id: Int64 = 0
    /// Which courier brings it.
    package let kind: String
    /// Items of one key arrive one after the other, in the order of writing.
    package let orderingKey: String
    /// By which the receiver knows a repetition; unique for each key while it waits.
    package let messageID: String
    /// What is brought, in the words of its kind.
    package let body: String
    /// Of the request that caused it (W3C Trace Context), when there was one.
    package var traceParent: String?
    package var state = State.pending
    package var attempts = 0
    package var nextAttemptAt: WallTime
    package var lastError: String?
    package let createdAt: WallTime

    package init(
        kind: String, orderingKey: String, messageID: String, body: String, traceParent: String? = nil, at now: WallTime
    ) {
        (self.kind, self.orderingKey, self.messageID, self.body) = (kind, orderingKey, messageID, body)
        self.traceParent = traceParent
        (createdAt, nextAttemptAt) = (now, now)
    }
}

/// What became of one attempt.
package enum OutboxSettlement: Hashable, Sendable {
    /// It has arrived, or there is nobody any more to bring it to: the item is gone.
    case done(Int64)
    case failed(Int64, error: String, attempts: Int, next: WallTime)
    case parked(Int64, error: String, attempts: Int)
}

/// How much waits.
package struct OutboxFigures: Hashable, Sendable {
    package var pending = 0
    package var parked = 0
    /// When the oldest pending item was written; nil when none is pending.
    package var oldest: WallTime?

    package init(pending: Int = 0, parked: Int = 0, oldest: WallTime? = nil) {
        (self.pending, self.parked, self.oldest) = (pending, parked, oldest)
    }
}

/// One page of the items, the oldest first, and how many there are.
package struct OutboxPage: Hashable, Sendable {
    package var items: [OutboxItem]
    package var total: Int

    package init(items: [OutboxItem], total: Int) { (self.items, self.total) = (items, total) }
}
