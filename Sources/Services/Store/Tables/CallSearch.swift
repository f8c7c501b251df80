import CallModel
import Directory

/// A text that is looked for in the numbers, the name and the notes of calls, as SQL: a condition that stands for it.
///
/// Both engines answer the same calls. PostgreSQL has an index for patterns; SQLite has `call_words`, whose phrases are
/// exact wherever it is asked: calls with letters that it takes for others than `fold` does are not in it, but in the
/// index `calls_unusual`, and are looked at one by one, as the newest are.
struct CallSearch {
    /// How a page of the calls that were found is made.
    enum Way {
        /// Few are found: they are fetched and sorted.
        case sorting
        /// Many are: the list is walked in its order until the page is full.
        case walking
    }

    /// The pattern of the text in lowercase.
    private let folded: String
    /// The pattern of its digits, when it looks like a number.
    private let digits: String?
    /// What `call_words` is asked: an empty text when nothing in it can match, nil when calls are looked at one by one.
    private let phrase: String?
    var way = Way.sorting
    /// How many calls were found, up to one more than are counted: by PostgreSQL those that match the whole query, by
    /// SQLite those that have the text; nil before the way was chosen, and where no index knows it.
    private(set) var found: Int?
    private let dialect: Dialect

    /// More calls than this are not worth being fetched one by one.
    private var manyCalls: Int { dialect == .sqlite ? 4000 : mostCounted }

    /// The highest total that is told, of more calls it is a lower bound: a text may be in every call.
    ///
    /// PostgreSQL has to look at each call that its index names, SQLite at none.
    let mostCounted: Int

    /// Nil when nothing can be found.
    init?(_ text: String, _ dialect: Dialect, mostCounted: Int? = nil) {
        // No text that is kept has this character, which would end the pattern.
        guard !text.utf8.contains(0) else { return nil }
        self.dialect = dialect
        self.mostCounted = mostCounted ?? (dialect == .sqlite ? 50_000 : 2000)
        let lower = text.lowercased()
        folded = Self.containing(lower)
        let isNumber = text.utf8.count { $0.isDigit } >= 3 && !text.contains(where: \.isLetter)
        let number = isNumber ? PhoneNumber(text).normal : nil
        digits = number.map(Self.containing)
        phrase = dialect == .sqlite ? Self.phrase(lower, number) : nil
    }

    /// Whether it is found by an index of SQLite's.
    var isIndexed: Bool { phrase != nil }

    /// The condition on a row of `calls`.
    var condition: (sql: String, values: [SQLValue]) {
        guard phrase != nil else {
            let (sql, values) = oneByOne
            // Of this the indexes of trigrams know nothing.
            return (dialect == .postgres && way == .walking ? "\(sql) IS TRUE" : sql, values)
        }
        let (ids, values) = ids
        return ("\(way == .walking ? "+" : "")id IN (\(ids))", values)
    }

    /// The ids of all calls that match, each once.
    var ids: (sql: String, values: [SQLValue]) {
        let rest = oneByOne
        let unusual = "SELECT id FROM calls INDEXED BY calls_unusual WHERE (\(Schema.hasUnusualText)) AND \(rest.sql)"
        guard let phrase, !phrase.isEmpty else { return (unusual, rest.values) }
        let newest = """
            SELECT id FROM calls WHERE id > \(Schema.wordReach) AND (\(Schema.hasUnusualText)) IS NOT TRUE AND \(rest.sql)
            """
        return (
            "SELECT rowid FROM call_words WHERE call_words MATCH ? UNION ALL \(unusual) UNION ALL \(newest)",
            [.text(phrase)] + rest.values + rest.values
        )
    }

    /// Looks how many calls there are, and chooses the way to them.
    ///
    /// What no index knows is looked for in the order of the list anyway, among the calls that the rest of `query` leaves.
    mutating func chooseWay(_ query: CallQuery, in database: Database) throws(SQLFailure) {
        if dialect == .postgres {
            let conditions = CallConditions(query, self)
            found = try database.count(
                upTo: mostCounted + 1, of: "SELECT 1 FROM calls \(conditions.clause)", conditions.values)
        } else if phrase != nil {
            let (ids, values) = ids
            found = try database.count(upTo: mostCounted + 1, of: ids, values)
        }
        way = found ?? 0 > manyCalls ? .walking : .sorting
    }

    private var oneByOne: (sql: String, values: [SQLValue]) {
        var alternatives = ["caller_number", "receiver_number", "customer_name", "notes"].map {
            "fold(\($0)) LIKE ? ESCAPE '!'"
        }
        var values = alternatives.map { _ in SQLValue.text(folded) }
        if let digits {
            alternatives += ["caller_norm LIKE ? ESCAPE '!'", "receiver_norm LIKE ? ESCAPE '!'"]
            values += [.text(digits), .text(digits)]
        }
        return ("(\(alternatives.joined(separator: " OR ")))", values)
    }

    /// The pattern of what has this text in it, wherever.
    static func containing(_ text: String) -> String {
        var pattern = "%"
        for scalar in text.unicodeScalars {
            if "!%_".unicodeScalars.contains(scalar) { pattern += "!" }
            pattern.unicodeScalars.append(scalar)
        }
        return pattern + "%"
    }

    /// The text where it may stand, or its digits where normal forms are.
    ///
    /// The index has groups of three characters.
    private static func phrase(_ text: String, _ number: String?) -> String? {
        guard text.unicodeScalars.count >= 3 else { return nil }
        if text.unicodeScalars.contains(where: UnusualLetters.contains) { return "" }
        let written = "\"\(text.replacing("\"", with: "\"\""))\""
        guard let number else { return "{\(CallWords.written)} : \(written)" }
        // What is nothing but digits is the same in both.
        return number == text ? written : "{\(CallWords.written)} : \(written) OR {\(CallWords.normal)} : \"\(number)\""
    }
}

extension Database {
    /// How many rows a query answers; counting ends at `limit`.
    func count(upTo limit: Int, of query: String, _ values: [SQLValue]) throws(SQLFailure) -> Int {
        Int(try integer("SELECT count(*) FROM (\(query) LIMIT ?) AS found", values + [SQLValue(limit)]) ?? 0)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
