import CallModel
import Directory
import Wire

/// One column of `calls`: how a record fills it and is filled from it.
struct CallColumn: Sendable {
    let name: String
    let value: @Sendable (CallRecord) -> SQLValue
    let read: @Sendable (inout CallRecord, borrowing SQLRow, Int32) -> Void
    /// How often it changes.
    var change = Change.often

    enum Change {
        /// Set when the row is made, and left alone by later writes.
        case never
        /// Has an index, which has to be written again when the column is, and is mostly known from the call's first
        /// moment.
        case seldom
        /// The same of what is made of the column before it, and is as before when that is.
        case derived
        case often
    }
}

/// How a value is taken out of a record, and put back; a key path would copy the whole record for each column.
typealias Getter<Value> = @Sendable (CallRecord) -> Value
typealias Setter<Value> = @Sendable (inout CallRecord, Value) -> Void

/// A closed list whose words stand in the database.
typealias StoredWord = RawRepresentable<String> & SendableMetatype

extension CallColumn {
    static func text(_ name: String, _ get: @escaping Getter<String>, _ set: @escaping Setter<String>) -> CallColumn {
        CallColumn(name: name, value: { .text(get($0)) }, read: { set(&$0, $1.text($2)) })
    }

    static func text(_ name: String, _ get: @escaping Getter<String?>, _ set: @escaping Setter<String?>) -> CallColumn {
        CallColumn(name: name, value: { SQLValue(get($0)) }, read: { set(&$0, $1.textIfPresent($2)) })
    }

    /// A word of a closed list; a word this program does not know reads as nil.
    static func word<Word: StoredWord>(
        _ name: String, _ get: @escaping Getter<Word?>, _ set: @escaping Setter<Word?>
    ) -> CallColumn {
        CallColumn(
            name: name, value: { SQLValue(get($0)?.rawValue) },
            read: { set(&$0, $1.textIfPresent($2).flatMap(Word.init(rawValue:))) })
    }

    /// A word of a closed list that is always there; one this program does not know leaves the default.
    static func word<Word: StoredWord>(
        _ name: String, _ get: @escaping Getter<Word>, _ set: @escaping Setter<Word>
    ) -> CallColumn {
        CallColumn(
            name: name, value: { .text(get($0).rawValue) },
            read: { if let word = Word(rawValue: $1.text($2)) { set(&$0, word) } })
    }

    static func integer(_ name: String, _ get: @escaping Getter<Int64?>, _ set: @escaping Setter<Int64?>)
        -> CallColumn
    {
        CallColumn(name: name, value: { SQLValue(get($0)) }, read: { set(&$0, $1.integerIfPresent($2)) })
    }

    static func count(_ name: String, _ get: @escaping Getter<Int>, _ set: @escaping Setter<Int>) -> CallColumn {
        CallColumn(name: name, value: { SQLValue(get($0)) }, read: { set(&$0, Int($1.integer($2))) })
    }

    static func flag(_ name: String, _ get: @escaping Getter<Bool>, _ set: @escaping Setter<Bool>) -> CallColumn {
        CallColumn(name: name, value: { SQLValue(get($0)) }, read: { set(&$0, $1.flag($2)) })
    }

    static func time(_ name: String, _ get: @escaping Getter<WallTime>, _ set: @escaping Setter<WallTime>)
        -> CallColumn
    {
        CallColumn(name: name, value: { SQLValue(get($0)) }, read: { set(&$0, $1.time($2)) })
    }

    static func time(_ name: String, _ get: @escaping Getter<WallTime?>, _ set: @escaping Setter<WallTime?>)
        -> CallColumn
    {
        CallColumn(name: name, value: { SQLValue(get($0)) }, read: { set(&$0, $1.timeIfPresent($2)) })
    }

    static func uuid(_ name: String, _ get: @escaping Getter<UUID?>, _ set: @escaping Setter<UUID?>) -> CallColumn {
        CallColumn(
            name: name, value: { SQLValue(get($0)) },
            read: { set(&$0, $1.textIfPresent($2).flatMap { UUID($0) }) })
    }

    /// A number and, in the column after its own, what it is compared by.
    static func number(
        _ name: String, _ norm: String, _ get: @escaping Getter<String>, _ set: @escaping Setter<String>
    ) -> [CallColumn] {
        let normal = CallColumn(
            name: norm, value: { .text(PhoneNumber(get($0)).normal) }, read: { _, _, _ in }, change: .derived)
        return [text(name, get, set).indexed, normal]
    }

    var fixed: CallColumn { changing(.never) }
    var indexed: CallColumn { changing(.seldom) }

    private func changing(_ change: Change) -> CallColumn {
        var column = self
        column.change = change
        return column
    }
}
