import Directory

/// Why a database did not do what it was asked, in the words of neither engine.
struct SQLFailure: Error, Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// The row breaks a rule of the schema.
        case constraint
        /// The row names another that is not there.
        case foreignKey
        /// A value does not fit its column.
        case value
        /// A statement failed that was not guarded, and with it the transaction: nothing more can be done in it.
        case spoiled
        /// What others did at the same time was in the way: the whole transaction is to be done again.
        case collision
        /// The server cannot be reached, or is gone in the middle.
        case unreachable
        /// The file cannot be opened or written, or the server does not let us in.
        case unusable
        /// The file is no database, or is damaged.
        case corrupt
        case other
    }

    let kind: Kind
    /// SQLite's extended result code, or PostgreSQL's five characters.
    let code: String
    /// The engine's words.
    let message: String
    /// What is taken, as `table.column, table.column`.
    var columns: String?
    /// Which database it was, where two are at work.
    var place: String?

    init(_ kind: Kind, code: String = "", message: String, columns: String? = nil) {
        (self.kind, self.code, self.message, self.columns) = (kind, code, message, columns)
    }

    /// The row is at fault: trying again cannot help, and the rest of a batch is unharmed.
    var isConstraint: Bool { kind == .constraint || kind == .foreignKey || kind == .value }
    var isForeignKey: Bool { kind == .foreignKey }

    /// `place`: the file or the server, as people know it.
    func storeError(_ place: String) -> StoreError {
        let words = self.place.map { "\($0): \(message)" } ?? message
        return switch kind {
        case .constraint, .foreignKey: .conflict(column: columns ?? message)
        case .unusable: .unusable(path: place, reason: words)
        case .corrupt: .corrupt(path: place, reason: words)
        case .unreachable: .unavailable(reason: words)
        case .value: .unfit(reason: "\(words) (\(code))")
        case .spoiled, .collision, .other: .failed(reason: "\(words) (\(code))")
        }
    }
}
