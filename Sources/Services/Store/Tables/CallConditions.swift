import CallModel
import Directory
import Wire

/// A `CallQuery` as SQL: conditions joined by AND, and the values for their parameters.
struct CallConditions {
    private var parts: [String] = []
    private(set) var values: [SQLValue] = []

    /// `WHERE …`, or nothing.
    var clause: String { parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND ") }

    /// Whether there is no condition but the text that is looked for.
    private(set) var isSearchAlone = false

    /// `search`: the query's, nil when nothing can be found.
    init(_ query: CallQuery, _ search: CallSearch?) {
        addVisibility(query.visibility)
        addStates(query)
        addTimes(query)
        addPlain(query)
        addNumbers(query)
        if query.search?.isEmpty == false { add(search) }
    }

    /// The same where nothing was looked at before.
    init(_ query: CallQuery, in dialect: Dialect) {
        self.init(query, query.search.flatMap { CallSearch($0, dialect) })
    }

    mutating func add(_ condition: String, _ values: SQLValue...) {
        add(SQLCondition(condition, values))
    }

    mutating func add(_ condition: SQLCondition) {
        parts.append(condition.sql)
        values += condition.values
    }

    private mutating func add(_ search: CallSearch?) {
        isSearchAlone = parts.isEmpty && search != nil
        add(search?.condition ?? SQLCondition("FALSE"))
    }

    private mutating func addVisibility(_ visibility: CallQuery.Visibility) {
        guard case .user(let id, let isOperator) = visibility else { return }
        let user = SQLValue.integer(id)
        if isOperator {
            add("(assigned_user_id = ? OR answered_by_user_id = ? OR operator_id = ?)", user, user, user)
        } else {
            add("(assigned_user_id = ? OR answered_by_user_id = ?)", user, user)
        }
    }

    /// States and directions are words of closed lists, so they stand in the text itself.
    private mutating func addStates(_ query: CallQuery) {
        if let states = query.states {
            let alternatives = states.map { condition in
                "(state = '\(condition.state.rawValue)' AND \(Self.isOne(of: condition.directions)))"
            }
            add(alternatives.isEmpty ? "FALSE" : "(\(alternatives.joined(separator: " OR ")))")
        }
        if let directions = query.directions { add(Self.isOne(of: directions)) }
        if let isLive = query.isLive { add(isLive ? "ended_at IS NULL" : "ended_at IS NOT NULL") }
        if query.hidesUnanswered { add("state NOT IN ('initiated', 'ringing')") }
    }

    private static func isOne(of directions: Set<CallDirection>) -> String {
        let words = directions.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        return words.isEmpty ? "FALSE" : "direction IN (\(words))"
    }

    private mutating func addTimes(_ query: CallQuery) {
        if let from = query.startedFrom { add("started_at >= ?", SQLValue(from)) }
        if let through = query.startedThrough { add("started_at <= ?", SQLValue(through)) }
    }

    private mutating func addPlain(_ query: CallQuery) {
        if let id = query.operatorID { add("operator_id = ?", .integer(id)) }
        if let id = query.clientID { add("client_id = ?", SQLValue(id)) }
        if let city = query.city { add("city = ?", .text(city)) }
    }

    /// Of an internal call, the extension on the other side is told by the numbers alone.
    private mutating func addExtension(_ number: String, isCaller: Bool) {
        let (text, key) = (SQLValue.text(number), SQLValue.text(PhoneNumber(number).matchKey))
        add("(extension = ? OR substr(caller_norm, -10) = ? OR substr(receiver_norm, -10) = ?)", text, key, key)
        // One who calls from outside is filed under the extension that was called.
        if isCaller {
            add(
                """
                (substr(caller_norm, -10) = ? OR (direction = 'outgoing' AND substr(receiver_norm, -10) <> ?))
                """, key, key)
        }
    }

    private mutating func addNumbers(_ query: CallQuery) {
        if let number = query.extension { addExtension(number, isCaller: query.isMadeByExtension) }
        if let number = query.number {
            let key = SQLValue.text(number.matchKey)
            add("(substr(caller_norm, -10) = ? OR substr(receiver_norm, -10) = ?)", key, key)
        }
        if let number = query.clientNumber {
            let key = SQLValue.text(number.matchKey)
            add(
                """
                ((direction = 'incoming' AND substr(caller_norm, -10) = ?)
                OR (direction <> 'incoming' AND substr(receiver_norm, -10) = ?))
                """, key, key)
        }
        if let digits = query.clientDigits {
            let pattern = SQLValue.text(CallSearch.containing(PhoneNumber(digits).normal))
            add(
                """
                ((direction = 'incoming' AND caller_norm LIKE ? ESCAPE '!')
                OR (direction <> 'incoming' AND receiver_norm LIKE ? ESCAPE '!'))
                """, pattern, pattern)
        }
    }
}
