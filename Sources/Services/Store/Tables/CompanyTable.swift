import Directory

/// Reads and writes companies and their telephones.
enum CompanyTable {
    static let tables: Set<String> = ["companies", "company_phones"]

    static func read(
        _ database: Database, where condition: String, _ values: [SQLValue]
    ) throws(SQLFailure) -> [Company] {
        var companies = try database.query(
            "SELECT id, name_companies, inn, status_companies FROM companies \(condition)", values
        ) { row in
            Company(id: row.integer(0), name: row.text(1), inn: row.textIfPresent(2), status: row.text(3))
        }
        for index in companies.indices {
            companies[index].phones = try database.query(
                """
                SELECT phone_number, phone_type, contact_person FROM company_phones WHERE company_id = ? ORDER BY id
                """, [.integer(companies[index].id)]
            ) { CompanyPhone(number: $0.text(0), kind: $0.text(1), contactPerson: $0.textIfPresent(2)) }
        }
        return companies
    }

    /// Telephones with their companies, the oldest first.
    static func numbers(
        atMost limit: Int, in database: Database
    ) throws(SQLFailure) -> [(number: String, company: Company)] {
        try database.query(
            """
            SELECT phone_number, companies.id, name_companies, inn, status_companies
            FROM company_phones JOIN companies ON companies.id = company_id ORDER BY company_phones.id LIMIT ?
            """, [.integer(Int64(limit))]
        ) { row in
            let company = Company(
                id: row.integer(1), name: row.text(2), inn: row.textIfPresent(3), status: row.text(4))
            return (row.text(0), company)
        }
    }

    static func page(_ query: CompanyQuery, in database: Database) throws(SQLFailure) -> CompanyPage {
        let (condition, values) = condition(of: query)
        let total = try database.integer("SELECT count(*) FROM companies \(condition)", values) ?? 0
        let items = try read(
            database, where: "\(condition) ORDER BY fold(name_companies), id LIMIT ? OFFSET ?",
            values + [.integer(Int64(query.limit)), .integer(Int64(query.offset))])
        return CompanyPage(items: items, total: Int(total))
    }

    private static func condition(of query: CompanyQuery) -> (String, [SQLValue]) {
        guard let search = query.search else { return ("", []) }
        let condition = """
            WHERE instr(fold(name_companies), ?1) > 0 OR instr(inn, ?1) > 0
            """
        let normal = PhoneNumber(search).normal
        guard normal.utf8.count >= 3 else { return (condition, [.text(search.lowercased())]) }
        return (
            condition + " OR id IN (SELECT company_id FROM company_phones WHERE instr(phone_norm, ?2) > 0)",
            [.text(search.lowercased()), .text(normal)]
        )
    }

    static func insert(_ company: Company, to database: Database) throws(SQLFailure) -> Int64 {
        database.companyChanges += 1
        let id = try database.insert(
            "INSERT INTO companies (name_companies, inn, status_companies) VALUES (?, ?, ?)", columns(of: company))
        try insert(company.phones, ofCompany: id, to: database)
        return id
    }

    /// Under the number that it has.
    static func insertAsNumbered(_ company: Company, to database: Database) throws(SQLFailure) {
        database.companyChanges += 1
        try database.run(
            "INSERT INTO companies (name_companies, inn, status_companies, id) VALUES (?, ?, ?, ?)",
            columns(of: company) + [.integer(company.id)])
        try insert(company.phones, ofCompany: company.id, to: database)
    }

    /// Phones that stay as they are keep their rows.
    static func update(_ company: Company, in database: Database) throws(SQLFailure) -> Bool {
        database.companyChanges += 1
        let count = try database.run(
            """
            UPDATE companies SET name_companies = ?, inn = ?, status_companies = ?, updated_at = \(Schema.now)
            WHERE id = ?
            """, columns(of: company) + [.integer(company.id)])
        guard count > 0 else { return false }
        let former = try read(database, where: "WHERE id = ?", [.integer(company.id)]).first
        guard former?.phones != company.phones else { return true }
        try database.run("DELETE FROM company_phones WHERE company_id = ?", [.integer(company.id)])
        try insert(company.phones, ofCompany: company.id, to: database)
        return true
    }

    static func remove(id: Int64, from database: Database) throws(SQLFailure) -> Bool {
        database.companyChanges += 1
        return try database.run("DELETE FROM companies WHERE id = ?", [.integer(id)]) > 0
    }

    private static func insert(
        _ phones: [CompanyPhone], ofCompany id: Int64, to database: Database
    ) throws(SQLFailure) {
        for phone in phones {
            try database.run(
                """
                INSERT INTO company_phones (company_id, phone_number, phone_type, contact_person) VALUES (?, ?, ?, ?)
                """, [.integer(id), .text(phone.number), .text(phone.kind), SQLValue(phone.contactPerson)])
        }
    }

    private static func columns(of company: Company) -> [SQLValue] {
        [.text(company.name), SQLValue(company.inn), .text(company.status)]
    }
}

/// What a reading of all companies stands after: it is as good as new while this is the same.
struct CompanyMark: Hashable {
    /// Changes by this program.
    var own: Int64
    /// By others.
    var foreign: Int64
}
