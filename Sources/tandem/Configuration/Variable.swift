/// A setting: one variable of the environment, declared once for whoever reads it and for whoever reads of it.
struct Variable: Sendable {
    let name: String
    /// What counts when it is unset; nil: what `otherwise` says.
    let standard: String?
    /// The same in words, in Markdown.
    let otherwise: String
    /// In Markdown.
    let meaning: String
    /// Never shown or logged.
    let isSecret: Bool

    init(_ name: String, _ standard: String, _ meaning: String, isSecret: Bool = false) {
        let isBare = standard.utf8.allSatisfy { $0.isDigitOrDot }
        (self.name, self.standard, otherwise) = (name, standard, isBare ? standard : "`\(standard)`")
        (self.meaning, self.isSecret) = (meaning, isSecret)
    }

    init(_ name: String, otherwise: String, _ meaning: String, isSecret: Bool = false) {
        (self.name, standard, self.otherwise) = (name, nil, otherwise)
        (self.meaning, self.isSecret) = (meaning, isSecret)
    }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The declaration of a name that this program asks for.
    static func named(_ name: String) -> Variable {
        guard let variable = byName[name] else { preconditionFailure("\(name) is read, and not declared") }
        return variable
    }

    /// All of them, as the README has them.
    static var table: String {
        let rows = all.map { variable in
            let meaning = variable.meaning + (variable.isSecret ? " (secret)" : "")
            return "| `\(variable.name)` | \(variable.otherwise) | \(meaning) |"
        }
        return (["| variable | default | meaning |", "|---|---|---|"] + rows).joined(separator: "\n")
    }
}

extension UInt8 {
    fileprivate var isDigitOrDot: Bool {
        self == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
