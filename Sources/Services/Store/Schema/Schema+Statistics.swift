extension Schema {
    /// What statistics over many calls are read from, without looking at the calls themselves.
    static func statistics(_ sql: Dialect) -> String {
        peopleIndex + figureIndex + dayTables(sql) + sumTriggers(of: [.days, .peopleDays], sql) + dayFilling(sql)
    }

    /// The sums of all time by kind and people: a few hundred rows where the days' have hundreds of thousands.
    ///
    /// One trigger keeps all sums, so that it is asked once whether anything changed.
    static func totals(_ sql: Dialect) -> String {
        let dropping = ["call_days_insert", "call_days_delete", "call_days_update"].map { name in
            sql.droppingTrigger(name, of: "calls")
        }
        return totalTable(sql) + dropping.joined() + sumTriggers(of: SumTable.allCases, sql) + totalFilling
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
            \(peopleSums(sql)),
            PRIMARY KEY (day, state, direction, answered, operator_id, assigned_user_id, answered_by_user_id)
        )\(sql.keyed);

        """
    }

    /// The columns of sums by kind and people, behind the one that says of which time they are.
    static func peopleSums(_ sql: Dialect) -> String {
        """
        state \(sql.text) NOT NULL,
            direction \(sql.text) NOT NULL,
            answered \(sql.flag) NOT NULL,
            operator_id \(sql.reference) NOT NULL,
            assigned_user_id \(sql.reference) NOT NULL,
            answered_by_user_id \(sql.reference) NOT NULL,
            calls \(sql.reference) NOT NULL,
            duration \(sql.reference) NOT NULL,
            hold_seconds \(sql.reference) NOT NULL,
            transfer_count \(sql.reference) NOT NULL
        """
    }

    private static func totalTable(_ sql: Dialect) -> String {
        """
        CREATE TABLE call_people (
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
            PRIMARY KEY (state, direction, answered, operator_id, assigned_user_id, answered_by_user_id)
        )\(sql.keyed);

        """
    }

    private static let totalFilling: String = {
        let key = SumTable.people.key.joined(separator: ", ")
        return """
            INSERT INTO call_people
                SELECT \(key), sum(calls), sum(duration), sum(hold_seconds), sum(transfer_count)
                FROM call_people_days GROUP BY \(key);

            """
    }()

    /// Kept by the database, in the transaction that changes the call: also for what is written by plain SQL. (Only of
    /// `INSERT OR REPLACE`, which deletes without a word, SQLite tells no trigger: `ON CONFLICT … DO UPDATE` is counted.)
    private static func sumTriggers(of tables: [SumTable], _ sql: Dialect) -> String {
        sql.trigger(
            "call_days_insert", after: "INSERT", of: "calls", when: "NEW.ended_at IS NOT NULL",
            do: adding(1, "NEW", to: tables, sql))
            + sql.trigger(
                "call_days_delete", after: "DELETE", of: "calls", when: "OLD.ended_at IS NOT NULL",
                do: adding(-1, "OLD", to: tables, sql))
            + sql.trigger(
                "call_days_update", after: "UPDATE", of: "calls",
                when: "(OLD.ended_at IS NOT NULL OR NEW.ended_at IS NOT NULL) AND \(isCountedOtherwise(sql))",
                do: adding(-1, "OLD", to: tables, sql) + "\n" + adding(1, "NEW", to: tables, sql))
    }

    /// Whether an UPDATE changes anything that the sums depend on.
    static func isCountedOtherwise(_ sql: Dialect) -> String {
        let isOther = sql == .sqlite ? "IS NOT" : "IS DISTINCT FROM"
        return
            "(\(counted(of: "OLD", sql)), OLD.ended_at IS NULL) \(isOther) (\(counted(of: "NEW", sql)), NEW.ended_at IS NULL)"
    }

    /// The tables that the database fills from its calls.
    static let sumTables = SumTable.allCases.map(\.rawValue) + ["call_blocks", "call_people_blocks"]

    /// Adds up all calls, where no sum is yet.
    static func sumFilling(_ sql: Dialect) -> String { dayFilling(sql) + totalFilling + blockFilling(sql) }

    private static func dayFilling(_ sql: Dialect) -> String {
        """
        INSERT INTO call_days
            SELECT \(kind(of: "calls", sql)), count(*), sum(coalesce(duration, 0)), sum(hold_seconds),
                sum(transfer_count)
            FROM calls WHERE ended_at IS NOT NULL GROUP BY \(kind(of: "calls", sql));
        INSERT INTO call_people_days
            SELECT \(kind(of: "calls", sql)), \(people(of: "calls")), count(*), sum(coalesce(duration, 0)),
                sum(hold_seconds), sum(transfer_count)
            FROM calls WHERE ended_at IS NOT NULL GROUP BY \(kind(of: "calls", sql)), \(people(of: "calls"))
            ORDER BY \(day(of: "calls", sql));

        """
    }

    private static let sums = ["duration", "hold_seconds", "transfer_count"]
    static let persons = ["operator_id", "assigned_user_id", "answered_by_user_id"]

    /// Counts a call in or out, if it is over.
    private static func adding(_ sign: Int, _ row: String, to tables: [SumTable], _ sql: Dialect) -> String {
        let values = sums.map { "\(sign) * coalesce(\(row).\($0), 0)" }.joined(separator: ", ")
        return tables.map { table in
            let changes = (["calls"] + sums).map { "\($0) = \(table.rawValue).\($0) + excluded.\($0)" }
            return """
                INSERT INTO \(table.rawValue) SELECT \(table.key(of: row, sql)), \(sign), \(values)
                WHERE \(row).ended_at IS NOT NULL
                ON CONFLICT (\(table.key.joined(separator: ", "))) DO UPDATE SET \(changes.joined(separator: ", "));
                """
        }.joined(separator: "\n")
    }

    private static func day(of row: String, _ sql: Dialect) -> String { sql.day(of: "\(row).started_at") }

    /// What kind of call it is.
    fileprivate static func sort(of row: String) -> String {
        "\(row).state, \(row).direction, \(row).answered_at IS NOT NULL"
    }

    /// The key of `call_days` of a row of `calls`; days are counted from 1970, also those before.
    fileprivate static func kind(of row: String, _ sql: Dialect) -> String {
        "\(day(of: row, sql)), \(sort(of: row))"
    }

    fileprivate static func people(of row: String) -> String {
        persons.map { "coalesce(\(row).\($0), 0)" }.joined(separator: ", ")
    }

    /// Everything of a row that the sums depend on.
    private static func counted(of row: String, _ sql: Dialect) -> String {
        "\(kind(of: row, sql)), \(people(of: row)), " + sums.map { "\(row).\($0)" }.joined(separator: ", ")
    }
}

/// A table of sums over calls that are over.
private enum SumTable: String, CaseIterable {
    case days = "call_days"
    case peopleDays = "call_people_days"
    case people = "call_people"

    private static let sort = ["state", "direction", "answered"]

    var key: [String] {
        switch self {
        case .days: ["day"] + Self.sort
        case .peopleDays: ["day"] + Self.sort + Schema.persons
        case .people: Self.sort + Schema.persons
        }
    }

    /// The key that a row of `calls` is counted under.
    func key(of row: String, _ sql: Dialect) -> String {
        switch self {
        case .days: Schema.kind(of: row, sql)
        case .peopleDays: "\(Schema.kind(of: row, sql)), \(Schema.people(of: row))"
        case .people: "\(Schema.sort(of: row)), \(Schema.people(of: row))"
        }
    }
}
