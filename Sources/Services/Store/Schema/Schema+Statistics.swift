extension Schema {
    /// What statistics over many calls are read from, without looking at the calls themselves.
    static func statistics(_ sql: Dialect) -> String {
        peopleIndex + figureIndex + dayTables(sql) + dayTriggers(sql) + dayFilling(sql)
    }

    /// A user's calls in the order of lists.
    private static let peopleIndex = """
        DROP INDEX calls_answered_by;
        CREATE INDEX calls_answered_by ON calls (answered_by_user_id, started_at)
            WHERE answered_by_user_id IS NOT NULL;

        """

    /// For parts of days.
    ///
    /// Only calls that are over are in it, so that a call is put there once.
    private static let figureIndex = """
        CREATE INDEX calls_figures ON calls (
            started_at, state, direction, answered_at, duration, hold_seconds, transfer_count, operator_id,
            assigned_user_id, answered_by_user_id, ended_at
        ) WHERE ended_at IS NOT NULL;

        """

    /// The calls of each day (UTC) that are over, added up by kind, and by kind and people; 0 stands for nobody.
    ///
    /// The columns have the names of those of `calls`, so that the same conditions fit both.
    private static func dayTables(_ sql: Dialect) -> String {
        """
        CREATE TABLE call_days (
            day \(sql.reference) NOT NULL,
            state \(sql.text) NOT NULL,
            direction \(sql.text) NOT NULL,
            answered \(sql.flag) NOT NULL,
            calls \(sql.reference) NOT NULL,
            duration \(sql.reference) NOT NULL,
            hold_seconds \(sql.reference) NOT NULL,
            transfer_count \(sql.reference) NOT NULL,
            PRIMARY KEY (day, state, direction, answered)
        )\(sql.keyed);

        CREATE TABLE call_people_days (
            day \(sql.reference) NOT NULL,
            state \(sql.text) NOT NULL,
            direction \(sql.text) NOT NULL,
            answered \(sql.flag) NOT NULL,
            operator_id \(sql.reference) NOT NULL,
            assigned_user_id \(sql.reference) NOT NULL,
            answered_by_user_id \(sql.reference) NOT NULL,
            calls \(sql.reference) NOT NULL,
            duration \(sql.reference) NOT NULL,
            hold_seconds \(sql.reference) NOT NULL,
            transfer_count \(sql.reference) NOT NULL,
            PRIMARY KEY (day, state, direction, answered, operator_id, assigned_user_id, answered_by_user_id)
        )\(sql.keyed);

        """
    }

    /// Kept by the database, in the transaction that changes the call: also for what is written by plain SQL. (Only of
    /// `INSERT OR REPLACE`, which deletes without a word, SQLite tells no trigger: `ON CONFLICT … DO UPDATE` is counted.)
    private static func dayTriggers(_ sql: Dialect) -> String {
        let isOther = sql == .sqlite ? "IS NOT" : "IS DISTINCT FROM"
        let isChanged =
            "(\(counted(of: "OLD", sql)), OLD.ended_at IS NULL) \(isOther) (\(counted(of: "NEW", sql)), NEW.ended_at IS NULL)"
        return sql.trigger(
            "call_days_insert", after: "INSERT", of: "calls", when: "NEW.ended_at IS NOT NULL",
            do: adding(1, "NEW", sql))
            + sql.trigger(
                "call_days_delete", after: "DELETE", of: "calls", when: "OLD.ended_at IS NOT NULL",
                do: adding(-1, "OLD", sql))
            + sql.trigger(
                "call_days_update", after: "UPDATE", of: "calls",
                when: "(OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL) AND \(isChanged)",
                do: adding(-1, "OLD", sql) + "\n" + adding(1, "NEW", sql))
    }

    private static func dayFilling(_ sql: Dialect) -> String {
        """
        INSERT INTO call_days
            SELECT \(kind(of: "calls", sql)), count(*), sum(coalesce(duration, 0)), sum(hold_seconds),
                sum(transfer_count)
            FROM calls WHERE ended_at IS NOT NULL GROUP BY \(kind(of: "calls", sql));
        INSERT INTO call_people_days
            SELECT \(kind(of: "calls", sql)), \(people(of: "calls")), count(*), sum(coalesce(duration, 0)),
                sum(hold_seconds), sum(transfer_count)
            FROM calls WHERE ended_at IS NOT NULL GROUP BY \(kind(of: "calls", sql)), \(people(of: "calls"));

        """
    }

    private static let sums = ["duration", "hold_seconds", "transfer_count"]
    private static let persons = ["operator_id", "assigned_user_id", "answered_by_user_id"]

    /// Counts a call in or out, if it is over.
    private static func adding(_ sign: Int, _ row: String, _ sql: Dialect) -> String {
        let key = "day, state, direction, answered"
        let values = sums.map { "\(sign) * coalesce(\(row).\($0), 0)" }.joined(separator: ", ")
        func rest(_ table: String, _ key: String) -> String {
            let changes = (["calls"] + sums).map { "\($0) = \(table).\($0) + excluded.\($0)" }
            return """
                \(sign), \(values) WHERE \(row).ended_at IS NOT NULL
                ON CONFLICT (\(key)) DO UPDATE SET \(changes.joined(separator: ", "));
                """
        }
        let personKey = ([key] + persons).joined(separator: ", ")
        return """
            INSERT INTO call_days SELECT \(kind(of: row, sql)), \(rest("call_days", key))
            INSERT INTO call_people_days SELECT \(kind(of: row, sql)), \(people(of: row)),
                \(rest("call_people_days", personKey))
            """
    }

    /// The key of `call_days` of a row of `calls`; days are counted from 1970, also those before.
    private static func kind(of row: String, _ sql: Dialect) -> String {
        "\(sql.day(of: "\(row).started_at")), \(row).state, \(row).direction, \(row).answered_at IS NOT NULL"
    }

    private static func people(of row: String) -> String {
        persons.map { "coalesce(\(row).\($0), 0)" }.joined(separator: ", ")
    }

    /// Everything of a row that the sums depend on.
    private static func counted(of row: String, _ sql: Dialect) -> String {
        "\(kind(of: row, sql)), \(people(of: row)), " + sums.map { "\(row).\($0)" }.joined(separator: ", ")
    }
}
