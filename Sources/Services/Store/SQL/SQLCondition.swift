/// What rows have to meet, and the values for its parameters.
struct SQLCondition {
    let sql: String
    let values: [SQLValue]

    init(_ sql: String, _ values: [SQLValue] = []) { (self.sql, self.values) = (sql, values) }

    /// `pattern` has an exclamation mark before what it means literally.
    static func like(_ text: String, _ pattern: String) -> SQLCondition {
        SQLCondition("\(text) LIKE ? ESCAPE '!'", [.text(pattern)])
    }

    static func any(of conditions: [SQLCondition]) -> SQLCondition { joined(conditions, by: " OR ") }
    static func all(of conditions: [SQLCondition]) -> SQLCondition { joined(conditions, by: " AND ") }
    static prefix func ! (condition: SQLCondition) -> SQLCondition {
        SQLCondition("NOT (\(condition.sql))", condition.values)
    }

    private static func joined(_ conditions: [SQLCondition], by word: String) -> SQLCondition {
        SQLCondition("(\(conditions.map(\.sql).joined(separator: word)))", conditions.flatMap(\.values))
    }
}
