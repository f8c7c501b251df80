import CSQLite
import Directory

/// What SQLite said when it refused: its extended result code and its words.
struct SQLiteFailure: Error, Hashable, Sendable {
    let code: Int32
    let message: String

    private var primary: Int32 { code & 0xFF }

    /// The row breaks a rule of the schema: trying again cannot help, and the rest of a batch is unharmed.
    var isConstraint: Bool { primary == SQLITE_CONSTRAINT }
    var isForeignKey: Bool { code == SQLITE_CONSTRAINT | 3 << 8 }

    func storeError(path: String) -> StoreError {
        switch primary {
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH: .unusable(path: path, reason: message)
        case SQLITE_NOTADB, SQLITE_CORRUPT: .corrupt(path: path, reason: message)
        case SQLITE_CONSTRAINT: .conflict(column: conflictingColumn)
        default: .failed(reason: "\(message) (\(code))")
        }
    }

    /// SQLite says `UNIQUE constraint failed: users.login`.
    private var conflictingColumn: String {
        message.split(separator: ": ").last.map(String.init) ?? message
    }
}
