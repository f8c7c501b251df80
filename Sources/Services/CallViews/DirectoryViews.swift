package import Directory
package import Wire

extension User {
    /// An element of `/api/users/available`.
    package var renderedAsAvailable: JSONValue {
        [
            "id": .integer(id), "first_name": JSONValue(firstName ?? name), "last_name": JSONValue(lastName),
            "status": .string(presence.rawValue),
        ]
    }

    /// The user as a login answers it and the page shows it.
    package var renderedAsAccount: JSONValue {
        [
            "id": .integer(id), "login": JSONValue(login), "name": .string(displayName),
            "first_name": JSONValue(firstName), "last_name": JSONValue(lastName), "email": JSONValue(email),
            "role": .string(role.rawValue), "status": .string(status.rawValue), "presence": .string(presence.rawValue),
            "city": JSONValue(city), "extension": JSONValue(self.extension),
        ]
    }
}

extension UserPhone {
    /// An element of `/api/users/:id/phones`.
    package var rendered: JSONValue {
        [
            "id": .integer(id), "phone_number": .string(number), "phone_type": .string(kind.rawValue),
            "is_primary": .bool(isPrimary),
        ]
    }
}

extension Company {
    /// The answer of `/api/companies/by-phone/:phone`.
    package var rendered: JSONValue {
        [
            "id": .integer(id), "name_companies": .string(name), "inn": JSONValue(inn),
            "status_companies": .string(status),
            "phone_numbers": .array(
                phones.map { phone in
                    [
                        "phone_number": .string(phone.number), "phone_type": .string(phone.kind),
                        "contact_person": JSONValue(phone.contactPerson),
                    ]
                }),
        ]
    }
}

/// Where a page stands in its list.
package struct PageInfo: Hashable, Sendable {
    package let page: Int
    package let limit: Int
    package let total: Int
    /// False: the list has more than `total`.
    package let isTotalExact: Bool

    package init(page: Int, limit: Int, total: Int, isTotalExact: Bool = true) {
        (self.page, self.limit, self.total, self.isTotalExact) = (page, limit, total, isTotalExact)
    }

    private var pages: Int { limit > 0 ? total / limit + (total % limit > 0 ? 1 : 0) : 0 }

    /// `pagination` of document 002.
    package var crm: JSONValue {
        told(["page": JSONValue(page), "limit": JSONValue(limit), "total": JSONValue(total), "pages": JSONValue(pages)])
    }

    /// `pagination` of `/api/v1/calls`, with the names of both its documents.
    package var v1: JSONValue {
        told([
            "total": JSONValue(total), "page": JSONValue(page), "limit": JSONValue(limit),
            "totalPages": JSONValue(pages), "pages": JSONValue(pages),
        ])
    }

    /// The documents have exact totals alone, which are told as they have them.
    private func told(_ words: JSONObject) -> JSONValue {
        var words = words
        if !isTotalExact { words.append("totalIsExact", false) }
        return .object(words)
    }
}
