package import Directory

extension SQLStore {
    package func add(_ phone: UserPhone) throws(StoreError) -> UserPhone {
        try added(phone, \.id, UserPhoneTable.insert)
    }

    package func update(_ phone: UserPhone) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try UserPhoneTable.update(phone, in: database)
        }
    }

    package func removePhone(id: Int64) throws(StoreError) -> Bool { try remove(id, from: "user_phones") }

    package func add(_ line: PhoneLine) throws(StoreError) -> PhoneLine {
        try added(line, \.id, PhoneLineTable.insert)
    }

    package func update(_ line: PhoneLine) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try PhoneLineTable.update(line, in: database)
        }
    }

    package func removeLine(id: Int64) throws(StoreError) -> Bool { try remove(id, from: "phones") }

    package func companies(matching query: CompanyQuery) async throws(StoreError) -> CompanyPage {
        try await read { (database: Database) throws(SQLFailure) in try CompanyTable.page(query, in: database) }
    }

    package func company(id: Int64) async throws(StoreError) -> Company? {
        try await read { (database: Database) throws(SQLFailure) in
            try CompanyTable.read(database, where: "WHERE id = ?", [.integer(id)]).first
        }
    }

    package func add(_ company: Company) throws(StoreError) -> Company {
        try added(company, \.id, CompanyTable.insert)
    }

    package func update(_ company: Company) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in
            try CompanyTable.update(company, in: database)
        }
    }

    package func removeCompany(id: Int64) throws(StoreError) -> Bool {
        try change { (database: Database) throws(SQLFailure) in try CompanyTable.remove(id: id, from: database) }
    }
}
