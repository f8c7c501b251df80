import CSQLite

/// The functions our SQL uses and SQLite lacks.
enum SQLiteFunctions {
    static func install(on connection: OpaquePointer) {
        installFold(on: connection)
        installGreatest(on: connection)
    }

    /// `fold(text)`: lowercase for comparison, in every script; SQLite's own `lower` knows Latin letters only.
    private static func installFold(on connection: OpaquePointer) {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC
        sqlite3_create_function_v2(
            connection, "fold", 1, flags, nil,
            { context, _, arguments in
                guard let argument = arguments?[0], let text = sqlite3_value_text(argument) else {
                    return sqlite3_result_null(context)
                }
                let folded = String(cString: text).lowercased()
                sqlite3_result_text(
                    context, folded, Int32(clamping: folded.utf8.count), tandem_sqlite_transient())
            }, nil, nil, nil)
    }

    /// `greatest(integer, integer)`, of those that are not null: the name that PostgreSQL has for it.
    private static func installGreatest(on connection: OpaquePointer) {
        sqlite3_create_function_v2(
            connection, "greatest", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
            { context, _, arguments in
                let (first, second) = (arguments?[0], arguments?[1])
                let isSecond = sqlite3_value_int64(second) > sqlite3_value_int64(first)
                let isFirstNull = sqlite3_value_type(first) == SQLITE_NULL
                let isSecondNull = sqlite3_value_type(second) == SQLITE_NULL
                sqlite3_result_value(context, isFirstNull || isSecond && !isSecondNull ? second : first)
            }, nil, nil, nil)
    }
}
