package import CallModel
package import Directory
import Wire

/// What happens to queues, for sockets and metrics.
package enum QueueEvent: Sendable {
    /// Callers, members or figures have changed; several changes in a row are told once.
    case updated(QueueStatus)
    /// A caller's place in the line has changed.
    case moved(QueuePlace)
    /// A caller's wait is over.
    case ended(queue: String, QueueOutcome, waited: Duration)
    /// The queue is no more.
    case removed(queue: String)
}

/// One queue at one moment.
package struct QueueStatus: Sendable {
    package let queue: CallQueue
    package let waiting: [Waiting]
    package let members: [Member]
    package let figures: QueueFigures
    /// How long one who came now would wait, as the newest answers tell.
    package let estimatedWait: Duration?

    package struct Waiting: Sendable {
        package let record: CallRecord
        /// Counted from 1.
        package let position: Int
        package let waited: Duration
        /// Members who ring for this caller.
        package let ringing: [Int64]
    }

    package struct Member: Sendable, Equatable {
        package let userID: Int64
        package let state: MemberState
        package let pauseReason: String?
        package let isPaused: Bool
        /// Calls of the queue taken since the member joined it.
        package let answered: Int
    }
}

/// Where a caller is in the line.
package struct QueuePlace: Sendable {
    package let queue: String
    package let record: CallRecord
    package let position: Int
    package let waited: Duration
    /// The mean of the newest answered waits; nil before the first.
    package let estimatedWait: Duration?
}

/// Keeps who is a member of which queue beyond the life of the process.
///
/// Called on the loop; nobody waits. The roster follows when it is stored.
package protocol QueueMemberships: Sendable {
    /// Adds the member or changes the pause.
    func set(_ member: QueueMember, ofQueue id: Int64)
    func remove(userID: Int64, ofQueue id: Int64)
}
