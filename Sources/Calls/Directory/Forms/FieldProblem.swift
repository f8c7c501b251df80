/// What is wrong with one field of something that somebody wants stored.
///
/// The description is for people at a terminal; the REST interface has its own words.
package enum FieldProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case text, flag, integer, list, object
    }

    /// What the words of a text must be.
    package enum Shape: String, Sendable {
        /// Letters, digits, `.`, `_`, `-`.
        case name
        /// Letters, digits and `.`, `_`, `-`, `+`, `*`: what goes into the user part of an address unescaped.
        case `extension`
        /// Digits, `+`, `*`, `#` and letters.
        case number
        case host
        case network
        case email
        case phone
        /// 10 or 12 digits: a Russian taxpayer number.
        case inn
        case pattern
        case destination
        /// `http` or `https`, without a user and password in it.
        case url
    }

    case missing
    case expected(Kind)
    case empty
    case tooLong(maximum: Int)
    case tooShort(minimum: Int)
    case tooMany(maximum: Int)
    case outOfRange(Int, Int)
    /// CR, LF or another character that would end or hide what is written.
    case controlCharacter
    case notOneOf([String])
    case malformed(Shape)
    case expression(NumberExpressionError)
    /// It names something that does not exist.
    case unknownReference
    /// Another one has it.
    case taken
    /// It may be left out where a former value stays, and there is none.
    case nothingKept
    /// There is no such field.
    case unknownField

    package var description: String {
        switch self {
        case .missing: "is required"
        case .expected(let kind): "must be \(kind == .integer || kind == .object ? "an" : "a") \(kind.rawValue)"
        case .empty: "must not be empty"
        case .tooLong(let maximum): "must have at most \(maximum) characters"
        case .tooShort(let minimum): "must have at least \(minimum) characters"
        case .tooMany(let maximum): "must have at most \(maximum) elements"
        case .outOfRange(let least, let most): "must be between \(least) and \(most)"
        case .controlCharacter: "must not contain control characters"
        case .notOneOf(let words): "must be one of \(words.joined(separator: ", "))"
        case .malformed(let shape): "is no valid \(shape.rawValue)"
        case .expression(let error): "\(error)"
        case .unknownReference: "names something that does not exist"
        case .taken: "is taken"
        case .nothingKept: "is required: no former value can stay"
        case .unknownField: "is not known here"
        }
    }
}

/// Everything that is wrong with a form, by the path of the field: `targets[0].host`.
package struct FieldProblems: Error, Hashable, Sendable {
    package var problems: [String: FieldProblem]

    package init(_ problems: [String: FieldProblem]) { self.problems = problems }

    /// One problem for each line, in the order of the fields' names.
    package var lines: [String] { problems.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" } }
}
