/// Which numbers a rule or route is about.
package enum NumberPattern: Hashable, Sendable {
    case any
    case exactly(String)
    case prefix(String)
    /// It must match the whole number.
    case expression(NumberExpression)

    /// Whether the number, as it is written, is one of these.
    package func matches(_ number: String) -> Bool {
        switch self {
        case .any: true
        case .exactly(let text): number == text
        case .prefix(let text): number.hasPrefix(text)
        case .expression(let expression): expression.matches(number)
        }
    }
}

/// How a number that matches is rewritten.
///
/// The first rule of a list that matches is the only one applied; a number that none matches stays as it is.
package struct NumberRule: Hashable, Sendable {
    package var pattern: NumberPattern
    /// What stands in the place of the prefix, or of the whole number; for an expression `$1` … `$9` are its groups.
    package var replacement: String

    package init(pattern: NumberPattern, replacement: String) {
        (self.pattern, self.replacement) = (pattern, replacement)
    }

    /// The number rewritten; nil when the rule is not about it.
    package func apply(to number: String) -> String? {
        switch pattern {
        case .any: replacement
        case .exactly(let text): number == text ? replacement : nil
        case .prefix(let text): number.hasPrefix(text) ? replacement + number.dropFirst(text.count) : nil
        case .expression(let expression): expression.groups(of: number).map(fill)
        }
    }

    /// `$$` is a dollar sign; a group that does not exist or took no part is empty.
    private func fill(_ groups: [String?]) -> String {
        var filled = ""
        var rest = replacement[...]
        while let character = rest.popFirst() {
            guard character == "$", let next = rest.first else {
                filled.append(character)
                continue
            }
            if next == "$" {
                filled.append("$")
            } else if next.isASCII, let digit = next.wholeNumberValue {
                filled += (groups.indices.contains(digit) ? groups[digit] : nil) ?? ""
            } else {
                filled.append(character)
                continue
            }
            rest.removeFirst()
        }
        return filled
    }
}

extension [NumberRule] {
    /// The number as the first rule that is about it writes it.
    package func rewrite(_ number: String) -> String {
        for rule in self {
            if let rewritten = rule.apply(to: number) { return rewritten }
        }
        return number
    }
}
