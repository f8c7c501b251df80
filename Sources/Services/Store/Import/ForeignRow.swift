import Wire

/// A row of a table of another service, its columns by their names.
///
/// The same service names them `phone_client` or `phoneClient`, by what made its tables; either is found by the first.
struct ForeignRow {
    private let columns: JSONValue

    init?(json: String) {
        guard let columns = try? JSONValue(parsing: json), columns.objectValue != nil else { return nil }
        self.columns = columns
    }

    /// Nil for what is null or not there.
    func value(_ name: String) -> JSONValue? {
        guard let value = columns[name] ?? columns[Self.inOneWord(name)], !value.isNull else { return nil }
        return value
    }

    /// Text that says something.
    func text(_ name: String) -> String? {
        switch value(name) {
        case .string(let text)?: text.isEmpty ? nil : text
        case .integer(let number)?: String(number)
        default: nil
        }
    }

    /// Numbers of rows have fewer digits than could be counted with no more.
    static let idLimit: Int64 = 1_000_000_000_000_000_000

    /// What is wrong with the row's number or how long something took; nil when both can be kept.
    var problem: String? {
        if integer("id") ?? 0 >= Self.idLimit { return "id has more than 18 digits" }
        if integer("duration") ?? 0 > Int64(Int32.max) { return "duration is more than \(Int32.max) seconds" }
        return nil
    }

    func integer(_ name: String) -> Int64? { value(name)?.integerValue ?? text(name).flatMap { Int64($0) } }

    func flag(_ name: String) -> Bool { value(name)?.boolValue ?? false }

    /// JSON, also where it is kept as text.
    func json(_ name: String) -> String? {
        switch value(name) {
        case .string(let text)?: (try? JSONValue(parsing: text)) == nil ? nil : text
        case let value?: value.text
        case nil: nil
        }
    }

    /// A moment that names no zone is one of UTC.
    func time(_ name: String) -> WallTime? {
        guard let text = text(name) else { return nil }
        let hasZone = text.dropFirst(10).contains { "+-Z".contains($0) }
        return WallTime(iso8601: hasZone ? text : text + "Z")
    }

    private static func inOneWord(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(words.first.map(String.init) ?? "") {
            $0 + $1.prefix(1).uppercased() + $1.dropFirst()
        }
    }
}
