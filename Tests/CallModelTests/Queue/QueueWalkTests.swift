import CallModel
import Directory
import Testing
import Wire

/// Random days of a queue in a world that answers, declines, hangs up, pauses and goes home.
struct QueueWalkTests {
    @Test(arguments: CallQueue.Strategy.allCases)
    func `whatever happens, members ring for one caller, callers get one outcome and nobody is forgotten`(
        strategy: CallQueue.Strategy
    ) {
        for seed in UInt64(1)...20 {
            var world = QueueWorld(strategy, seed: seed)
            world.live(steps: 250)
            let comment: Comment =
                "strategy \(strategy.rawValue), seed \(seed): \(world.faults.joined(separator: "; "))"
            #expect(world.faults.isEmpty, comment)
            if !world.faults.isEmpty { return }
        }
    }
}

/// A queue and the people around it, as they really are; compared with what the queue believes after every step.
private struct QueueWorld {
    private var machine: QueueMachine
    private var entropy: Entropy
    private var now = Instant(nanoseconds: 1)
    private var waiting: Set<UUID> = []
    private var outcomes: [UUID: Int] = [:]
    /// Who rings for whom, by what was decided.
    private var rings: [Int64: UUID] = [:]
    private var leaving: Set<UUID> = []
    private var talking: Set<Int64> = []
    private(set) var faults: [String] = []
    private let strategy: CallQueue.Strategy

    init(_ strategy: CallQueue.Strategy, seed: UInt64) {
        self.strategy = strategy
        entropy = Entropy(seed: seed)
        var queue = CallQueue(id: 1, name: "walk")
        queue.strategy = strategy
        queue.members = (1...4).map { QueueMember(userID: $0) }
        queue.wrapUp = seed % 2 == 0 ? .seconds(7) : .zero
        queue.maximumWaiting = seed % 3 == 0 ? 4 : nil
        queue.maximumWait = .seconds(90)
        queue.leavesWhenEmpty = seed % 5 != 0
        machine = QueueMachine(queue, now: now)
        for member in queue.members { play(.online(member.userID, true)) }
    }

    mutating func live(steps: Int) {
        for _ in 0..<steps where faults.isEmpty { step() }
        // In the end everybody hangs up or time runs out.
        for _ in 0..<200 where faults.isEmpty && !waiting.isEmpty {
            pass(.seconds(60))
            for caller in leaving.sorted(by: { $0.high < $1.high }) { leave(caller) }
        }
        if !waiting.isEmpty { faults.append("\(waiting.count) callers were forgotten") }
    }

    private mutating func step() {
        let member = Int64(entropy.next() % 4 + 1)
        let caller = waiting.sorted { ($0.high, $0.low) < ($1.high, $1.low) }.first
        switch entropy.next() % 12 {
        case 0, 1, 2: enter()
        case 3: if let caller { leave(caller) }
        case 4, 5: answer(member)
        case 6: if let caller = rings.removeValue(forKey: member) { play(.refused(caller, by: member)) }
        case 7: hangUp(member)
        case 8: play(.paused(member, entropy.next() % 2 == 0, reason: nil))
        case 9: play(.online(member, entropy.next() % 4 != 0))
        case 10: if let caller = leaving.first { leave(caller) }
        default: pass(.milliseconds(Int64(entropy.next() % 15_000)))
        }
    }

    private mutating func enter() {
        let caller = UUID(using: &entropy)
        waiting.insert(caller)
        play(.entered(caller))
    }

    private mutating func leave(_ caller: UUID) {
        rings = rings.filter { $0.value != caller }
        waiting.remove(caller)
        leaving.remove(caller)
        play(.left(caller))
    }

    private mutating func answer(_ member: Int64) {
        guard let caller = rings[member] else { return }
        rings = rings.filter { $0.value != caller }
        play(.taken(caller, by: member))
        guard entropy.next() % 4 != 0 else { return play(.refused(caller, by: member)) }
        waiting.remove(caller)
        leaving.remove(caller)
        talking.insert(member)
        play(.joined(caller, by: member))
        play(.engaged(member, .talking))
    }

    private mutating func hangUp(_ member: Int64) {
        guard talking.remove(member) != nil else { return }
        play(.engaged(member, .free))
    }

    private mutating func pass(_ duration: Duration) {
        let end = now + duration
        var turns = 0
        while machine.nextDeadline <= end, turns < 10_000 {
            now = max(now, machine.nextDeadline)
            play(.deadline)
            turns += 1
        }
        if turns == 10_000 { faults.append("time does not pass") }
        now = end
    }

    private mutating func play(_ input: QueueInput) {
        for decision in machine.reduce(input, at: now) { note(decision) }
        check()
    }

    private mutating func note(_ decision: QueueDecision) {
        switch decision {
        case .offer(let caller, let members):
            if !waiting.contains(caller) { faults.append("offered a caller who has gone") }
            if strategy != .ringAll, members.count > 1 || rings.values.contains(caller) {
                faults.append("a caller was offered to two members")
            }
            for member in members {
                if rings[member] != nil || talking.contains(member) { faults.append("member \(member) has a call") }
                rings[member] = caller
            }
        case .withdraw(let caller, let members):
            for member in members {
                if rings[member] != caller { faults.append("withdrawn from \(member), who did not ring") }
                rings[member] = nil
            }
        case .overflow(let caller, _):
            leaving.insert(caller)
            rings = rings.filter { $0.value != caller }
        case .outcome(let caller, _, _):
            outcomes[caller, default: 0] += 1
            if outcomes[caller] != 1 { faults.append("two outcomes") }
            if waiting.contains(caller) { faults.append("an outcome before the end") }
        case .moved, .welcome: break
        }
    }

    private mutating func check() {
        if Set(machine.callers.map(\.id)) != waiting { faults.append("the queue knows other callers than there are") }
        let believed = Dictionary(
            uniqueKeysWithValues: machine.members.compactMap { member in
                member.ring.map { (member.userID, $0.caller) }
            })
        if believed != rings { faults.append("the queue believes that others ring") }
        let figures = machine.figures
        if figures.answered + figures.abandoned + figures.overflowed != outcomes.count {
            faults.append("figures do not add up")
        }
        let isFree = machine.members.contains { $0.state == .available }
        let unasked = machine.callers.contains { caller in
            caller.stage == .waiting && !machine.members.contains { $0.ring?.caller == caller.id }
        }
        if isFree, unasked, machine.nextDeadline == .never { faults.append("a caller waits beside a free member") }
    }
}
