import Directory
package import Wire

/// Who is rung for whom, and what time does to it.
extension QueueMachine {
    /// Gives free members to callers, the first in the line first.
    mutating func dispatch(_ now: Instant) -> [QueueDecision] {
        callers.map(\.id).compactMap { id in
            guard let caller = caller(id), caller.stage == .waiting else { return nil }
            let free = members.filter { $0.state == .available && caller.rests[$0.userID] == nil }
            let chosen = choose(from: free, for: caller)
            guard !chosen.isEmpty else { return nil }
            let until = now + queue.ringing
            for member in chosen {
                change(member) { $0.ring = Member.Ring(caller: id, until: until) }
                change(id) { $0.attempts[member, default: 0] += 1 }
            }
            lastRung = chosen.last
            return .offer(id, to: chosen)
        }
    }

    private func choose(from free: [Member], for caller: Caller) -> [Int64] {
        switch queue.strategy {
        case .ringAll: return free.map(\.userID)
        case .roundRobin:
            guard !isRinging(caller.id) else { return [] }
            let start = members.firstIndex { $0.userID == lastRung }.map { $0 + 1 } ?? 0
            let order = members[start...] + members[..<start]
            let isFree = Set(free.map(\.userID))
            return order.first { isFree.contains($0.userID) }.map { [$0.userID] } ?? []
        case .leastRecent:
            guard !isRinging(caller.id) else { return [] }
            // Whoever did not answer this caller comes after those who were not asked yet.
            let first = free.min { left, right in
                let tried = (caller.attempts[left.userID] ?? 0, caller.attempts[right.userID] ?? 0)
                return tried.0 == tried.1 ? left.freeSince < right.freeSince : tried.0 < tried.1
            }
            return first.map { [$0.userID] } ?? []
        }
    }

    private func isRinging(_ id: UUID) -> Bool { members.contains { $0.ring?.caller == id } }

    /// What has been waited for long enough.
    mutating func expire(_ now: Instant) -> [QueueDecision] {
        let unanswered = members.filter { $0.ring.map { $0.until <= now } ?? false }
        for member in unanswered {
            guard let ring = member.ring else { continue }
            let until = now + timing.afterNoAnswer
            change(ring.caller) { $0.rests[member.userID] = until }
        }
        let withdrawn = withdraw { member in unanswered.contains { $0.userID == member.userID } }
        for index in members.indices where members[index].restsUntil.map({ $0 <= now }) ?? false {
            members[index].restsUntil = nil
        }
        for index in callers.indices { callers[index].rests = callers[index].rests.filter { $0.value > now } }
        let late = callers.filter { $0.stage == .waiting && $0.enteredAt + queue.maximumWait <= now }
        return withdrawn + late.flatMap { overflow($0.id, .waitedTooLong) }
    }

    /// Callers do not wait for nobody.
    mutating func leaveIfEmpty(_ now: Instant) -> [QueueDecision] {
        guard !isStaffed else {
            emptySince = nil
            return []
        }
        let since = emptySince ?? now
        emptySince = since
        guard queue.leavesWhenEmpty, since + timing.emptyGrace <= now else { return [] }
        return callers.filter { $0.stage == .waiting }.flatMap { overflow($0.id, .unstaffed) }
    }

    /// Tells those whose place in the line has changed.
    mutating func movements() -> [QueueDecision] {
        var position = 0
        return callers.indices.compactMap { index in
            guard callers[index].stage != .leaving else { return nil }
            position += 1
            guard callers[index].position != position else { return nil }
            callers[index].position = position
            return .moved(callers[index].id, position: position)
        }
    }

    /// When `.deadline` is due.
    package var nextDeadline: Instant {
        var next = Instant.never
        for member in members {
            next = min(next, member.ring?.until ?? .never, member.restsUntil ?? .never)
        }
        for caller in callers where caller.stage == .waiting {
            next = min(next, caller.enteredAt + queue.maximumWait, caller.rests.values.min() ?? .never)
            if queue.leavesWhenEmpty, let emptySince { next = min(next, emptySince + timing.emptyGrace) }
        }
        return next
    }
}
