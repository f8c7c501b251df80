import CallModel
import Directory
import Wire

/// Finds whose call it is (contract §3.3).
struct OperatorSearch: Sendable {
    let roster: Roster
    /// `DEFAULT_OPERATOR_ID`.
    let defaultID: Int64

    /// The person at a side of the house: by SIP address, else by extension.
    func person(at side: MangoSide) -> User? {
        if let number = side.number, let user = person(address: number) { return user }
        if let `extension` = side.extension, let user = roster.user(extension: `extension`) { return user }
        return side.number.flatMap { roster.user(extension: Self.userPart($0)) }
    }

    private func person(address: String) -> User? {
        let wanted = Self.withoutScheme(address).lowercased()
        let forms: Set<String> = [wanted, Self.userPart(wanted)]
        return roster.users.values.filter { user in
            guard let address = user.sipAddress, user.status == .active else { return false }
            let known = Self.withoutScheme(address).lowercased()
            return forms.contains(known) || forms.contains(Self.userPart(known)) && !known.contains("@")
        }.min { $0.id < $1.id }
    }

    private static func withoutScheme(_ address: String) -> String {
        address.lowercased().hasPrefix("sip:") ? String(address.dropFirst(4)) : address
    }

    private static func userPart(_ address: String) -> String {
        String(withoutScheme(address).prefix { $0 != "@" && $0 != ";" })
    }

    /// The active operators of a city.
    func operators(ofCity city: String) -> [User] {
        roster.users.values.filter { $0.role == .operator && $0.status == .active && $0.city == city }
            .sorted { $0.id < $1.id }
    }

    /// Whoever is left to take what nobody can be found for: the configured operator, else the first.
    var anybody: User? {
        if let user = roster.users[defaultID], user.status == .active { return user }
        return roster.users.values.filter { $0.role == .operator && $0.status == .active }.min { $0.id < $1.id }
    }
}
