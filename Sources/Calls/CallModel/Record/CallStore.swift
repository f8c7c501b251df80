package import Directory
package import Wire

/// The port to the stored calls, implemented by SQLite and PostgreSQL.
///
/// Writes are queued in order and never make the caller wait; reads see every write queued before them.
package protocol CallStore: Sendable {
    /// The first free call number at opening.
    var nextCallID: Int64 { get }
    /// The number that comes after this one; a database that others write to gives out numbers in blocks.
    func callID(after id: Int64) -> Int64

    /// Queues a change. A store that cannot write keeps the newest state of each call, up to a limit, and tries again.
    func write(_ change: CallChange)

    /// Writes a call that nothing was written about before, at once and with its rows; `.conflict` when its `callID` is
    /// another's.
    func add(_ record: CallRecord, rows: [CallRow]) async throws(StoreError)
    /// Changes what is written about a call that is over, as one step, with the rows that go with it; nil when there is
    /// no such call.
    ///
    /// The store counts the change as the record's next version, of the moment `now`. What `following` makes of the changed
    /// record is written in the same step; it is not asked when nothing changes.
    func edit(
        _ key: CallKey, rows: [CallRow], at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow],
        _ change: @escaping @Sendable (inout CallRecord) -> Void
    ) async throws(StoreError) -> CallRecord?

    func call(_ key: CallKey) async throws(StoreError) -> CallRecord?
    /// The live call with this `channel_id`.
    func call(channelID: String) async throws(StoreError) -> CallRecord?
    func calls(matching query: CallQuery) async throws(StoreError) -> CallPage
    /// Sums over all calls of a query, whatever its page: one for each kind of calls there is.
    ///
    /// `byPerson`: calls of different people are of different kinds.
    func tallies(matching query: CallQuery, byPerson: Bool) async throws(StoreError) -> [CallTally]
    func sessions(ofCall id: Int64?, activeOnly: Bool) async throws(StoreError) -> [CallSession]

    /// The SIP messages that were kept with a call.
    func trace(ofCall id: Int64) async throws(StoreError) -> JSONValue?

    /// The diagnosis that was kept with a call (`CallDiagnosis.json(kept:)`).
    func diagnosis(ofCall id: Int64) async throws(StoreError) -> JSONValue?

    /// Closes what a dead program left open, as `interrupted`, at its last recorded moment.
    ///
    /// What `following` makes of each closed record is written in the same step. Answers how many were closed.
    func closeInterrupted(
        at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow]
    ) async throws(StoreError) -> Int

    /// Returns once everything queued before is written, or has failed for now.
    func flush() async
}

extension CallStore {
    package func callID(after id: Int64) -> Int64 { id + 1 }
}

// What nobody else has to be told of.
extension CallStore {
    package func add(_ record: CallRecord) async throws(StoreError) { try await add(record, rows: []) }

    package func closeInterrupted(at now: WallTime) async throws(StoreError) -> Int {
        try await closeInterrupted(at: now) { _ in [] }
    }

    package func edit(
        _ key: CallKey, rows: [CallRow], at now: WallTime, _ change: @escaping @Sendable (inout CallRecord) -> Void
    ) async throws(StoreError) -> CallRecord? {
        try await edit(key, rows: rows, at: now, following: { _ in [] }, change)
    }
}

/// One step of a call's story: the record as it is now, and rows that belong to it.
package struct CallChange: Hashable, Sendable {
    package let snapshot: CallSnapshot?
    package var rows: [CallRow]

    package init(record: CallRecord?, rows: [CallRow] = []) {
        self.init(record.map(CallSnapshot.init), rows: rows)
    }

    package init(_ snapshot: CallSnapshot?, rows: [CallRow]) { (self.snapshot, self.rows) = (snapshot, rows) }

    package var record: CallRecord? { snapshot?.record }
}

/// A record as it was at one moment, which is handed on as it is: copying one is dear.
package final class CallSnapshot: Hashable, Sendable {
    package let record: CallRecord

    package init(_ record: CallRecord) { self.record = record }

    package static func == (left: CallSnapshot, right: CallSnapshot) -> Bool { left.record == right.record }
    package func hash(into hasher: inout Hasher) { hasher.combine(record) }
}

/// One page of a list and how many calls the whole list has.
package struct CallPage: Sendable {
    package var items: [CallRecord]
    package var total: Int
    /// False: there are more than `total`; a text may be in so many calls that counting ends before.
    package var isTotalExact: Bool

    package init(items: [CallRecord], total: Int, isTotalExact: Bool = true) {
        (self.items, self.total, self.isTotalExact) = (items, total, isTotalExact)
    }
}
