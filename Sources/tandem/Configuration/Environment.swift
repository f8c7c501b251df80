import Wire

/// The process environment over the lines of `./.env`: a real variable always wins over the file's.
struct Environment {
    private let values: [String: String]

    init(process: [String: String], file: String? = nil) {
        let lines = file.map(Self.parse) ?? [:]
        values = lines.merging(process) { _, real in real }
    }

    /// The value without blanks around it; nil when unset or empty.
    subscript(name: String) -> String? {
        guard let value = values[name]?.trimmed, !value.isEmpty else { return nil }
        return value
    }

    /// Set to nothing, which for a few variables is not the same as unset.
    func isEmptied(_ name: String) -> Bool { values[name]?.trimmed.isEmpty ?? false }

    /// The first of several names that is set.
    func first(_ names: String...) -> String? {
        names.lazy.compactMap { self[$0] }.first
    }

    /// `NAME=value`, optionally `export NAME=value`, quotes around the value, `#` comments.
    static func parse(_ text: String) -> [String: String] {
        var found: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            var line = String(line).trimmed
            if line.hasPrefix("export ") { line = String(line.dropFirst(7)).trimmed }
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            let name = String(line[..<equals]).trimmed
            found[name] = unquoted(String(line[line.index(after: equals)...]).trimmed)
        }
        return found
    }

    private static func unquoted(_ value: String) -> String {
        for quote in ["\"", "'"] where value.hasPrefix(quote) {
            let rest = value.dropFirst()
            if let end = rest.firstIndex(of: Character(quote)) { return String(rest[..<end]) }
        }
        guard let comment = value.range(of: " #") else { return value }
        return String(value[..<comment.lowerBound]).trimmed
    }
}

extension String {
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        let head = drop(while: isBlank)
        return String(head.reversed().drop(while: isBlank).reversed())
    }

    func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
