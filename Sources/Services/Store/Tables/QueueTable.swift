import Directory
import Wire

/// Reads and writes queues and their members.
enum QueueTable {
    static func read(_ database: Database) throws(SQLFailure) -> [CallQueue] {
        var queues = try database.query(
            """
            SELECT id, name, extension, strategy, ring_seconds, wrap_up_seconds, maximum_waiting, maximum_wait_seconds,
                overflow_kind, overflow, overflow_number, leaves_when_empty
            FROM queues ORDER BY name
            """, read: queue)
        let members = Dictionary(
            grouping: try database.query("SELECT queue_id, user_id, paused FROM queue_members ORDER BY pos, user_id") {
                (queue: $0.integer(0), member: QueueMember(userID: $0.integer(1), isPaused: $0.flag(2)))
            }, by: \.queue)
        for index in queues.indices { queues[index].members = members[queues[index].id, default: []].map(\.member) }
        return queues
    }

    private static func queue(_ row: borrowing SQLRow) -> CallQueue {
        var queue = CallQueue(id: row.integer(0), name: row.text(1))
        queue.extension = row.textIfPresent(2)
        queue.strategy = CallQueue.Strategy(rawValue: row.text(3)) ?? .ringAll
        queue.ringing = .seconds(row.integer(4))
        queue.wrapUp = .seconds(row.integer(5))
        queue.maximumWaiting = row.integerIfPresent(6).map { Int($0) }
        queue.maximumWait = .seconds(row.integer(7))
        queue.overflow = DestinationColumns.read(row, from: 8)
        queue.leavesWhenEmpty = row.flag(11)
        return queue
    }

    static func insert(_ queue: CallQueue, to database: Database) throws(SQLFailure) -> Int64 {
        let id = try database.insert(
            """
            INSERT INTO queues (name, extension, strategy, ring_seconds, wrap_up_seconds, maximum_waiting,
                maximum_wait_seconds, overflow_kind, overflow, overflow_number, leaves_when_empty)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, columns(of: queue))
        try replaceMembers(of: id, queue.members, in: database)
        return id
    }

    static func update(_ queue: CallQueue, in database: Database) throws(SQLFailure) -> Bool {
        let former = try database.query("SELECT name FROM queues WHERE id = ?", [.integer(queue.id)]) { $0.text(0) }
        guard let name = former.first else { return false }
        try database.run(
            """
            UPDATE queues SET name = ?, extension = ?, strategy = ?, ring_seconds = ?, wrap_up_seconds = ?,
                maximum_waiting = ?, maximum_wait_seconds = ?, overflow_kind = ?, overflow = ?, overflow_number = ?,
                leaves_when_empty = ?, updated_at = \(Schema.now)
            WHERE id = ?
            """, columns(of: queue) + [.integer(queue.id)])
        if name != queue.name { try DestinationColumns.rename("queue", from: name, to: queue.name, in: database) }
        try replaceMembers(of: queue.id, queue.members, in: database)
        return true
    }

    /// A new member comes last.
    static func set(_ member: QueueMember, ofQueue id: Int64, in database: Database) throws(SQLFailure) {
        try database.run(
            """
            INSERT INTO queue_members (queue_id, user_id, pos, paused)
            SELECT ?1, ?2, coalesce(max(pos), 0) + 1, ?3 FROM queue_members WHERE queue_id = ?1
            ON CONFLICT (queue_id, user_id) DO UPDATE SET paused = excluded.paused, updated_at = \(Schema.now)
            """, [.integer(id), .integer(member.userID), SQLValue(member.isPaused)])
    }

    private static func replaceMembers(
        of id: Int64, _ members: [QueueMember], in database: Database
    ) throws(SQLFailure) {
        try database.run("DELETE FROM queue_members WHERE queue_id = ?", [.integer(id)])
        for member in members { try set(member, ofQueue: id, in: database) }
    }

    private static func columns(of queue: CallQueue) -> [SQLValue] {
        [
            .text(queue.name), SQLValue(queue.extension), .text(queue.strategy.rawValue),
            .integer(queue.ringing.wholeMilliseconds / 1000), .integer(queue.wrapUp.wholeMilliseconds / 1000),
            SQLValue(queue.maximumWaiting), .integer(queue.maximumWait.wholeMilliseconds / 1000),
        ] + DestinationColumns.values(queue.overflow) + [SQLValue(queue.leavesWhenEmpty)]
    }
}
