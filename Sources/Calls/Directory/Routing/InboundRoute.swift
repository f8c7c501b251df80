/// Where calls to a number of ours go (DID routing).
///
/// Of the routes that match, one that names the trunk goes before one that does not, then an exact number before the
/// longest prefix before an expression before `any`.
package struct InboundRoute: Hashable, Sendable, Identifiable {
    package var id: Int64
    /// The trunk's name; nil: calls of every trunk.
    package var trunk: String?
    package var number: NumberPattern
    package var destination: Destination

    package init(id: Int64 = 0, trunk: String? = nil, number: NumberPattern, destination: Destination) {
        (self.id, self.trunk, self.number, self.destination) = (id, trunk, number, destination)
    }

    /// How closely the route is about the number: the greater goes first; nil when it is about others.
    ///
    /// An exact number is compared as telephone numbers are, so that `+7…` and `8…` are the same.
    func precision(for number: String) -> Int? {
        let closeness: Int
        switch self.number {
        case .any: closeness = 0
        case .expression(let expression):
            guard expression.matches(number) else { return nil }
            closeness = 1
        case .prefix(let prefix):
            guard number.hasPrefix(prefix) else { return nil }
            closeness = 2 + min(prefix.utf8.count, PhoneNumber.maximumLength)
        case .exactly(let text):
            guard text == number || PhoneNumber(text).matches(number) else { return nil }
            closeness = 3 + PhoneNumber.maximumLength
        }
        return trunk == nil ? closeness : closeness + 1000
    }
}

/// Where a call can be sent.
package enum Destination: Hashable, Sendable {
    case user(Int64)
    /// An extension, an account or a built-in number.
    case `extension`(String)
    /// A queue, by name.
    case queue(String)
    /// Another trunk, by name; nil dials the number that was called.
    case trunk(String, number: String?)
}
