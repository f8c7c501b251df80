package import Wire

/// A JSON object that is read field by field into a value; everything wrong with it is collected, not the first alone.
///
/// A field that is absent leaves the value as it is, so that a change may name only what changes; null takes an optional
/// value back. The same reading finds out what a form may hold (`schema`), so that what is said of a form cannot differ
/// from what is read.
package final class Form {
    package let object: JSONObject
    private let path: String
    private let report: Report
    private var known: Set<String> = []
    /// What is asked for, while a form is described; nil while one is read.
    private let outline: FormOutline?

    private final class Report {
        var problems: [String: FieldProblem] = [:]
    }

    package convenience init(_ object: JSONObject) { self.init(object, path: "", report: Report()) }

    private init(_ object: JSONObject, path: String, report: Report, outline: FormOutline? = nil) {
        (self.object, self.path, self.report, self.outline) = (object, path, report, outline)
    }

    /// What a form may hold that `read` reads.
    package static func schema(_ read: (Form) -> Void) -> JSONSchema {
        let outline = FormOutline()
        read(Form(JSONObject(), path: "", report: Report(), outline: outline))
        return outline.schema
    }

    /// Ends the reading: what was asked for by nobody is refused, too.
    package func finish() throws(FieldProblems) {
        close()
        guard report.problems.isEmpty else { throw FieldProblems(report.problems) }
    }

    package func refuse(_ name: String, _ problem: FieldProblem) {
        if report.problems[path + name] == nil { report.problems[path + name] = problem }
    }

    /// Fields without which something cannot be made.
    package func require(_ names: String...) {
        outline?.required.formUnion(names)
        for name in names where object[name]?.isNull ?? true { refuse(name, .missing) }
    }

    /// Fields that are printed and cannot be set.
    package func ignore(_ names: String...) {
        known.formUnion(names)
        for name in names { outline?.add(name, .any) }
    }

    /// The field, unless it is absent; `schema` says what it may be.
    package func value(_ name: String, _ schema: @autoclosure () -> JSONSchema) -> JSONValue? {
        known.insert(name)
        outline?.add(name, schema())
        return object[name]
    }

    private func close() {
        for member in object.members.prefix(64) where !known.contains(member.name) {
            refuse(String(member.name.unicodeScalars.filter { !TextRule.isControl($0) }.prefix(64)), .unknownField)
        }
    }
}

// MARK: - Single values

extension Form {
    package func read(_ name: String, into text: inout String, _ rule: TextRule) {
        guard let value = value(name, rule.schema) else { return }
        if let read = self.text(value, name, rule) { text = read }
    }

    package func read(_ name: String, into text: inout String?, _ rule: TextRule) {
        guard let value = value(name, rule.optionalSchema) else { return }
        if value.isNull || value == "" {
            text = nil
        } else if let read = self.text(value, name, rule) {
            text = read
        }
    }

    package func read(_ name: String, into flag: inout Bool) {
        guard let value = value(name, .flag) else { return }
        guard let read = value.boolValue else { return refuse(name, .expected(.flag)) }
        flag = read
    }

    package func read(_ name: String, into number: inout Int, in range: ClosedRange<Int>) {
        guard let value = value(name, .integer(range)) else { return }
        if let read = integer(value, name, range) { number = read }
    }

    package func read(_ name: String, into number: inout Int?, in range: ClosedRange<Int>) {
        guard let value = value(name, .integer(range).orNull) else { return }
        if value.isNull {
            number = nil
        } else if let read = integer(value, name, range) {
            number = read
        }
    }

    /// A whole number of seconds.
    package func read(_ name: String, into duration: inout Duration, in range: ClosedRange<Int>) {
        var seconds = Int(duration.wholeMilliseconds / 1000)
        read(name, into: &seconds, in: range)
        if object[name] != nil { duration = .seconds(seconds) }
    }

    package func read(_ name: String, into duration: inout Duration?, in range: ClosedRange<Int>) {
        guard let value = value(name, .integer(range).orNull) else { return }
        if value.isNull {
            duration = nil
        } else if let read = integer(value, name, range) {
            duration = .seconds(read)
        }
    }

    /// A word of a closed list.
    package func read<Word>(_ name: String, into word: inout Word)
    where Word: RawRepresentable<String> & CaseIterable {
        guard let value = value(name, .words(Word.self)) else { return }
        guard let read = value.stringValue.flatMap(Word.init(rawValue:)) else {
            return refuse(name, .notOneOf(Word.allCases.map(\.rawValue)))
        }
        word = read
    }

    func text(_ value: JSONValue, _ name: String, _ rule: TextRule) -> String? {
        guard let text = value.stringValue else {
            refuse(name, .expected(.text))
            return nil
        }
        if let problem = rule.problem(text) {
            refuse(name, problem)
            return nil
        }
        return text
    }

    func integer(_ value: JSONValue, _ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let number = value.integerValue.flatMap({ Int(exactly: $0) }) else {
            refuse(name, .expected(.integer))
            return nil
        }
        guard range.contains(number) else {
            refuse(name, .outOfRange(range.lowerBound, range.upperBound))
            return nil
        }
        return number
    }
}

// MARK: - Two values that go together

extension Form {
    /// Two texts of which there are both or neither: who gives one gives the other, and who takes one back takes both.
    package func read(
        _ name: String, into text: inout String?, with otherName: String, into other: inout String?, _ rule: TextRule
    ) {
        outline?.conditions.append(Self.bothOrNeither([name, otherName], rule))
        var pair = (text, other)
        read(name, into: &pair.0, rule)
        read(otherName, into: &pair.1, rule)
        let given = [name, otherName].map { object[$0].map { !$0.isNull && $0 != "" } }
        switch (given[0], given[1]) {
        case (nil, nil): return
        case (true, true): (text, other) = pair
        case (true, _): refuse(otherName, .missing)
        case (_, true): refuse(name, .missing)
        default: (text, other) = (nil, nil)
        }
    }

    private static func bothOrNeither(_ names: [String], _ rule: TextRule) -> JSONSchema {
        let nothing = JSONSchema(["enum": [.null, ""]]).optional
        return .any(of: [.object(names.map { ($0, rule.schema) }), .object(names.map { ($0, nothing) })])
    }
}

// MARK: - Values made of others

extension Form {
    /// An object; its fields are read by `body`.
    package func object(_ name: String, _ body: (Form) -> Void) {
        guard let value = value(name, Self.schema(body)) else { return }
        within(value, name, body)
    }

    /// Reads the fields of an object that is a field itself.
    func within(_ value: JSONValue, _ name: String, _ body: (Form) -> Void) {
        guard let inner = value.objectValue else { return refuse(name, .expected(.object)) }
        let form = Form(inner, path: "\(path)\(name).", report: report)
        body(form)
        form.close()
    }

    /// A list of objects, which replaces the former list; an element that is refused is left out.
    package func list<Element>(
        _ name: String, into elements: inout [Element], atLeast minimum: Int = 0, atMost maximum: Int,
        _ body: (Form) -> Element?
    ) {
        func element() -> JSONSchema { Self.schema { _ = body($0) } }
        guard let values = values(name, .list(of: element(), atLeast: minimum, atMost: maximum), minimum...maximum)
        else { return }
        elements = values.enumerated().compactMap { index, value in
            guard let inner = value.objectValue else {
                refuse("\(name)[\(index)]", .expected(.object))
                return nil
            }
            let form = Form(inner, path: "\(path)\(name)[\(index)].", report: report)
            defer { form.close() }
            return body(form)
        }
    }

    /// A list of texts, which replaces the former list.
    package func texts<Element>(
        _ name: String, into elements: inout [Element], atMost maximum: Int, _ rule: TextRule,
        _ read: (String) throws(FieldProblem) -> Element
    ) {
        guard let values = values(name, .list(of: rule.schema, atMost: maximum), 0...maximum) else { return }
        elements = values.enumerated().compactMap { index, value in
            let place = "\(name)[\(index)]"
            guard let text = text(value, place, rule) else { return nil }
            do throws(FieldProblem) {
                return try read(text)
            } catch {
                refuse(place, error)
                return nil
            }
        }
    }

    private func values(
        _ name: String, _ schema: @autoclosure () -> JSONSchema, _ count: ClosedRange<Int>
    ) -> [JSONValue]? {
        guard let value = value(name, schema()) else { return nil }
        guard let values = value.arrayValue else {
            refuse(name, .expected(.list))
            return nil
        }
        guard count.contains(values.count) else {
            refuse(name, values.isEmpty ? .empty : .tooMany(maximum: count.upperBound))
            return nil
        }
        return values
    }
}
