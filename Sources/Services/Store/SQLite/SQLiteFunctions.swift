import CSQLite

/// The functions our SQL uses and SQLite lacks.
enum SQLiteFunctions {
    /// `fold(text)`: lowercase for comparison, in every script; SQLite's own `lower` knows Latin letters only.
    static func install(on connection: OpaquePointer) {
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
}
