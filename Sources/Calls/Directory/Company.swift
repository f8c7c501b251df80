/// A customer organisation, found by the number that calls.
package struct Company: Hashable, Sendable {
    package var id: Int64
    package var name: String
    /// The Russian taxpayer number.
    package var inn: String?
    package var status: String
    package var phones: [CompanyPhone]

    package init(id: Int64, name: String, inn: String? = nil, status: String = "active", phones: [CompanyPhone] = []) {
        (self.id, self.name, self.inn) = (id, name, inn)
        (self.status, self.phones) = (status, phones)
    }
}

package struct CompanyPhone: Hashable, Sendable {
    package var number: String
    package var kind: String
    package var contactPerson: String?

    package init(number: String, kind: String = "main", contactPerson: String? = nil) {
        (self.number, self.kind, self.contactPerson) = (number, kind, contactPerson)
    }
}

/// Companies by the numbers that call, for look-ups that cannot wait for the store.
package struct CompanyBook: Sendable {
    /// Numbers that are kept in memory, some ten megabytes; the companies of further ones only the store knows.
    package static let maximumNumbers = 100_000

    private let companies: [String: Company]

    /// Of several companies with one number, the first.
    package init(_ numbers: [(number: String, company: Company)]) {
        let keyed = numbers.map { (PhoneNumber($0.number).matchKey, $0.company) }
        companies = Dictionary(keyed.filter { !$0.0.isEmpty }) { first, _ in first }
    }

    /// Whose number this is, without its telephones.
    package func company(calling number: String) -> Company? {
        companies.isEmpty ? nil : companies[PhoneNumber(number).matchKey]
    }
}

/// Which companies a list shows, in the order of their names.
package struct CompanyQuery: Hashable, Sendable {
    /// A part of a name, in any case, or of a number or taxpayer number; nil for all.
    package var search: String?
    package var limit: Int
    package var offset: Int

    package init(search: String? = nil, limit: Int, offset: Int = 0) {
        (self.search, self.limit, self.offset) = (search, limit, offset)
    }
}

package struct CompanyPage: Hashable, Sendable {
    package var items: [Company]
    /// How many there are on all pages.
    package var total: Int

    package init(items: [Company], total: Int) { (self.items, self.total) = (items, total) }
}

/// A number of ours that customers dial, with what it was advertised for (table `phones`).
package struct PhoneLine: Hashable, Sendable {
    package var id: Int64
    package var number: String
    /// The advertising campaign ("рекламная кампания").
    package var campaign: String?
    package var city: String?
    package var avitoName: String?

    package init(
        id: Int64, number: String, campaign: String? = nil, city: String? = nil, avitoName: String? = nil
    ) {
        (self.id, self.number, self.campaign) = (id, number, campaign)
        (self.city, self.avitoName) = (city, avitoName)
    }
}
