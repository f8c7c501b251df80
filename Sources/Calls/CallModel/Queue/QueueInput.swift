package import Directory
package import Wire

/// What can happen to a queue: callers come and go, members answer, refuse, log in, pause, or talk elsewhere.
package enum QueueInput: Sendable, Equatable {
    /// A caller has come.
    case entered(UUID)
    /// The caller hung up, or went where the queue sent it; nothing more of it follows.
    case left(UUID)
    /// A member said yes; the page that said it has yet to bring its audio.
    case taken(UUID, by: Int64)
    /// Caller and member talk; nothing more of the caller follows.
    case joined(UUID, by: Int64)
    /// The member declined, no device of theirs could be reached, or the page that said yes never came.
    case refused(UUID, by: Int64)
    /// Whether a member has a page open or a phone registered.
    case online(Int64, Bool)
    /// What a member is doing in calls, those of this queue included.
    case engaged(Int64, Engagement)
    case paused(Int64, Bool, reason: String?)
    /// The queue's settings and members as they are now.
    case configured(CallQueue)
    /// The queue is no more: whoever waits is sent away.
    case closed
    /// The figures of the day begin again.
    case newDay
    case deadline
}

/// How much a user has to do with calls at present.
package enum Engagement: Int, Sendable, Comparable {
    case free
    /// Devices of theirs ring or are being called.
    case ringing
    case talking

    package static func < (left: Engagement, right: Engagement) -> Bool { left.rawValue < right.rawValue }
}

/// What a queue wants done.
package enum QueueDecision: Sendable, Equatable {
    /// The caller may stay.
    case welcome(UUID)
    /// Ring these members for the caller.
    case offer(UUID, to: [Int64])
    /// Stop ringing them.
    case withdraw(UUID, from: [Int64])
    /// Send the caller to the queue's overflow; it stays known until it has left.
    case overflow(UUID, OverflowReason)
    /// The caller's place in the line, counted from 1, has changed.
    case moved(UUID, position: Int)
    /// What became of a caller, said exactly once for each that entered.
    case outcome(UUID, QueueOutcome, waited: Duration)
}

/// Why a queue gives a caller away.
package enum OverflowReason: String, Sendable {
    case full
    case waitedTooLong = "waited_too_long"
    /// No member is there who could take a call sooner or later.
    case unstaffed
    /// The queue does not exist any more.
    case removed
}

/// The end of a caller's wait.
package enum QueueOutcome: Sendable, Equatable {
    case answered(by: Int64)
    case abandoned
    case overflowed(OverflowReason)

    /// The words of metrics.
    package enum Word: String, CaseIterable, Sendable {
        case answered, abandoned, overflowed
    }

    package var word: Word {
        switch self {
        case .answered: .answered
        case .abandoned: .abandoned
        case .overflowed: .overflowed
        }
    }
}

/// How long a queue leaves people in peace.
package struct QueueTiming: Sendable {
    /// A member who did not answer is not rung again for the same caller before this.
    package var afterNoAnswer: Duration = .seconds(5)
    /// Nor one who declined, or who could not be reached.
    package var afterRefusal: Duration = .seconds(30)
    /// Callers who wait are not sent away by a page that is merely loaded again.
    package var emptyGrace: Duration = .seconds(10)
    /// What counts as answered soon in the service level.
    package var soon: Duration = .seconds(20)

    package init() {}
}
