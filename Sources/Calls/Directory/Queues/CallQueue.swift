/// Callers that wait for the first of several people who is free.
package struct CallQueue: Hashable, Sendable, Identifiable {
    package enum Strategy: String, Sendable, CaseIterable {
        case ringAll = "ring-all"
        /// One after the other, going on after whoever was rung last.
        case roundRobin = "round-robin"
        /// Whoever has been free for longest.
        case leastRecent = "least-recent"
    }

    package var id: Int64
    /// Unique; routes and clients name it by this.
    package var name: String
    /// What phones and pages dial to be put into it.
    package var `extension`: String?
    package var strategy = Strategy.ringAll
    /// How long one member, or all of them at once, are rung before the next.
    package var ringing: Duration = .seconds(20)
    /// How long a member rests after a call.
    package var wrapUp: Duration = .zero
    /// More callers than this are sent to the overflow at once; nil: any number.
    package var maximumWaiting: Int?
    /// Longest wait; then the overflow.
    package var maximumWait: Duration = .seconds(300)
    /// Where callers go that nobody takes; nil: they are told that nobody answers (480).
    package var overflow: Destination?
    /// Callers go to the overflow at once while no member could take a call.
    package var leavesWhenEmpty = true
    package var members: [QueueMember] = []

    package init(id: Int64 = 0, name: String) { (self.id, self.name) = (id, name) }
}

/// One person's place in a queue.
package struct QueueMember: Hashable, Sendable {
    package var userID: Int64
    /// Stays a member and is not rung.
    package var isPaused = false

    package init(userID: Int64, isPaused: Bool = false) { (self.userID, self.isPaused) = (userID, isPaused) }
}
