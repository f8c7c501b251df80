import Wire

/// A value that goes into a statement; each engine has its own way to write it down.
enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case flag(Bool)
    case text(String)
    case time(WallTime)
    case uuid(UUID)
    /// JSON in text, as far as it is any; PostgreSQL takes nothing else into such a column.
    case json(String)

    init(_ value: Int64?) { self = value.map(Self.integer) ?? .null }
    init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    init(_ value: Double?) { self = value.map(Self.real) ?? .null }
    init(_ value: String?) { self = value.map(Self.text) ?? .null }
    init(_ value: Bool) { self = .flag(value) }
    init(_ value: WallTime?) { self = value.map(Self.time) ?? .null }
    init(_ value: UUID?) { self = value.map(Self.uuid) ?? .null }
}
