extension Schema {
    /// The sums of people's days once more, by blocks of thirty-two days: a year is some thousand rows instead of a
    /// hundred thousand.
    ///
    /// Only blocks that are over have sums, and not before somebody asks (`CallBlocks`): a call that ends costs none. One
    /// of long ago that changes takes back that its block is summed up.
    static func blocks(_ sql: Dialect) -> String {
        blockTables(sql) + clustering(sql) + blockFilling(sql) + blockTriggers(sql)
    }

    /// Which block a day is of; also those before 1970, which are negative.
    static func block(ofDay day: String) -> String { "((\(day)) >> 5)" }

    /// The first block that gets no sums yet: what people write down in the days after a call would undo them.
    static func openBlock(_ sql: Dialect) -> String { block(ofDay: "\(sql.day(of: sql.now)) - 3") }

    /// Of `call_people_blocks`, behind the block.
    static let blockColumns = "\(sumsKey), calls, duration, hold_seconds, transfer_count"

    private static let sumsKey = "state, direction, answered, \(persons.joined(separator: ", "))"

    /// `call_blocks` names the blocks that are summed up, also those without any call.
    private static func blockTables(_ sql: Dialect) -> String {
        """
        CREATE TABLE call_blocks (block \(sql.reference) PRIMARY KEY);

        CREATE TABLE call_people_blocks (
            block \(sql.reference) NOT NULL,
            \(peopleSums(sql)),
            PRIMARY KEY (block, \(sumsKey))
        )\(sql.keyed);

        """
    }

    /// Sums that an older step wrote all at once lie about in no order, so that a day's were on hundreds of pages.
    private static func clustering(_ sql: Dialect) -> String {
        sql == .sqlite ? "" : "CLUSTER call_people_days USING call_people_days_pkey;\n"
    }

    /// Sums up every block that is over.
    static func blockFilling(_ sql: Dialect) -> String {
        """
        \(blockSums(where: "\(block(ofDay: "day")) < \(openBlock(sql))"));
        INSERT INTO call_blocks SELECT DISTINCT block FROM call_people_blocks;

        """
    }

    /// Adds up the days of blocks that have no sums.
    static func blockSums(where condition: String) -> String {
        """
        INSERT INTO call_people_blocks (block, \(blockColumns))
            SELECT \(block(ofDay: "day")), \(sumsKey), sum(calls), sum(duration), sum(hold_seconds), sum(transfer_count)
            FROM call_people_days WHERE \(condition) GROUP BY \(block(ofDay: "day")), \(sumsKey)
            ORDER BY \(block(ofDay: "day"))
        """
    }

    /// Of the locks that programs share, those of blocks; the second number of each is the block's.
    static let blockLock = 7_410_839

    private static func blockTriggers(_ sql: Dialect) -> String {
        let isOver = "(OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL)"
        let isOther = "(OLD.ended_at IS NULL OR \(isCountedOtherwise(sql)))"
        return sql.trigger(
            "call_blocks_insert", after: "INSERT", of: "calls", when: "NEW.ended_at IS NOT NULL" + isOld(["NEW"], sql),
            do: forgetting("NEW", sql))
            + sql.trigger(
                "call_blocks_delete", after: "DELETE", of: "calls",
                when: "OLD.ended_at IS NOT NULL" + isOld(["OLD"], sql), do: forgetting("OLD", sql))
            + sql.trigger(
                "call_blocks_update", after: "UPDATE", of: "calls",
                when: "\(isOver)\(isOld(["OLD", "NEW"], sql)) AND \(isOther)",
                do: forgetting("OLD", sql) + "\n" + forgetting("NEW", sql))
    }

    /// PostgreSQL's triggers are dear where they do something, so new calls, whose block has no sums yet, are none of theirs.
    ///
    /// SQLite's cost next to nothing, and a machine of its own may start with a clock that is wrong.
    private static func isOld(_ rows: [String], _ sql: Dialect) -> String {
        guard sql == .postgres else { return "" }
        let isOld = rows.map { "\($0).started_at < now() - interval '2 days'" }
        return " AND (\(isOld.joined(separator: " OR ")))"
    }

    /// Who sums a block up waits for nobody, but must not miss what others are about to change.
    private static func forgetting(_ row: String, _ sql: Dialect) -> String {
        let block = block(ofDay: sql.day(of: "\(row).started_at"))
        let forgetting = "DELETE FROM call_blocks WHERE block = \(block);"
        guard sql == .postgres else { return forgetting }
        return "PERFORM pg_advisory_xact_lock_shared(\(blockLock), \(block)::integer);\n" + forgetting
    }
}
