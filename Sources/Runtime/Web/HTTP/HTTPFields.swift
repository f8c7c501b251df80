import Wire

/// Header fields in the order they came, found by name whatever its case (RFC 9110 §5).
///
/// A value can only hold what a field line may hold, so that no response can be split by what a caller put into it.
package struct HTTPFields: Sendable, Equatable {
    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    /// The first value of a name, nil when there is none; setting replaces every value of that name.
    package subscript(_ name: String) -> String? {
        get { fields.first { ASCII.equalIgnoringCase($0.name, name) }?.value }
        set {
            fields.removeAll { ASCII.equalIgnoringCase($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// Every value of a name, in order.
    package func values(_ name: String) -> [String] {
        fields.filter { ASCII.equalIgnoringCase($0.name, name) }.map(\.value)
    }

    /// The comma-separated members of every value of a name, trimmed, without empty ones (RFC 9110 §5.6.1).
    package func list(_ name: String) -> [String] {
        values(name).flatMap { $0.utf8.split(separator: UInt8(ascii: ",")) }.compactMap {
            let trimmed = $0.trimmingOptionalWhitespace()
            return trimmed.isEmpty ? nil : String(Substring(trimmed))
        }
    }

    /// Whether a comma-separated field names `token`, whatever its case.
    package func list(_ name: String, contains token: String) -> Bool {
        list(name).contains { ASCII.equalIgnoringCase($0, token) }
    }

    /// Adds one more field; control characters in the value become spaces, a name that is no token is left out.
    package mutating func add(_ name: String, _ value: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(HTTPGrammar.isTokenByte) else { return }
        fields.append(Field(name: name, value: HTTPGrammar.cleaned(value)))
    }

    /// Adds a field whose name and value the parser has already checked.
    mutating func addChecked(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }
}

extension Substring.UTF8View {
    func trimmingOptionalWhitespace() -> Substring.UTF8View {
        var view = self.drop(while: ASCII.isWhitespace)
        while let last = view.last, ASCII.isWhitespace(last) { view = view.dropLast() }
        return view
    }
}

/// Character classes of RFC 9110 §5.
enum HTTPGrammar {
    private static let tokenBytes: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in "!#$%&'*+-.^_`|~".utf8 { table[Int(byte)] = true }
        for byte in UInt8.min...UInt8.max where ASCII.isAlphanumeric(byte) { table[Int(byte)] = true }
        return table
    }()

    static func isTokenByte(_ byte: UInt8) -> Bool { tokenBytes[Int(byte)] }

    /// A byte a field value may hold: visible, space, tab, or above ASCII.
    static func isValueByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == ASCII.tab }

    static func cleaned(_ value: String) -> String {
        guard !value.utf8.allSatisfy(isValueByte) else { return value }
        return String(decoding: value.utf8.map { isValueByte($0) ? $0 : ASCII.space }, as: UTF8.self)
    }
}
