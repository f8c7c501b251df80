import Directory
import Testing
import Wire

@testable import Store

struct DialectTests {
    private static let statements: [(sql: String, text: String, values: [Int])] = [
        ("SELECT a FROM b WHERE c = ? AND d = ?", "SELECT a FROM b WHERE c = $1 AND d = $2", [0, 1]),
        // A value that is never named would have no type.
        ("UPDATE a SET b = ?3 WHERE c = ?1 AND d = ?3", "UPDATE a SET b = $1 WHERE c = $2 AND d = $1", [2, 0]),
        ("SELECT '?', 'it''s ?' WHERE a = ?", "SELECT '?', 'it''s ?' WHERE a = $1", [0]),
        ("SELECT 1 FROM a INDEXED BY a_b WHERE b = ?", "SELECT 1 FROM a WHERE b = $1", [0]),
        ("SELECT substr(norm, -10), instr(a, ?)", "SELECT right(norm, 10), strpos(a, $1)", [0]),
        ("UPDATE a SET b = \(Schema.now)", "UPDATE a SET b = now()", []),
    ]

    @Test(arguments: statements.indices) func `statements are put into PostgreSQL's words`(index: Int) {
        let translated = Dialect.translated(Self.statements[index].sql)
        #expect(translated.text == Self.statements[index].text)
        #expect(translated.values == Self.statements[index].values)
    }

    /// Every kind of value, and texts that one engine or both might stumble over.
    private static let values: [SQLValue] = [
        .null, .integer(.max), .integer(.min), .text(""), .text("it's \"€\" \\ \u{1F600}\n"), .real(0.25),
    ]

    @Test(arguments: Engine.allCases) func `values come back as they went in`(engine: Engine) throws {
        let database = try emptyDatabase(engine)
        let sql = database.dialect
        try database.execute(
            "CREATE TABLE a (n \(sql.reference), t \(sql.text), r \(sql.real), f \(sql.flag), m \(sql.time), j \(sql.json))"
        )
        for value in Self.values {
            let column =
                switch value {
                case .text: "t"
                case .real: "r"
                default: "n"
                }
            try database.run("INSERT INTO a (\(column)) VALUES (?)", [value])
            let read = try database.query("SELECT n, t, r FROM a") { row -> SQLValue in
                if let text = row.textIfPresent(1) { return .text(text) }
                return row.realIfPresent(2).map(SQLValue.real) ?? SQLValue(row.integerIfPresent(0))
            }
            #expect(read == [value])
            #expect(try database.run("DELETE FROM a") == 1)
        }
        try database.run("INSERT INTO a (f, m, j) VALUES (?, ?, ?)", [.flag(true), .time(noon), .json(#"{"b": [1]}"#)])
        let row = try database.query("SELECT f, m, j FROM a") { ($0.flag(0), $0.time(1), $0.jsonIfPresent(2) ?? "") }
        #expect(row.first?.0 == true && row.first?.1 == noon)
        #expect(try JSONValue(parsing: row.first?.2 ?? "") == ["b": [1]])
    }

    @Test func `what PostgreSQL cannot hold is written as near as it can be`() throws {
        let database = try emptyDatabase(.postgres)
        try database.execute("CREATE TABLE a (t text, m timestamptz, j jsonb)")
        try database.run(
            "INSERT INTO a (t, m, j) VALUES (?, ?, ?)",
            [.text("a\0b"), .time(WallTime(milliseconds: .max)), .json("no JSON")])
        let row = try database.query("SELECT t, m, j FROM a") { ($0.text(0), $0.time(1), $0.jsonIfPresent(2)) }.first
        #expect(row?.0 == "a\u{FFFD}b" && row?.1 == PostgresTime.last && row?.2 == "\"no JSON\"")
    }

    @Test(arguments: Engine.allCases) func `a refused row is undone alone where it is guarded`(engine: Engine) throws {
        let database = try emptyDatabase(engine)
        try database.execute("CREATE TABLE a (x INTEGER PRIMARY KEY)")
        try database.transaction { () throws(SQLFailure) in
            for number in [1, 2, 1, 3] as [Int64] {
                do throws(SQLFailure) {
                    _ = try database.guarded { () throws(SQLFailure) in
                        try database.run("INSERT INTO a (x) VALUES (?)", [.integer(number)])
                    }
                } catch {
                    #expect(number == 1 && error.isConstraint && error.columns == "a.x")
                }
            }
        }
        #expect(try database.integer("SELECT count(*) FROM a") == 3)
    }
}

struct PostgresAddressTests {
    private static let addresses: [(url: String, description: String?)] = [
        ("postgres://user:s3cret@db.example:5433/calls", "postgres://db.example:5433/calls"),
        ("postgresql://user:s3cret@db/calls?schema=public&connection_limit=5&sslmode=require", "postgres://db/calls"),
        ("postgresql://[2001:db8::1]/calls", "postgres://[2001:db8::1]/calls"),
        ("postgres:///calls?host=/run/postgresql", "postgres:///run/postgresql/calls"),
        ("postgres://user:s3cret@host:port/calls", nil), ("mysql://db/calls", nil), ("postgres://[half/calls", nil),
    ]

    @Test(arguments: addresses.indices) func `a server is named without its password`(index: Int) throws {
        let (url, description) = Self.addresses[index]
        let address = PostgresAddress(url: url)
        // libpq looks at a port only when it connects.
        if url.contains(":port") { return #expect(address.map { !"\($0)".contains("s3cret") } ?? true) }
        #expect(address?.description == description)
        #expect(!"\(String(describing: address))".contains("s3cret"))
    }

    @Test func `a schema of the URL is where the tables are`() throws {
        let place = try Place(.postgres, isEmpty: true)
        try place.open().execute("CREATE SCHEMA calls_of_mine")
        let address = try #require(PostgresAddress(url: place.url + "&schema=calls_of_mine&pool_timeout=3"))
        let database = try PostgresLink.open(address)
        try database.migrate(at: noon)
        #expect(try database.integer("SELECT count(*) FROM calls_of_mine.calls") == 0)
    }
}
