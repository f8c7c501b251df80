import Directory
import Testing

@testable import Store

struct PhoneStoreTests {
    @Test(arguments: Engine.allCases) func `what is set of the server is kept beside its own values`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            try await store.setSetting("jwt_secret", to: "x")
            #expect(try await store.roster().settings == ServerSettings())
            try await store.set(ServerSettings(rtpPorts: 5700...5750))
            #expect(try await store.roster().settings.rtpPorts == 5700...5750)
            try await store.setSetting("rtp_port_max", to: "many")
            #expect(try await store.roster().settings == ServerSettings())
            try await store.set(ServerSettings())
            #expect(try await store.setting("rtp_port_min") == nil)
            #expect(try await store.setting("jwt_secret") == "x")
        }
    }

    @Test(arguments: Engine.allCases) func `one phone of a user is primary`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            let user = try await store.add(User(id: 0, login: "anna"), passwordHash: nil)
            let other = try await store.add(User(id: 0, login: "boris"), passwordHash: nil)
            func phone(_ number: String, of id: Int64) -> UserPhone {
                UserPhone(id: 0, userID: id, number: number, kind: .mobile, isPrimary: true)
            }
            let first = try await store.add(phone("+79160000001", of: user.id))
            var second = try await store.add(phone("+79160000002", of: user.id))
            _ = try await store.add(phone("+79160000003", of: other.id))
            #expect(try await store.phones(ofUser: user.id).map(\.isPrimary) == [true, false])
            #expect(try await store.roster().phones[other.id]?.first?.isPrimary == true)
            (second.number, second.kind, second.isPrimary) = ("1002", .extension, false)
            #expect(try await store.update(second))
            #expect(
                try await store.phones(ofUser: user.id).first
                    == UserPhone(
                        id: first.id, userID: user.id, number: "+79160000001", kind: .mobile, isPrimary: false))
            #expect(try await store.removePhone(id: first.id))
            #expect(try await !store.removePhone(id: first.id))
            second.userID = other.id
            #expect(try await !store.update(second))
            #expect(try await store.phones(ofUser: user.id).map(\.number) == ["1002"])
        }
    }

    @Test(arguments: Engine.allCases) func `a line is stored, changed and removed`(engine: Engine) async throws {
        try await withStore(engine) { (store) async throws in
            var line = try await store.add(
                PhoneLine(id: 0, number: "+74951234567", campaign: "РК1", city: "Москва", avitoName: "Окна"))
            #expect(try await store.roster().lines == [line])
            (line.campaign, line.city) = (nil, "Тверь")
            #expect(try await store.update(line))
            #expect(try await store.roster().line(number: "8 495 123-45-67") == line)
            await #expect(throws: StoreError.conflict(column: "phones.number")) {
                try await store.add(PhoneLine(id: 0, number: "+74951234567"))
            }
            #expect(try await store.removeLine(id: line.id))
            #expect(try await !store.update(line))
        }
    }

    @Test(arguments: Engine.allCases) func `companies are read again when one has changed, whoever changed it`(
        engine: Engine
    ) async throws {
        let place = try Place(engine)
        try await withStore(place) { (store) async throws in
            let number = "+74951234567"
            func name() async throws -> String? {
                try await store.roster().companies.company(calling: number)?.name
            }
            #expect(try await name() == nil)
            var company = Company(id: 0, name: "One", phones: [CompanyPhone(number: number)])
            company.id = try await store.add(company).id
            #expect(try await name() == "One")
            // Behind the store's back, on its own connection.
            let hidden = KeptStatement(sql: "UPDATE companies SET name_companies = 'Unread'", values: [])
            store.write(PendingWrites.Row.kept(hidden))
            _ = try await store.add(User(id: 0, login: "anna"), passwordHash: nil)
            #expect(try await name() == "One")
            company.name = "Two"
            #expect(try await store.update(company))
            #expect(try await name() == "Two")
            try await withStore(place) { [company] (other) async throws in
                var company = company
                company.name = "Three"
                #expect(try await other.update(company))
            }
            #expect(try await name() == "Three")
            #expect(try await store.removeCompany(id: company.id))
            #expect(try await name() == nil)
        }
    }

    @Test(arguments: Engine.allCases) func `companies are found by a part of their names and numbers, in any case`(
        engine: Engine
    ) async throws {
        try await withStore(engine) { (store) async throws in
            let phones = [
                CompanyPhone(number: "8 (495) 123-45-67", kind: "main", contactPerson: "Иван"),
                CompanyPhone(number: "+7 812 000-00-01"),
            ]
            var window = try await store.add(Company(id: 0, name: "ООО Окна", inn: "1234567890", phones: phones))
            let other = try await store.add(Company(id: 0, name: "АО Балконы", inn: "0987654321"))
            func names(_ search: String?, limit: Int = 10, offset: Int = 0) async throws -> [String] {
                let query = CompanyQuery(search: search, limit: limit, offset: offset)
                return try await store.companies(matching: query).items.map(\.name)
            }
            #expect(try await names(nil) == ["АО Балконы", "ООО Окна"])
            #expect(try await names(nil, limit: 1, offset: 1) == ["ООО Окна"])
            #expect(try await names("окн") == ["ООО Окна"])
            #expect(try await names("4567890") == ["ООО Окна"])
            #expect(try await names("(495) 123") == ["ООО Окна"])
            #expect(try await names("%").isEmpty)
            let page = try await store.companies(matching: CompanyQuery(limit: 1))
            #expect(page.items == [other] && page.total == 2)
            window.name = "ООО Двери"
            window.phones.removeFirst()
            #expect(try await store.update(window))
            #expect(try await store.company(id: window.id) == window)
            #expect(try await store.company(phone: PhoneNumber("+74951234567")) == nil)
            await #expect(throws: StoreError.conflict(column: "companies.inn")) {
                try await store.add(Company(id: 0, name: "x", inn: "1234567890"))
            }
            #expect(try await store.removeCompany(id: window.id))
            #expect(try await store.company(id: window.id) == nil)
            #expect(try await !store.update(window))
        }
    }
}
