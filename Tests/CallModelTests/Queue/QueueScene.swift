import CallModel
import Directory
import Wire

/// A queue under test with its clock: what it decides is kept.
struct QueueScene {
    var machine: QueueMachine
    var now = Instant(nanoseconds: 1_000_000_000)
    var decisions: [QueueDecision] = []
    private var entropy = Entropy(seed: 7)

    /// Members 1, 2, …, all of them there and free.
    init(
        _ strategy: CallQueue.Strategy, members: Int = 3, _ change: (inout CallQueue) -> Void = { _ in }
    ) {
        var queue = CallQueue(id: 1, name: "sales")
        queue.strategy = strategy
        queue.members = (0..<members).map { QueueMember(userID: Int64($0 + 1)) }
        change(&queue)
        machine = QueueMachine(queue, now: now)
        for member in queue.members { play(.online(member.userID, true)) }
    }

    @discardableResult
    mutating func play(_ input: QueueInput) -> [QueueDecision] {
        let caused = machine.reduce(input, at: now)
        decisions += caused
        return caused
    }

    /// A caller comes.
    mutating func enter() -> UUID {
        let caller = UUID(using: &entropy)
        play(.entered(caller))
        return caller
    }

    /// A member answers the caller and talks.
    mutating func answer(_ caller: UUID, by member: Int64) {
        play(.joined(caller, by: member))
        play(.engaged(member, .talking))
    }

    /// Lets time pass, deadline by deadline; answers what was decided meanwhile.
    @discardableResult
    mutating func wait(_ duration: Duration) -> [QueueDecision] {
        let end = now + duration
        var caused: [QueueDecision] = []
        while machine.nextDeadline <= end {
            now = max(now, machine.nextDeadline)
            caused += play(.deadline)
        }
        now = end
        return caused
    }

    func outcome(of caller: UUID) -> QueueOutcome? {
        decisions.lazy.compactMap { decision in
            if case .outcome(caller, let outcome, _) = decision { outcome } else { nil }
        }.first
    }

    /// Who was rung for a caller, in order.
    func rung(for caller: UUID) -> [[Int64]] {
        decisions.compactMap { if case .offer(caller, let members) = $0 { members } else { nil } }
    }

    func state(_ member: Int64) -> MemberState? { machine.member(member)?.state }
}
