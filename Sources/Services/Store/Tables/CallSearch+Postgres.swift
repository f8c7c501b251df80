import Wire

/// What PostgreSQL's indexes of trigrams are asked.
///
/// The index of normal forms has all numbers; that of what people wrote has only numbers that are more than their digits
/// (`Schema.isMoreThanDigits`), or half of what is written for a call would be there twice.
extension CallSearch {
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
    var apart: [SQLCondition] {
        let numbers = inNormalForms
        guard numbers.count == 2 else { return [byIndex] }
        let (caller, receiver) = (numbers[0], numbers[1])
        return [caller, .all(of: [!caller, receiver]), .all(of: [!.any(of: numbers), .any(of: elsewhere)])]
    }

    /// The same as one condition.
    var byIndex: SQLCondition {
        if digits == nil, case .ofNumbers = letters { return oneByOne }
        return .any(of: inNormalForms + elsewhere)
    }

    /// Where a text may stand besides the normal forms of numbers.
    private var elsewhere: [SQLCondition] {
        let written = ["caller", "receiver"].flatMap { end -> [SQLCondition] in
            let text = SQLCondition.like("fold(\(end)_number)", folded)
            return [.all(of: [text, SQLCondition(Schema.isMoreThanDigits(end))])]
                + (rewritten.map { [.all(of: [.like("\(end)_norm", $0), text])] } ?? [])
        }
        return written + [.like("fold(customer_name)", folded), .like("fold(notes)", folded)]
    }

    /// The pattern of the digits as they are, where the normal form has others: in a longer number they may stand so.
    private var rewritten: String? {
        guard case .ofNumbers(let own) = letters else { return nil }
        let pattern = Self.containing(own)
        return pattern == digits ? nil : pattern
    }
}
