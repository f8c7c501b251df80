import Wire

/// What PostgreSQL's indexes of trigrams are asked.
///
/// The index of normal forms has all numbers; that of what people wrote has only numbers that are more than their digits
/// (`Schema.isMoreThanDigits`), or half of what is written for a call would be there twice.
extension CallSearch {
    typealias Condition = (sql: String, values: [SQLValue])

    /// What a text consists of.
    enum Letters {
        /// Digits and plus signs: it may be part of a number that is nothing but its digits.
        case ofNumbers(digits: String)
        /// Anything else, too: it cannot.
        case others

        init(_ text: String) {
            let isOfNumbers = text.utf8.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: "+") }
            self = isOfNumbers ? .ofNumbers(digits: text.filter { $0 != "+" }) : .others
        }
    }

    /// Conditions that no call meets two of; whoever meets one of them is found.
    ///
    /// An index names all calls that have the groups of three of a number, for frequent ones a third of all, before the
    /// first can be counted: where the callers are enough, the others are not asked. Names and notes of all that are named
    /// would have to be read, too, if they were asked in one.
    var apart: [Condition] {
        guard let digits else { return [byIndex] }
        let (caller, receiver) = (like("caller_norm", digits), like("receiver_norm", digits))
        let (isNotCaller, isNeither) = (Self.not(caller), Self.not(Self.any(of: [caller, receiver])))
        return [caller, Self.all(of: [isNotCaller, receiver]), Self.all(of: [isNeither, Self.any(of: elsewhere)])]
    }

    /// The same as one condition.
    var byIndex: Condition {
        if digits == nil, case .ofNumbers = letters { return oneByOne }
        let numbers = digits.map { digits in ["caller_norm", "receiver_norm"].map { like($0, digits) } } ?? []
        return Self.any(of: numbers + elsewhere)
    }

    /// Where a text may stand besides the normal forms of numbers.
    private var elsewhere: [Condition] {
        let written = ["caller", "receiver"].flatMap { end in
            let text = like("fold(\(end)_number)", folded)
            return [Self.all(of: [text, (Schema.isMoreThanDigits(end), [])])]
                + (rewritten.map { [Self.all(of: [like("\(end)_norm", $0), text])] } ?? [])
        }
        return written + [like("fold(customer_name)", folded), like("fold(notes)", folded)]
    }

    /// The pattern of the digits as they are, where the normal form has others: in a longer number they may stand so.
    private var rewritten: String? {
        guard case .ofNumbers(let own) = letters else { return nil }
        let pattern = Self.containing(own)
        return pattern == digits ? nil : pattern
    }

    private func like(_ text: String, _ pattern: String) -> Condition {
        ("\(text) LIKE ? ESCAPE '!'", [.text(pattern)])
    }

    private static func not(_ condition: Condition) -> Condition { ("NOT (\(condition.sql))", condition.values) }

    private static func any(of conditions: [Condition]) -> Condition { joined(conditions, by: " OR ") }

    private static func all(of conditions: [Condition]) -> Condition { joined(conditions, by: " AND ") }

    private static func joined(_ conditions: [Condition], by word: String) -> Condition {
        ("(\(conditions.map(\.sql).joined(separator: word)))", conditions.flatMap(\.values))
    }
}
