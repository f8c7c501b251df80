extension Schema {
    /// What statistics over many calls are read from, without looking at the calls themselves.
    static let statistics = figureIndex + dayTable + dayTriggers + dayFilling

    /// For parts of days.
    ///
    /// Only calls that are over are in it, so that a call is put there once.
    private static let figureIndex = """
        CREATE INDEX calls_figures ON calls (
            started_at, state, direction, answered_at, duration, hold_seconds, transfer_count, operator_id,
            assigned_user_id, answered_by_user_id, ended_at
        ) WHERE ended_at IS NOT NULL;

        """

    /// The calls of each day (UTC) that are over, added up by kind and people; 0 stands for nobody.
    ///
    /// The columns have the names of those of `calls`, so that the same conditions fit both.
    private static let dayTable = """
        CREATE TABLE call_days (
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

    /// Kept by the database, in the transaction that changes the call: also for what is written by plain SQL.
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
            SELECT \(kind(of: "calls")), count(*), \(["duration", "hold_seconds", "transfer_count"]
                .map { "coalesce(sum(\($0)), 0)" }.joined(separator: ", "))
            FROM calls WHERE ended_at IS NOT NULL
            GROUP BY \(kind(of: "calls"));

        """

    /// Counts a call in or out, if it is over.
    private static func adding(_ sign: Int, _ row: String) -> String {
        let sums = ["duration", "hold_seconds", "transfer_count"].map { "\(sign) * ifnull(\(row).\($0), 0)" }
        let changes = ["calls", "duration", "hold_seconds", "transfer_count"].map { "\($0) = \($0) + excluded.\($0)" }
        return """
            INSERT INTO call_days SELECT \(kind(of: row)), \(sign), \(sums.joined(separator: ", "))
                WHERE \(row).ended_at IS NOT NULL
                ON CONFLICT DO UPDATE SET \(changes.joined(separator: ", "));
            """
    }

    /// The key of `call_days` of a row of `calls`; days are counted from 1970, also those before.
    private static func kind(of row: String) -> String {
        let day = "(\(row).started_at - (\(row).started_at % 86400000 + 86400000) % 86400000) / 86400000"
        let people = ["operator_id", "assigned_user_id", "answered_by_user_id"].map { "ifnull(\(row).\($0), 0)" }
        return ([day, "\(row).state", "\(row).direction", "\(row).answered_at IS NOT NULL"] + people)
            .joined(separator: ", ")
    }

    /// Everything of a row that `call_days` depends on.
    private static func counted(of row: String) -> String {
        "\(kind(of: row)), \(row).duration, \(row).hold_seconds, \(row).transfer_count"
    }
}
