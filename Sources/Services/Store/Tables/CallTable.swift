import CallModel
import Wire

/// Reads and writes whole call records.
enum CallTable {
    private static let columns = CallColumn.all
    private static let names = columns.map(\.name).joined(separator: ", ")

    /// A row and, at the end, the gateway it is at: no business of a record's, it stays as it is when the call goes on.
    private static func insertion(ofNode hasNode: Bool) -> String {
        let parameters = columns.map { _ in "?" }.joined(separator: ", ")
        let (name, place) = hasNode ? (", node_id", ", ?") : ("", "")
        return "INSERT INTO calls (\(names)\(name)) VALUES (\(parameters)\(place))"
    }

    private static let upsert = upsert(ofNode: false)
    private static let upsertOfNode = upsert(ofNode: true)

    private static func upsert(ofNode hasNode: Bool) -> FixedSQL {
        let changes = columns.filter { $0.change != .never }.map { "\($0.name) = excluded.\($0.name)" }
        return FixedSQL(
            """
            \(insertion(ofNode: hasNode))
            ON CONFLICT (id) DO UPDATE SET \(changes.joined(separator: ", "))
            WHERE excluded.version >= calls.version
            """)
    }

    private static func upsert(_ values: [SQLValue], in database: Database) throws(SQLFailure) {
        if let node = database.node {
            try database.run(upsertOfNode, values + [SQLValue(node)])
        } else {
            try database.run(upsert, values)
        }
    }

    private static func insert(_ values: [SQLValue], in database: Database) throws(SQLFailure) {
        let sql = insertion(ofNode: database.node != nil)
        try database.run(sql, values + (database.node.map { [SQLValue($0)] } ?? []))
    }

    /// Brings a row up to date whose indexed columns have not changed, and so leaves their indexes alone: naming a column
    /// would take its entry out of each index and put it back.
    private static let update: FixedSQL = {
        let numbered = zip(updated, 1...)
        let changes = numbered.filter { $0.0.change == .often }.map { "\($0.0.name) = ?\($0.1)" }
        let same = numbered.filter { $0.0.change == .seldom }.map { "\($0.0.name) IS NOT DISTINCT FROM ?\($0.1)" }
        let key = numbered.filter { $0.0.name == "id" }.map { "id = ?\($0.1)" }
        let newer = numbered.filter { $0.0.name == "version" }.map { "version <= ?\($0.1)" }
        let conditions = (key + newer + same).joined(separator: " AND ")
        return FixedSQL("UPDATE calls SET \(changes.joined(separator: ", ")) WHERE \(conditions)")
    }()

    /// What `update` is about.
    private static let updated = columns.filter {
        $0.change == .often || $0.change == .seldom || ["id", "version"].contains($0.name)
    }

    /// The columns of a record, then how many sessions it has, its tags as a JSON array, and how it sounded.
    private static let selection = """
        SELECT \(names),
            (SELECT count(*) FROM call_sessions WHERE call_pk = calls.id),
            (SELECT json_group_array(tag) FROM (
                SELECT tag FROM call_tags WHERE call_pk = calls.id ORDER BY pos) AS ordered),
            (SELECT quality FROM call_diagnoses WHERE call_pk = calls.id)
        """

    /// `isFirst`: whether the row is not there yet, as far as is known; a wrong answer costs time, not rows.
    static func write(
        _ record: CallRecord, isFirst: Bool, to database: Database
    ) throws(SQLFailure) {
        do throws(SQLFailure) {
            try database.guarded { () throws(SQLFailure) in
                if !isFirst, try database.run(update, updated.map { $0.value(record) }) > 0 { return }
                try upsert(columns.map { $0.value(record) }, in: database)
            }
        } catch  where error.isForeignKey || error.kind == .value {
            // A person or company that is not there must cost us neither the record nor the others in it, and neither
            // must a text that is too long for its column.
            let known = try withoutStrangers(record, database).cut
            try upsert(columns.map { $0.value(known) }, in: database)
        }
    }

    /// The record without people and companies that the database does not know (any more).
    private static func withoutStrangers(
        _ record: CallRecord, _ database: Database
    ) throws(SQLFailure) -> CallRecord {
        func known(_ id: Int64?, _ table: String) throws(SQLFailure) -> Int64? {
            guard let id else { return nil }
            return try database.integer("SELECT id FROM \(table) WHERE id = ?", [.integer(id)])
        }
        var kept = record
        kept.operatorID = try known(record.operatorID, "users")
        kept.assignedUserID = try known(record.assignedUserID, "users")
        kept.answeredByUserID = try known(record.answeredByUserID, "users")
        kept.callerCompanyID = try known(record.callerCompanyID, "companies")
        return kept
    }

    /// Writes a record that is in no row yet; an id or anything else unique that is taken is a failure.
    static func insert(_ record: CallRecord, to database: Database) throws(SQLFailure) {
        do throws(SQLFailure) {
            _ = try database.guarded { () throws(SQLFailure) in
                try insert(columns.map { $0.value(record) }, in: database)
            }
        } catch  where error.isForeignKey {
            let known = try withoutStrangers(record, database)
            try insert(columns.map { $0.value(known) }, in: database)
        }
    }

    static func read(
        _ database: Database, where condition: String, _ values: [SQLValue]
    ) throws(SQLFailure) -> [CallRecord] {
        try database.query("\(selection) FROM calls \(condition)", values) { record(from: $0) }
    }

    /// Reads the calls of `page`, a query of `calls` that answers whole rows in this order: what belongs to a call is looked
    /// for when the page is known, and not for each call that it passes over.
    static func read(
        _ database: Database, page: String, _ order: String, _ values: [SQLValue]
    ) throws(SQLFailure) -> [CallRecord] {
        try database.query("\(selection) FROM (\(page)) AS calls \(order)", values) { record(from: $0) }
    }

    static func read(_ database: Database, _ key: CallKey) throws(SQLFailure) -> CallRecord? {
        switch key {
        case .id(let id): try read(database, where: "WHERE id = ?", [.integer(id)]).first
        case .uuid(let uuid): try read(database, where: "WHERE uuid = ?", [SQLValue(uuid)]).first
        }
    }

    static func record(from row: borrowing SQLRow) -> CallRecord {
        var record = blank
        for (index, column) in columns.enumerated() { column.read(&record, row, Int32(index)) }
        record.sessionCount = Int(row.integer(Int32(columns.count)))
        let tags = row.text(Int32(columns.count + 1))
        if tags != "[]", let list = try? JSONValue(parsing: tags) {
            record.tags = list.arrayValue?.compactMap(\.stringValue) ?? []
        }
        if let quality = row.textIfPresent(Int32(columns.count + 2)), let json = try? JSONValue(parsing: quality) {
            record.quality = CallQuality(json: json)
        }
        return record
    }

    /// What a row is read into; every column replaces its part.
    private static let blank: CallRecord = {
        var entropy = Entropy(seed: 0)
        return CallRecord(
            id: 0, uuid: UUID(using: &entropy), source: .sip, direction: .incoming, state: .failed, callerNumber: "",
            receiverNumber: "", startedAt: WallTime(milliseconds: 0))
    }()
}

extension CallRecord {
    /// Within the lengths of those columns that have one in PostgreSQL.
    fileprivate var cut: CallRecord {
        var record = self
        record.callID = callID.map { String($0.prefix(160)) }
        record.entryID = entryID.map { String($0.prefix(160)) }
        record.disconnectReason = disconnectReason.map { String($0.prefix(20)) }
        record.confidenceScore = confidenceScore.map { min(max($0, -9), 9) }
        return record
    }
}
