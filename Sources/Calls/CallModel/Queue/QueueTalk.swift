package import Wire

/// A place in a queue for a call.
package struct QueueTicket: Sendable, Equatable {
    package let name: String
    /// After this the call ends by itself, should the queue forget it.
    let longestWait: Duration

    /// `longestWait` is the queue's own limit, which it keeps itself.
    package init(name: String, longestWait: Duration) { (self.name, self.longestWait) = (name, longestWait) }
}

/// What a queue tells a call that waits in it.
package enum QueueOrder: Sendable, Equatable {
    /// The caller may stay: it is answered and hears music.
    case welcome
    /// Reach these devices of members.
    case offer([Party])
    /// Stop reaching the devices of these users.
    case withdraw([Int64])
    case leave(to: QueueExit)
}

/// Where a call goes that nobody in the queue took.
package enum QueueExit: Sendable, Equatable {
    case parties([Party])
    case queue(QueueTicket)
    case nowhere
}

/// What a call tells the queue it waits in.
///
/// After `entered` comes exactly one of `joined` and `left`, and nothing follows it.
package enum QueueReport: Sendable, Equatable {
    case entered
    case left
    case taken(by: Int64)
    case joined(by: Int64)
    case refused(by: Int64)

    /// The same as the queue's machine reads it.
    package func input(_ call: UUID) -> QueueInput {
        switch self {
        case .entered: .entered(call)
        case .left: .left(call)
        case .taken(let user): .taken(call, by: user)
        case .joined(let user): .joined(call, by: user)
        case .refused(let user): .refused(call, by: user)
        }
    }
}

/// A call that hears music until somebody takes it: a member of the queue, or whoever the queue sends it to.
package struct QueueWait: Sendable, Equatable {
    let waiter: LegID
    /// Nil once the queue has sent the call on.
    package internal(set) var queue: String?
    /// The queues the call has been in, this one included.
    var seen: Set<String>
    /// The queue knows of the call.
    var hasEntered = false
    /// Set once a member has taken the call in a page and only the page's offer is outstanding.
    var taker: LegID?
    /// When the wait ends in any case.
    var until: Instant
    /// The waiter was answered.
    var hearsMusic: Bool
    /// The call had been answered before: somebody transferred it here.
    let isTransfer: Bool
    let fromUserID: Int64?
}
