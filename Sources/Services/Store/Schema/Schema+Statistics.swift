extension Schema {
    /// What statistics over many calls are read from, without looking at the calls themselves.
    static let statistics = peopleIndex + figureIndex + dayTables + dayTriggers + dayFilling

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
    private static let dayTables = """
        CREATE TABLE call_days (
            day INTEGER NOT NULL,
            state TEXT NOT NULL,
            direction TEXT NOT NULL,
            answered INTEGER NOT NULL,
            calls INTEGER NOT NULL,
            duration INTEGER NOT NULL,
            hold_seconds INTEGER NOT NULL,
            transfer_count INTEGER NOT NULL,
            PRIMARY KEY (day, state, direction, answered)
        ) WITHOUT ROWID;

        CREATE TABLE call_people_days (
            day INTEGER NOT NULL,
            state TEXT NOT NULL,
            direction TEXT NOT NULL,
            answered INTEGER NOT NULL,
            operator_id INTEGER NOT NULL,
            assigned_user_id INTEGER NOT NULL,
            answered_by_user_id INTEGER NOT NULL,
            calls INTEGER NOT NULL,
            duration INTEGER NOT NULL,
            hold_seconds INTEGER NOT NULL,
            transfer_count INTEGER NOT NULL,
            PRIMARY KEY (day, state, direction, answered, operator_id, assigned_user_id, answered_by_user_id)
        ) WITHOUT ROWID;

        """

    /// Kept by the database, in the transaction that changes the call: also for what is written by plain SQL. (Only of
    /// `INSERT OR REPLACE`, which deletes without a word, SQLite tells no trigger: `ON CONFLICT … DO UPDATE` is counted.)
    private static let dayTriggers = """
        CREATE TRIGGER call_days_insert AFTER INSERT ON calls WHEN NEW.ended_at IS NOT NULL BEGIN
            \(adding(1, "NEW"))
        END;
        CREATE TRIGGER call_days_delete AFTER DELETE ON calls WHEN OLD.ended_at IS NOT NULL BEGIN
            \(adding(-1, "OLD"))
        END;
        CREATE TRIGGER call_days_update AFTER UPDATE ON calls
        WHEN (OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL)
            AND (\(counted(of: "OLD")), OLD.ended_at IS NULL) IS NOT (\(counted(of: "NEW")), NEW.ended_at IS NULL)
        BEGIN
            \(adding(-1, "OLD"))
            \(adding(1, "NEW"))
        END;

        """

    private static let dayFilling = """
        INSERT INTO call_days
            SELECT \(kind(of: "calls")), count(*), sum(ifnull(duration, 0)), sum(hold_seconds), sum(transfer_count)
            FROM calls WHERE ended_at IS NOT NULL GROUP BY \(kind(of: "calls"));
        INSERT INTO call_people_days
            SELECT \(kind(of: "calls")), \(people(of: "calls")), count(*), sum(ifnull(duration, 0)),
                sum(hold_seconds), sum(transfer_count)
            FROM calls WHERE ended_at IS NOT NULL GROUP BY \(kind(of: "calls")), \(people(of: "calls"));

        """

    private static let sums = ["duration", "hold_seconds", "transfer_count"]

    /// Counts a call in or out, if it is over.
    private static func adding(_ sign: Int, _ row: String) -> String {
        let values = sums.map { "\(sign) * ifnull(\(row).\($0), 0)" }.joined(separator: ", ")
        let changes = (["calls"] + sums).map { "\($0) = \($0) + excluded.\($0)" }.joined(separator: ", ")
        let rest = "\(sign), \(values) WHERE \(row).ended_at IS NOT NULL ON CONFLICT DO UPDATE SET \(changes);"
        return """
            INSERT INTO call_days SELECT \(kind(of: row)), \(rest)
            INSERT INTO call_people_days SELECT \(kind(of: row)), \(people(of: row)), \(rest)
            """
    }

    /// The key of `call_days` of a row of `calls`; days are counted from 1970, also those before.
    private static func kind(of row: String) -> String {
        let day = "(\(row).started_at - (\(row).started_at % 86400000 + 86400000) % 86400000) / 86400000"
        return "\(day), \(row).state, \(row).direction, \(row).answered_at IS NOT NULL"
    }

    private static func people(of row: String) -> String {
        ["operator_id", "assigned_user_id", "answered_by_user_id"].map { "ifnull(\(row).\($0), 0)" }
            .joined(separator: ", ")
    }

    /// Everything of a row that the sums depend on.
    private static func counted(of row: String) -> String {
        "\(kind(of: row)), \(people(of: row)), " + sums.map { "\(row).\($0)" }.joined(separator: ", ")
    }
}
