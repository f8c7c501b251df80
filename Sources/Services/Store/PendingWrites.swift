import CallModel
import Directory

/// What waits to be written: the newest state of each call and leg, then the other rows in their order.
///
/// A call that changes again before it is written costs nothing more, so a slow disk makes batches better, not queues
/// longer.
struct PendingWrites {
    /// Something queued that is no call record.
    enum Row: Sendable {
        case call(CallRow)
        case presence(User.Presence, user: Int64)
        case registration(AccountRegistration?, account: Int64)
        case answer(KeptAnswer)
        case noAnswer(KeptAnswer)
        /// Out of the outbox.
        case kept(KeptStatement)
        case settlement(OutboxSettlement)

        /// Whether the row is not there yet, as far as is known.
        ///
        /// A leg's is not when nothing is written of calls with so high a number. Of other rows nothing is known:
        /// their statements take both.
        func isFirst(after newest: Int64) -> Bool {
            if case .call(.leg(let leg)) = self { leg.callID > newest } else { true }
        }
    }

    /// Calls, and rows, that are kept while the disk does not take them; beyond it the newest are dropped and counted.
    struct Limit {
        var records = 100_000
        var rows = 200_000
    }

    private(set) var snapshots: [CallSnapshot] = []
    private(set) var rows: [Row] = []
    private var positions: [Int64: Int] = [:]
    private var legPositions: [String: Int] = [:]
    private let limit: Limit

    init(limit: Limit = Limit()) { self.limit = limit }

    /// A batch as it was kept.
    init(records: [CallRecord], rows: [Row]) {
        (snapshots, self.rows) = (records.map(CallSnapshot.init), rows)
        limit = Limit()
    }

    var records: [CallRecord] { snapshots.map(\.record) }
    var isEmpty: Bool { snapshots.isEmpty && rows.isEmpty }
    var count: Int { snapshots.count + rows.count }

    /// Answers how many parts had to be dropped.
    mutating func add(_ change: CallChange) -> Int {
        let dropped = change.snapshot.map { add($0) ? 0 : 1 } ?? 0
        return change.rows.reduce(dropped) { $0 + (add(.call($1)) ? 0 : 1) }
    }

    mutating func add(_ row: Row) -> Bool {
        if case .call(.leg(let leg)) = row, let position = legPositions[leg.legID],
            case .call(.leg(let earlier)) = rows[position], earlier.kind == leg.kind, earlier.callID == leg.callID
        {
            rows[position] = row
            return true
        }
        guard rows.count < limit.rows else { return false }
        if case .call(.leg(let leg)) = row { legPositions[leg.legID] = rows.count }
        rows.append(row)
        return true
    }

    private mutating func add(_ snapshot: CallSnapshot) -> Bool {
        if let position = positions[snapshot.record.id] {
            if snapshot.record.version >= snapshots[position].record.version { snapshots[position] = snapshot }
            return true
        }
        guard snapshots.count < limit.records else { return false }
        positions[snapshot.record.id] = snapshots.count
        snapshots.append(snapshot)
        return true
    }

    /// Everything that waits; nothing waits afterwards.
    mutating func take() -> PendingWrites {
        defer { self = PendingWrites(limit: limit) }
        return self
    }

    /// Puts back a batch that could not be written, before what has come since; answers how many parts were dropped.
    mutating func putBack(_ older: PendingWrites) -> Int {
        let newer = take()
        self = older
        let droppedRecords = newer.snapshots.count { !add($0) }
        return newer.rows.reduce(droppedRecords) { $0 + (add($1) ? 0 : 1) }
    }
}
