import CallModel
import Wire

/// What the directory is to say of this node's live calls, and what of that is not there yet.
///
/// It is always the whole truth, so a slow or lost Redis makes it no longer: a call that changes again before it is
/// written is written once.
struct LiveCalls: Sendable {
    /// Seconds after which a call is forgotten that nobody ended.
    static let lifetime = 24 * 3600

    private let node: String
    private var calls: [UUID: [String]] = [:]
    private var dirty: Set<UUID> = []
    /// Whether Redis is away.
    private var isLost = false

    init(node: String) { self.node = node }

    var count: Int { calls.count }
    /// What this node has made live in the directory, so that it finds again what it left there.
    private var ownSet: String { Self.set(ofNode: node) }

    static func set(ofNode name: String) -> String { "node:\(name):calls" }

    mutating func set(_ record: CallRecord) {
        if record.state.isTerminal {
            guard calls.removeValue(forKey: record.uuid) != nil else { return }
        } else {
            calls[record.uuid] = fields(of: record)
        }
        if !isLost { dirty.insert(record.uuid) }
    }

    /// Redis is away: until everything is written again, no change needs to be remembered.
    mutating func lose() { (isLost, dirty) = (true, []) }

    /// Everything is to be written again.
    mutating func suspect() { (isLost, dirty) = (false, Set(calls.keys)) }

    /// Commands for so many calls that have changed; they are taken to be written.
    mutating func takeChanges(_ limit: Int) -> [[String]] {
        let some = dirty.prefix(limit)
        dirty.subtract(Array(some))
        return some.flatMap { uuid in calls[uuid].map { Self.writing(uuid, $0, ownSet) } ?? removing(uuid) }
    }

    /// Commands that ask what this node left in the directory.
    var inquiry: [String] { ["SMEMBERS", ownSet] }

    /// Commands that take away what is in the directory and lives no more.
    func clearing(_ found: [UUID]) -> [[String]] { found.filter { calls[$0] == nil }.flatMap(removing) }

    private static func writing(_ uuid: UUID, _ fields: [String], _ ownSet: String) -> [[String]] {
        [
            ["HSET", "call:\(uuid)"] + fields, ["EXPIRE", "call:\(uuid)", String(lifetime)],
            ["SADD", "calls:active", uuid.description], ["SADD", ownSet, uuid.description],
            ["EXPIRE", ownSet, String(lifetime)],
        ]
    }

    private func removing(_ uuid: UUID) -> [[String]] {
        [
            ["DEL", "call:\(uuid)"], ["SREM", "calls:active", uuid.description],
            ["SREM", ownSet, uuid.description],
        ]
    }

    /// Commands that take away what a node left that is gone.
    static func clearing(_ found: [UUID], ofNode name: String) -> [[String]] {
        found.flatMap { [["DEL", "call:\($0)"], ["SREM", "calls:active", $0.description]] }
            + [["DEL", set(ofNode: name)]]
    }

    /// Names and values; what nobody knows is an empty text, so that it replaces what was known.
    private func fields(of record: CallRecord) -> [String] {
        func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }
        return [
            "id", String(record.id), "uuid", record.uuid.description, "node", node, "source", record.source.rawValue,
            "direction", record.direction.rawValue, "state", record.state.rawValue,
            "callerNumber", record.callerNumber, "receiverNumber", record.receiverNumber,
            "startedAt", record.startedAt.iso8601(), "answeredAt", record.answeredAt?.iso8601() ?? "",
            "assignedUserId", text(record.assignedUserID), "answeredByUserId", text(record.answeredByUserID),
            "operatorId", text(record.operatorID), "isOnHold", record.isOnHold ? "1" : "0",
        ]
    }
}
