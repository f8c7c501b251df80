import Wire

/// A statement with its values that waits for a server.
struct KeptStatement: Hashable, Sendable {
    let sql: String
    let values: [SQLValue]
}

/// Takes the place of a database whose server is away: what would be run is written down.
final class StatementRecorder {
    private(set) var statements: [KeptStatement] = []

    /// Answers as if one row had changed.
    func add(_ sql: String, _ values: [SQLValue]) -> Int {
        statements.append(KeptStatement(sql: sql, values: values))
        return 1
    }
}

extension SQLValue {
    /// As it stands in the outbox: plain where JSON has the type, and else a word for the type and the text of it.
    var kept: JSONValue {
        switch self {
        case .null: .null
        case .integer(let number): .integer(number)
        case .flag(let flag): .bool(flag)
        case .text(let text): .string(text)
        case .real(let number): ["real", .string("\(number)")]
        case .time(let moment): ["time", .integer(moment.milliseconds)]
        case .uuid(let uuid): ["uuid", .string(uuid.description)]
        case .json(let text): ["json", .string(text)]
        }
    }

    /// NULL for what `kept` has not written.
    init(kept: JSONValue) {
        self =
            switch kept {
            case .integer(let number): .integer(number)
            case .bool(let flag): .flag(flag)
            case .string(let text): .text(text)
            case .array: Self.typed(kept[0]?.stringValue, kept[1])
            default: .null
            }
    }

    private static func typed(_ type: String?, _ value: JSONValue?) -> SQLValue {
        switch (type, value) {
        case ("time", .integer(let moment)?): .time(WallTime(milliseconds: moment))
        case ("real", .string(let text)?): SQLValue(Double(text))
        case ("uuid", .string(let text)?): SQLValue(UUID(text))
        case ("json", .string(let text)?): .json(text)
        default: .null
        }
    }
}
