package import Wire

extension NumberPattern: CustomStringConvertible {
    /// As people write it: `*` is any, `+7495*` a prefix, `/8\d{10}/` an expression, anything else an exact number.
    package init(_ text: String) throws(FieldProblem) {
        if text == "*" {
            self = .any
        } else if text.utf8.count > 2, text.hasPrefix("/"), text.hasSuffix("/") {
            do throws(NumberExpressionError) {
                self = .expression(try NumberExpression(String(text.dropFirst().dropLast())))
            } catch {
                throw .expression(error)
            }
        } else {
            let isPrefix = text.hasSuffix("*")
            let number = isPrefix ? String(text.dropLast()) : text
            guard TextRule.extension.problem(number.replacing("#", with: "")) == nil else {
                throw .malformed(.pattern)
            }
            self = isPrefix ? .prefix(number) : .exactly(number)
        }
    }

    package var description: String {
        switch self {
        case .any: "*"
        case .exactly(let number): number
        case .prefix(let prefix): prefix + "*"
        case .expression(let expression): "/\(expression)/"
        }
    }
}

extension Form {
    package func read(_ name: String, into pattern: inout NumberPattern) {
        guard let value = value(name, TextRule.numberPattern.schema), let text = text(value, name, .numberPattern)
        else { return }
        do throws(FieldProblem) {
            pattern = try NumberPattern(text)
        } catch {
            refuse(name, error)
        }
    }

    package func read(_ name: String, into rules: inout [NumberRule]) {
        list(name, into: &rules, atMost: 50) { form in
            var rule = NumberRule(pattern: .any, replacement: "")
            form.require("match")
            form.read("match", into: &rule.pattern)
            form.read("replace", into: &rule.replacement, mayBeEmpty: .replacement)
            return rule
        }
    }
}

extension Form {
    /// A text that may be empty.
    private func read(_ name: String, into text: inout String, mayBeEmpty rule: TextRule) {
        guard let value = value(name, rule.optionalSchema) else { return }
        text = value.isNull || value == "" ? "" : self.text(value, name, rule) ?? text
    }
}

extension NumberRule {
    package var json: JSONValue { ["match": .string("\(pattern)"), "replace": .string(replacement)] }
}

extension TollLimits {
    package mutating func apply(_ form: Form) {
        form.texts("allowed", into: &allowed, atMost: 200, .prefix) { $0 }
        form.texts("denied", into: &denied, atMost: 200, .prefix) { $0 }
        form.read("concurrentCalls", into: &concurrentCalls, in: 0...100_000)
        form.read("callsPerHour", into: &callsPerHour, in: 0...1_000_000)
        form.read("minutesPerHour", into: &minutesPerHour, in: 0...1_000_000)
    }

    package var json: JSONValue {
        [
            "allowed": JSONValue(allowed), "denied": JSONValue(denied), "concurrentCalls": JSONValue(concurrentCalls),
            "callsPerHour": JSONValue(callsPerHour), "minutesPerHour": JSONValue(minutesPerHour),
        ]
    }
}
