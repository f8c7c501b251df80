/// What the two engines say differently, in one place.
///
/// The schema is written with these words. Statements are written in SQLite's, of which `translated` knows the few that
/// PostgreSQL has others for.
enum Dialect: Sendable {
    case sqlite
    case postgres
}

/// Types and defaults of columns.
extension Dialect {
    private func choose(_ sqlite: String, _ postgres: String) -> String { self == .sqlite ? sqlite : postgres }

    /// A number that the database gives out.
    var id: String { choose("INTEGER PRIMARY KEY", "bigserial PRIMARY KEY") }
    /// A number of a row here or elsewhere.
    var reference: String { choose("INTEGER", "bigint") }
    var integer: String { choose("INTEGER", "integer") }
    var real: String { choose("REAL", "double precision") }
    /// SQLite has milliseconds since 1970.
    var time: String { choose("INTEGER", "timestamptz") }
    var flag: String { choose("INTEGER", "boolean") }
    var uuid: String { choose("TEXT", "uuid") }
    var json: String { choose("TEXT", "jsonb") }
    /// Of a host.
    var address: String { choose("TEXT", "inet") }
    var text: String { choose("TEXT", "text") }
    func text(_ length: Int) -> String { choose("TEXT", "varchar(\(length))") }
    func decimal(_ digits: Int, _ fraction: Int) -> String { choose("REAL", "numeric(\(digits),\(fraction))") }

    /// The current moment, as a default.
    var now: String { choose(Schema.now, "now()") }
    var yes: String { choose("1", "true") }
    var no: String { choose("0", "false") }
    /// Ends a table that is looked up by its key alone.
    var keyed: String { choose(" WITHOUT ROWID", "") }
    /// By which numbers are compared.
    func lastTen(_ column: String) -> String { choose("substr(\(column), -10)", "right(\(column), 10)") }

    /// A number that the database gives out in ascending order, and never twice.
    var ascendingID: String { choose("INTEGER PRIMARY KEY AUTOINCREMENT", "bigserial PRIMARY KEY") }
    /// Made by the database where it can.
    var newUUID: String { choose("TEXT NOT NULL", "uuid NOT NULL DEFAULT gen_random_uuid()") }

    /// The normal form of a number as `PhoneNumber.normal` makes it, for columns that are also filled by plain SQL.
    ///
    /// In PostgreSQL it is cut to the length of its column.
    func normalForm(of column: String) -> String {
        let digits = [" ", "(", ")", "-", ".", "+"].reduce(column) { "replace(\($0), '\($1)', '')" }
        let normal =
            "CASE WHEN length(\(digits)) = 11 AND substr(\(digits), 1, 1) = '8' "
            + "THEN '7' || substr(\(digits), 2) ELSE \(digits) END"
        return choose(normal, "right(\(normal), 20)")
    }

    /// Seconds between two moments, rounded.
    func seconds(from start: String, to end: String) -> String {
        choose(
            "((\(end) - \(start) + 500) / 1000)", "floor(extract(epoch FROM (\(end)) - (\(start))) + 0.5)::integer")
    }

    /// The day (UTC) of a moment, counted from 1970.
    func day(of moment: String) -> String {
        choose(
            "(\(moment) - (\(moment) % 86400000 + 86400000) % 86400000) / 86400000",
            "floor(extract(epoch FROM \(moment)) / 86400)::bigint")
    }

    /// Begins a transaction that is going to write.
    var begin: String { choose("BEGIN IMMEDIATE", "BEGIN") }

    /// Begins a transaction whose statements see the database as its first did.
    var beginSnapshot: String { choose("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") }

    /// The rows of a JSON list of numbers that is the statement's next value.
    var listedNumbers: String {
        choose("SELECT value FROM json_each(?)", "SELECT value::bigint FROM jsonb_array_elements_text(?)")
    }
}

/// What a database does by itself when rows change.
extension Dialect {
    /// `event`: `INSERT`, `UPDATE` or `DELETE`; `body`: statements, each with its semicolon.
    func trigger(_ name: String, after event: String, of table: String, when condition: String, do body: String)
        -> String
    {
        switch self {
        case .sqlite:
            "CREATE TRIGGER \(name) AFTER \(event) ON \(table) WHEN \(condition) BEGIN\n\(body)\nEND;\n"
        case .postgres:
            """
            CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
            \(body)
            RETURN NULL;
            END $body$;
            CREATE TRIGGER \(name) AFTER \(event) ON \(table) FOR EACH ROW WHEN (\(condition))
                EXECUTE FUNCTION \(name)();

            """
        }
    }

    func droppingTrigger(_ name: String, of table: String) -> String {
        choose("DROP TRIGGER \(name);\n", "DROP TRIGGER \(name) ON \(table);\nDROP FUNCTION \(name)();\n")
    }
}

/// A statement as PostgreSQL takes it.
struct TranslatedSQL {
    var text = ""
    /// Which of the values stands for each parameter; PostgreSQL knows no type of one that is never used.
    var values: [Int] = []
}

extension Dialect {
    /// Words of SQLite's and PostgreSQL's for them.
    private static let words = [
        (Schema.now, "now()"), ("json_group_array(", "json_agg("), ("instr(", "strpos("),
        ("json_each(", "jsonb_array_elements_text("),
    ]

    /// `?` and `?7` become `$1`, and SQLite's words PostgreSQL's, but for what stands in quotes.
    static func translated(_ sql: String) -> TranslatedSQL {
        var plain = words.reduce(sql) { $0.replacing($1.0, with: $1.1) }
        plain = plain.replacing(/substr\((\w+), -10\)/) { "right(\($0.1), 10)" }
        plain = plain.replacing(/\sINDEXED BY \w+/, with: "")
        var (statement, next) = (TranslatedSQL(), 0)
        for (index, part) in plain.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { statement.text += "'" }
            if index.isMultiple(of: 2) { statement.add(part, &next) } else { statement.text += part }
        }
        return statement
    }
}

extension TranslatedSQL {
    /// `next`: how many values plain question marks have taken.
    fileprivate mutating func add(_ part: Substring, _ next: inout Int) {
        var pieces = part.split(separator: "?", omittingEmptySubsequences: false)[...]
        text += pieces.popFirst() ?? ""
        for piece in pieces {
            let digits = piece.prefix(while: \.isWholeNumber)
            let value = Int(digits).map { $0 - 1 } ?? next
            next = max(next, value + 1)
            let place = values.firstIndex(of: value) ?? values.count
            if place == values.count { values.append(value) }
            text += "$\(place + 1)" + piece.dropFirst(digits.count)
        }
    }
}
