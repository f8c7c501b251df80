import Wire

/// The queues of a simulated loop, one per source of work, with those that have work waiting at hand.
struct LaneSet {
    /// The loop's own queue: `later`, `execute` from the loop, and the jobs of its actors.
    static let own = 0
    /// What other threads send.
    static let mail = 1

    private var queues: [Int: FIFO<LoopEntry>] = [:]
    /// Lanes with work, in an order that depends on the run's history only.
    private var busy: [Int] = []
    private var lastLane = mail
    /// Entries in all lanes.
    private(set) var count = 0

    /// How many lanes have work.
    var waiting: Int { busy.count }

    mutating func make() -> Int {
        lastLane += 1
        return lastLane
    }

    mutating func append(_ entry: LoopEntry, to lane: Int) {
        if queues[lane] == nil { busy.append(lane) }
        queues[lane, default: FIFO()].append(entry)
        count += 1
    }

    /// Takes the first entry of the `choice`-th lane with work.
    mutating func take(_ choice: Int) -> LoopEntry? {
        let lane = busy[choice]
        let entry = queues[lane]?.popFirst()
        if queues[lane]?.isEmpty ?? true {
            queues[lane] = nil
            busy.swapAt(choice, busy.count - 1)
            busy.removeLast()
        }
        count -= 1
        return entry
    }
}
