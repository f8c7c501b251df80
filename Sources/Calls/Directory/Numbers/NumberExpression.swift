/// A regular expression over telephone numbers, compiled once.
///
/// Letters and signs stand for themselves; `.`, `[0-9]`, `[^…]`, `\d`, `\D`, `\w`, `( )`, `(?: )`, `|`, `?`, `*`, `+`,
/// `{m}`, `{m,}`, `{m,n}`, their lazy forms, `^` and `$` mean what they mean everywhere. An expression always matches the
/// whole number. Matching takes time in proportion to the lengths of both, whatever the expression.
package struct NumberExpression: Hashable, Sendable, CustomStringConvertible {
    package static let maximumLength = 256
    /// A longer number matches no expression.
    package static let maximumInput = 64

    /// The expression as it was written.
    package let text: String
    private let program: ExpressionProgram

    package init(_ text: String) throws(NumberExpressionError) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumLength else { throw .length }
        var parser = ExpressionParser(text)
        let tree = try parser.parse()
        program = try ExpressionProgram(tree)
        self.text = text
    }

    package var description: String { text }

    package func matches(_ number: String) -> Bool { groups(of: number) != nil }

    /// The whole number and what each group took; nil when the number does not match.
    func groups(of number: String) -> [String?]? {
        guard number.utf8.count <= Self.maximumInput else { return nil }
        return program.run(Array(number.unicodeScalars))
    }

    package static func == (left: NumberExpression, right: NumberExpression) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// Why a text is no expression.
package enum NumberExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Empty, or over `NumberExpression.maximumLength` bytes.
    case length
    /// A bracket, group or repetition that is not closed, or not opened.
    case unbalanced
    /// A repetition of nothing, or of the wrong bounds.
    case repetition
    /// A range that runs backwards, or an empty set.
    case set
    /// A backslash before a letter that has no meaning here.
    case escape(Character)
    /// Groups or repetitions that would make the compiled form too large.
    case tooLarge

    package var description: String {
        switch self {
        case .length: "must have 1 to \(NumberExpression.maximumLength) bytes"
        case .unbalanced: "has an unbalanced bracket"
        case .repetition: "repeats nothing, or has wrong bounds"
        case .set: "has an empty or backward set"
        case .escape(let letter): "has an unknown escape \\\(letter)"
        case .tooLarge: "is too large"
        }
    }
}
