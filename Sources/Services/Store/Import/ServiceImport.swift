import CallModel
import Directory
import Reactor
import Wire

/// Takes over what the services of documents 000 and 001 kept in PostgreSQL: `callcentre_operator`, `phones`, `mango` and
/// `calls`.
///
/// What is here is known by its login, its number or the exchange's id of its call, and stays as it is: a second run adds
/// what has come since. Numbers of people and calls are kept where they are free.
struct ServiceImport {
    let source: Database
    let target: Database
    private var report = ImportReport()
    /// Our people by the numbers they have there.
    private var people: [Int64: Int64] = [:]
    private var entropy = Entropy.system

    init(from source: Database, to target: Database) { (self.source, self.target) = (source, target) }

    /// Whether the source is one of this program's, which are copied.
    var isOwnKind: Bool {
        get throws(SQLFailure) {
            let found = try source.named { () throws(SQLFailure) in
                try source.integer(
                    """
                    SELECT count(*) FROM information_schema.columns
                    WHERE table_schema = current_schema() AND table_name = 'calls' AND column_name = 'receiver_norm'
                    """)
            }
            return found ?? 0 > 0
        }
    }

    mutating func run() throws(SQLFailure) -> ImportReport {
        // What has a zone is written in UTC.
        try source.named { () throws(SQLFailure) in
            try source.execute("SET TIME ZONE 'UTC'; SET default_transaction_read_only = on")
        }
        try take("callcentre_operator") { (importing, row, table) throws(SQLFailure) in
            try importing.take(person: row, &table)
        }
        try take("phones") { (importing, row, table) throws(SQLFailure) in try importing.take(line: row, &table) }
        try take("mango") { (importing, row, table) throws(SQLFailure) in try importing.take(leg: row, &table) }
        try take("calls") { (importing, row, table) throws(SQLFailure) in try importing.take(call: row, &table) }
        return report
    }

    private mutating func take(
        _ name: String, _ body: (inout Self, ForeignRow, inout ImportReport.Table) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        let (source, target) = (source, target)
        let isThere = try source.named { () throws(SQLFailure) in
            try source.integer("SELECT (to_regclass(?) IS NOT NULL)::int", [.text(name)]) == 1
        }
        guard isThere else {
            report.missing.append(name)
            return
        }
        var table = ImportReport.Table(name)
        try source.named { () throws(SQLFailure) in
            try source.scan("SELECT to_jsonb(foreign_row), id::text FROM \(name) AS foreign_row ORDER BY id") { row in
                (number: row.textIfPresent(1), row: ForeignRow(json: row.text(0)))
            } each: { (read) throws(SQLFailure) in
                guard let row = read.row else { return table.skip(number: read.number, "the row cannot be read") }
                if let problem = row.problem { return table.skip(row, problem) }
                do throws(SQLFailure) {
                    try target.named { () throws(SQLFailure) in
                        try target.guarded { () throws(SQLFailure) in try body(&self, row, &table) }
                    }
                } catch  where error.isConstraint {
                    table.skip(row, error.message)
                }
            }
        }
        report.tables.append(table)
    }

    /// A number that no row has, neither here nor there.
    private func spareNumber(in own: String, beside foreign: String) throws(SQLFailure) -> Int64 {
        func highest(_ table: String, in database: Database) throws(SQLFailure) -> Int64 {
            try database.named { () throws(SQLFailure) in
                try database.integer("SELECT max(id) FROM \(table) WHERE id < \(ForeignRow.idLimit)") ?? 0
            }
        }
        return max(try highest(own, in: target), try highest(foreign, in: source)) + 1
    }

    // MARK: - Each table

    private mutating func take(person row: ForeignRow, _ table: inout ImportReport.Table) throws(SQLFailure) {
        guard let number = row.integer("id"), row.text("login") ?? row.text("name") != nil else {
            return table.skip(row, "neither a login nor a name")
        }
        let (login, name) = (row.text("login"), row.text("name"))
        if let known = try target.integer(
            """
            SELECT id FROM users WHERE login = ? OR (CAST(? AS TEXT) IS NULL AND login IS NULL AND name = ?)
            ORDER BY id LIMIT 1
            """, [SQLValue(login), SQLValue(login), SQLValue(name)])
        {
            people[number] = known
            table.known += 1
            return
        }
        let isFree = try target.integer("SELECT count(*) FROM users WHERE id = ?", [.integer(number)]) == 0
        let isActive = row.text("status").map { $0.lowercased() == "active" } ?? true
        let id = isFree ? number : try spareNumber(in: "users", beside: "callcentre_operator")
        try target.run(
            """
            INSERT INTO users (id, login, name, role, status, city, sip_address)
            VALUES (?, ?, ?, 'operator', ?, ?, ?)
            """,
            [
                .integer(id), SQLValue(login), SQLValue(name), .text(isActive ? "active" : "inactive"),
                SQLValue(row.text("city")), SQLValue(row.text("sip_address")),
            ])
        people[number] = id
        table.taken += 1
        if !isFree { table.renumbered += 1 }
    }

    private mutating func take(line row: ForeignRow, _ table: inout ImportReport.Table) throws(SQLFailure) {
        guard let number = row.text("number") else { return table.skip(row, "no number") }
        guard number.count <= 20 else { return table.skip(row, "the number is longer than 20 characters") }
        let changes = try target.run(
            "INSERT INTO phones (number, rk, city, avito_name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [.text(number), SQLValue(row.text("rk")), SQLValue(row.text("city")), SQLValue(row.text("avito_name"))])
        if changes > 0 { table.taken += 1 } else { table.known += 1 }
    }

    private mutating func take(leg row: ForeignRow, _ table: inout ImportReport.Table) throws(SQLFailure) {
        guard let callID = row.text("call_id") else { return table.skip(row, "no call_id") }
        guard let direction = row.text("direction"), ["in", "out"].contains(direction) else {
            return table.skip(row, "direction is neither in nor out")
        }
        guard let status = row.text("status").flatMap(MangoRow.Status.init(rawValue:)) else {
            return table.skip(row, "status is none of started, answered, completed")
        }
        let changes = try target.run(
            """
            INSERT INTO mango (call_id, phone_number, direction, status, duration, record_url, mango_data)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                .text(callID), .text(row.text("phone_number") ?? ""), .text(direction), .text(status.rawValue),
                SQLValue(row.integer("duration")), SQLValue(row.text("record_url")),
                .json(row.json("mango_data") ?? "{}"),
            ])
        if changes > 0 { table.taken += 1 } else { table.known += 1 }
    }

    private mutating func take(call row: ForeignRow, _ table: inout ImportReport.Table) throws(SQLFailure) {
        let record: CallRecord
        switch ForeignCall(row).record(of: people, uuid: UUID(using: &entropy)) {
        case .success(let read): record = read
        case .failure(let problem): return table.skip(row, problem.words)
        }
        let isKnown = try target.integer(
            "SELECT count(*) FROM calls WHERE call_id = ? OR entry_id = ?",
            [SQLValue(record.callID), SQLValue(record.entryID)])
        guard isKnown == 0 else {
            table.known += 1
            return
        }
        var call = record
        if try target.integer("SELECT count(*) FROM calls WHERE id = ?", [.integer(record.id)]) != 0 || record.id < 1 {
            call.id = try spareNumber(in: "calls", beside: "calls")
        }
        try CallTable.insert(call, to: target)
        table.taken += 1
        if call.id != record.id { table.renumbered += 1 }
    }
}
