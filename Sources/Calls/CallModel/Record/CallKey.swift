package import Wire

/// How a client names a call: by number or by UUID; both are accepted everywhere.
package enum CallKey: Hashable, Sendable, CustomStringConvertible {
    case id(Int64)
    case uuid(UUID)

    /// All digits is the number, a UUID the UUID; anything else is no key.
    package init?(_ text: String) {
        if let uuid = UUID(text) {
            self = .uuid(uuid)
        } else if let number = ASCII.decimal(text.utf8, maximumDigits: 18) {
            self = .id(Int64(number))
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .id(let id): String(id)
        case .uuid(let uuid): uuid.description
        }
    }
}
