import Wire

/// Values as PostgreSQL reads them from text.
extension [UInt8] {
    /// Appends what stands for a value that is there; nothing for NULL.
    mutating func append(_ value: SQLValue) {
        switch value {
        case .null: break
        case .integer(let number): append(decimal: number)
        case .real(let number): append(contentsOf: number.description.utf8)
        case .flag(let flag): append(UInt8(ascii: flag ? "t" : "f"))
        case .text(let text): append(text)
        case .time(let moment): append(moment)
        case .uuid(let uuid): append(contentsOf: uuid.description.utf8)
        case .json(let text): append(Self.json(text))
        }
    }

    /// A text cannot hold the zero character here.
    private mutating func append(_ text: String) {
        let start = count
        append(contentsOf: text.utf8)
        guard self[start...].contains(0) else { return }
        removeSubrange(start...)
        append(contentsOf: text.replacing("\0", with: "\u{FFFD}").utf8)
    }

    private mutating func append(_ moment: WallTime) {
        if moment < PostgresTime.first { return append(contentsOf: "-infinity".utf8) }
        if moment > PostgresTime.last { return append(contentsOf: "infinity".utf8) }
        append(contentsOf: moment.iso8601().utf8)
    }

    /// What is no JSON is kept as a JSON string; the zero character, which `jsonb` refuses, is replaced.
    private static func json(_ text: String) -> String {
        let plain = text.replacing("\\u0000", with: "\\ufffd")
        return (try? JSONValue(parsing: plain)) == nil ? JSONValue.string(text).text : plain
    }
}

/// Rows as `COPY … FROM STDIN` reads them.
struct PostgresRows {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ values: [SQLValue]) {
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\t")) }
            append(value)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func append(_ value: SQLValue) {
        switch value {
        case .null: bytes.append(contentsOf: "\\N".utf8)
        case .text, .json:
            let start = bytes.count
            bytes.append(value)
            escape(from: start)
        default: bytes.append(value)
        }
    }

    /// Few texts have anything that must be.
    private mutating func escape(from start: Int) {
        guard bytes[start...].contains(where: { Self.escaped($0) != nil }) else { return }
        let plain = Array(bytes[start...])
        bytes.removeSubrange(start...)
        for byte in plain {
            if let letter = Self.escaped(byte) { bytes += [UInt8(ascii: "\\"), letter] } else { bytes.append(byte) }
        }
    }

    /// What stands for a byte after a backslash; nil when it stands for itself.
    private static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\\"): byte
        case UInt8(ascii: "\t"): UInt8(ascii: "t")
        case UInt8(ascii: "\n"): UInt8(ascii: "n")
        case UInt8(ascii: "\r"): UInt8(ascii: "r")
        default: nil
        }
    }
}
