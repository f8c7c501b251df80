/// A person who takes and makes calls, or who administers the exchange.
package struct User: Hashable, Sendable {
    package var id: Int64
    package var login: String?
    /// The full name in one piece; empty names fall back to first and last name.
    package var name: String?
    package var firstName: String?
    package var lastName: String?
    package var email: String?
    package var role: Role
    package var status: Status
    package var presence: Presence
    package var city: String?
    /// The address by which a PBX vendor knows the person: `anna` or `anna@vpbx.example`, with or without `sip:`.
    package var sipAddress: String?
    package var `extension`: String?
    package var mangoUserID: Int64?

    package init(
        id: Int64, login: String? = nil, name: String? = nil, firstName: String? = nil, lastName: String? = nil,
        email: String? = nil, role: Role = .operator, status: Status = .active, presence: Presence = .offline,
        city: String? = nil, sipAddress: String? = nil, extension: String? = nil, mangoUserID: Int64? = nil
    ) {
        self.id = id
        self.login = login
        self.name = name
        self.firstName = firstName
        self.lastName = lastName
        self.email = email
        self.role = role
        self.status = status
        self.presence = presence
        self.city = city
        self.sipAddress = sipAddress
        self.extension = `extension`
        self.mangoUserID = mangoUserID
    }

    /// What to call the person on a screen and in a SIP display name.
    package var displayName: String {
        let parts = [firstName, lastName].compactMap(\.self).filter { !$0.isEmpty }
        let joined = parts.joined(separator: " ")
        return [name, joined, login, self.extension].compactMap(\.self).first { !$0.isEmpty } ?? "user \(id)"
    }
}

extension User {
    package enum Role: String, Sendable, CaseIterable {
        case admin
        case `operator`
        case director
        case master

        /// Reads a role, the names of the earlier call centre included.
        package init?(_ text: String) {
            switch text {
            case "callcentre_admin": self = .admin
            case "callcentre_operator": self = .operator
            default: self.init(rawValue: text)
            }
        }

        /// Whether the role sees everybody's calls.
        package var seesAllCalls: Bool { self == .admin || self == .director }
    }

    package enum Status: String, Sendable, CaseIterable {
        case active
        case inactive
    }

    /// Whether calls can reach the person; document 002 prints it as `status`.
    package enum Presence: String, Sendable {
        case online
        case offline
        case busy
    }
}

/// One telephone of a user.
package struct UserPhone: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case work
        case mobile
        case `extension`
    }

    package var id: Int64
    package var userID: Int64
    package var number: String
    package var kind: Kind
    package var isPrimary: Bool

    package init(id: Int64, userID: Int64, number: String, kind: Kind, isPrimary: Bool) {
        (self.id, self.userID, self.number) = (id, userID, number)
        (self.kind, self.isPrimary) = (kind, isPrimary)
    }
}
