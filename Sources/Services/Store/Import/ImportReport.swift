/// What came of taking over the tables of another service.
package struct ImportReport: Sendable {
    package struct Table: Sendable {
        package let name: String
        /// Rows that are here now.
        package var taken = 0
        /// Rows that were here before.
        package var known = 0
        /// Rows that cannot be taken over.
        package var skipped = 0
        /// Why, of the first of them: the row's number and the reason.
        package var reasons: [String] = []
        /// Rows that got another number than they had.
        package var renumbered = 0

        private static let maximumReasons = 100

        init(_ name: String) { self.name = name }

        mutating func skip(_ row: ForeignRow, _ reason: String) { skip(number: row.text("id"), reason) }

        mutating func skip(number: String?, _ reason: String) {
            skipped += 1
            guard reasons.count < Self.maximumReasons else { return }
            reasons.append("\(number ?? "without a number"): \(reason)")
        }
    }

    package var tables: [Table] = []
    /// Tables that the other service does not have.
    package var missing: [String] = []
}
