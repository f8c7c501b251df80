import Directory
package import Wire

extension QueueMachine {
    /// Somebody who waits.
    package struct Caller: Sendable, Equatable, Identifiable {
        package let id: UUID
        package let enteredAt: Instant
        package internal(set) var stage = Stage.waiting
        /// Why it is being sent away.
        var overflow: OverflowReason?
        /// Members who are not rung for this caller before a moment.
        var rests: [Int64: Instant] = [:]
        /// How often each member was rung for this caller.
        var attempts: [Int64: Int] = [:]
        /// The place in the line that was last told.
        var position = 0

        package enum Stage: Sendable, Equatable {
            case waiting
            /// A member said yes, and is about to talk.
            case taken(by: Int64)
            /// On its way to the overflow.
            case leaving
        }
    }

    /// Somebody who takes calls.
    package struct Member: Sendable, Equatable {
        package let userID: Int64
        package internal(set) var isPaused: Bool
        package internal(set) var pauseReason: String?
        package internal(set) var isOnline = false
        package internal(set) var engagement = Engagement.free
        package internal(set) var ring: Ring?
        /// Calls of this queue taken since the member joined it.
        package internal(set) var answered = 0
        /// Has taken a caller of this queue, and will rest afterwards.
        var hasOurCaller = false
        var restsUntil: Instant?
        /// When the last conversation ended, or the member came.
        var freeSince: Instant

        package struct Ring: Sendable, Equatable {
            package let caller: UUID
            let until: Instant
        }

        init(_ member: QueueMember, now: Instant) {
            (userID, isPaused, freeSince) = (member.userID, member.isPaused, now)
        }

        package var state: MemberState {
            if ring != nil { return .ringing }
            if engagement == .talking || hasOurCaller { return .talking }
            if isPaused { return .paused }
            if !isOnline { return .offline }
            if engagement == .ringing { return .busy }
            return restsUntil == nil ? .available : .wrapUp
        }
    }

    // MARK: - Members come, go and rest

    mutating func engage(_ id: Int64, _ engagement: Engagement, _ now: Instant) {
        let wrapUp = queue.wrapUp
        change(id) { member in
            let talked = member.engagement == .talking && engagement != .talking
            member.engagement = engagement
            guard talked else { return }
            if member.hasOurCaller, wrapUp > .zero { member.restsUntil = now + wrapUp }
            member.hasOurCaller = false
            member.freeSince = now
        }
    }

    /// Notes that another queue is about to ring a member, before anything else is decided here.
    package mutating func occupy(_ id: Int64) {
        change(id) { $0.engagement = max($0.engagement, .ringing) }
    }

    /// A pause begins at once: what rings for the member goes on to somebody else.
    mutating func pause(_ id: Int64, _ on: Bool, _ reason: String?) -> [QueueDecision] {
        let withdrawn = on ? withdraw { $0.userID == id } : []
        change(id) { member in
            member.isPaused = on
            member.pauseReason = on ? reason : nil
            // Whoever says that they are back does not rest any longer.
            if !on { member.restsUntil = nil }
        }
        if let index = queue.members.firstIndex(where: { $0.userID == id }) { queue.members[index].isPaused = on }
        return withdrawn
    }

    mutating func configure(_ changed: CallQueue, _ now: Instant) -> [QueueDecision] {
        let kept = Set(changed.members.map(\.userID))
        let withdrawn = withdraw { !kept.contains($0.userID) }
        let before = Dictionary(members.map { ($0.userID, $0) }) { first, _ in first }
        members = changed.members.map { setting in
            guard var member = before[setting.userID] else { return Member(setting, now: now) }
            if member.isPaused != setting.isPaused { member.pauseReason = nil }
            member.isPaused = setting.isPaused
            return member
        }
        queue = changed
        return withdrawn + withdraw { $0.isPaused }
    }

    /// Stops the ringing of some members.
    mutating func withdraw(_ isMeant: (Member) -> Bool) -> [QueueDecision] {
        var decisions: [QueueDecision] = []
        for caller in callers {
            let meant = members.indices.filter { members[$0].ring?.caller == caller.id && isMeant(members[$0]) }
            guard !meant.isEmpty else { continue }
            for index in meant { members[index].ring = nil }
            decisions.append(.withdraw(caller.id, from: meant.map { members[$0].userID }))
        }
        return decisions
    }
}

/// What a member does, as lists show it.
package enum MemberState: String, Sendable, CaseIterable {
    case available
    /// Rings for a caller of this queue.
    case ringing
    case talking
    /// Rings for another call.
    case busy
    case paused
    case wrapUp = "wrap_up"
    case offline
}
