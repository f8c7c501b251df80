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
        /// Calls of a short list are looked at one by one.
        case looking
    }

    /// The pattern of the text in lowercase.
    let folded: String
    /// The pattern of its digits, when it looks like a number.
    let digits: String?
    /// What it consists of, which says where it may stand.
    let letters: Letters
    /// What `call_words` is asked: an empty text when nothing in it can match, nil when calls are looked at one by one.
    private let phrase: String?
    /// Whether it has a group of three characters.
    private let isIndexable: Bool
    /// Whether it has nothing whose case matters, so that texts can be compared as they are.
    private let isCaseless: Bool
    var way = Way.sorting
    /// How many calls were found, up to one more than are counted: by PostgreSQL those that match the whole query, by
    /// SQLite those that have the text; nil before the way was chosen, and where no index knows it.
    private(set) var found: Int?
    /// Of few calls the ids, for which the index need not be asked again.
    private var listed: [Int64]?
    private let dialect: Dialect

    /// More calls than this are not worth being fetched one by one.
    private var manyCalls: Int { dialect == .sqlite ? 4000 : mostCounted }

    /// The highest total that is told, of more calls it is a lower bound: a text may be in every call.
    ///
    /// PostgreSQL has to look at each call that its index names. SQLite looks at none, but many numbers may have all the
    /// groups of three of longer digits, and not in a row.
    let mostCounted: Int

    /// To list the ids of more of SQLite's calls takes longer than to look at those of a person.
    private static let veryMany = 50_000

    /// Of what very many calls have, so many of the newest are looked at one by one before an index is asked: some
    /// milliseconds, and nearly always enough for a page.
    var looked: Int { isCaseless ? 12_000 : 6000 }

    /// Nil when nothing can be found.
    init?(_ text: String, _ dialect: Dialect, mostCounted: Int? = nil) {
        // No text that is kept has this character, which would end the pattern.
        guard !text.utf8.contains(0) else { return nil }
        self.dialect = dialect
        let lower = text.lowercased()
        folded = Self.containing(lower)
        isIndexable = lower.unicodeScalars.count >= 3
        isCaseless = text.utf8.allSatisfy { $0 < 0x80 } && !text.contains(where: \.isLetter)
        let isNumber = text.utf8.count { $0.isDigit } >= 3 && !text.contains(where: \.isLetter)
        let isLongNumber = isNumber && text.utf8.count > 3
        self.mostCounted = mostCounted ?? (dialect == .postgres ? 1000 : isLongNumber ? 4000 : Self.veryMany)
        letters = Letters(text)
        let number = isNumber ? PhoneNumber(text).normal : nil
        digits = number.map(Self.containing)
        phrase = dialect == .sqlite && isIndexable ? Self.phrase(lower, number) : nil
    }

    /// Whether it is found by an index of SQLite's.
    var isIndexed: Bool { phrase != nil }

    /// The condition on a row of `calls`.
    var condition: SQLCondition {
        if way == .sorting, let listed {
            let list = listed.map(String.init).joined(separator: ",")
            return SQLCondition("id IN (\(dialect.listedNumbers))", [.text("[\(list)]")])
        }
        if phrase != nil, way != .looking {
            let (ids, values) = ids
            return SQLCondition("\(way == .walking ? "+" : "")id IN (\(ids))", values)
        }
        let looking = way == .looking ? comparison(isFolded: !isCaseless) : oneByOne
        guard dialect == .postgres else { return looking }
        // Of the truth of it the indexes of trigrams know nothing.
        return way == .sorting ? byIndex : SQLCondition("\(looking.sql) IS TRUE", looking.values)
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

    /// Whether so many have it that the newest calls are worth being looked at before.
    var isInVeryMany: Bool { way == .walking && found ?? 0 > mostCounted }

    /// The same for a page that the newest calls have not enough for.
    ///
    /// PostgreSQL fetches and sorts all that its index names: to walk the whole list takes it longer.
    var forRest: CallSearch {
        var search = self
        if dialect == .postgres, isIndexable { search.way = .sorting }
        return search
    }

    /// Looks how many calls there are, and chooses the way to them.
    ///
    /// What no index knows is looked for in the order of the list anyway, among the calls that the rest of `query` leaves.
    mutating func chooseWay(_ query: CallQuery, in database: Database) throws(SQLFailure) {
        if dialect == .postgres {
            try listMatches(of: query, in: database)
        } else if phrase != nil {
            try list(in: database)
        }
        let count = found ?? 0
        let isOwn = query.visibility != .all
        way = count <= manyCalls ? .sorting : isOwn && count > Self.veryMany ? .looking : .walking
    }

    /// Asks SQLite's index for few calls or, when there are more, how many.
    private mutating func list(in database: Database) throws(SQLFailure) {
        let (ids, values) = ids
        let few = try database.query("\(ids) LIMIT ?", values + [SQLValue(manyCalls + 1)]) { $0.integer(0) }
        found = few.count
        if few.count <= manyCalls {
            listed = few
        } else if mostCounted > manyCalls {
            found = try database.count(upTo: mostCounted + 1, of: ids, values)
        }
    }

    /// Asks PostgreSQL's indexes, one condition after the other, for the calls that match all of the query.
    private mutating func listMatches(of query: CallQuery, in database: Database) throws(SQLFailure) {
        var others = query
        others.search = nil
        var ids: [Int64] = []
        for condition in apart where ids.count <= mostCounted {
            var conditions = CallConditions(others, nil)
            conditions.add(condition)
            ids += try database.query(
                "SELECT id FROM calls \(conditions.clause) LIMIT ?",
                conditions.values + [SQLValue(mostCounted + 1 - ids.count)]
            ) { $0.integer(0) }
        }
        found = ids.count
        if ids.count <= manyCalls { listed = ids }
    }

    var oneByOne: SQLCondition { comparison(isFolded: true) }

    private func comparison(isFolded: Bool) -> SQLCondition {
        let texts = ["caller_number", "receiver_number", "customer_name", "notes"].map {
            SQLCondition.like(isFolded ? "fold(\($0))" : $0, folded)
        }
        return .any(of: texts + inNormalForms)
    }

    /// Where the digits may stand, of either end.
    var inNormalForms: [SQLCondition] {
        digits.map { digits in ["caller_norm", "receiver_norm"].map { .like($0, digits) } } ?? []
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

    /// The text where it may stand, or its digits where normal forms are; an empty one when neither is in the index.
    private static func phrase(_ text: String, _ number: String?) -> String {
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
