import Wire

/// The values of one statement as libpq takes them: texts that end with a zero byte, one after another in one buffer.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    /// Where each begins; nil for NULL.
    private var starts: [Int?] = []

    init(_ values: [SQLValue]) {
        bytes.reserveCapacity(values.count * 24)
        starts.reserveCapacity(values.count)
        for value in values { append(value) }
    }

    private mutating func append(_ value: SQLValue) {
        if case .null = value { return starts.append(nil) }
        starts.append(bytes.count)
        switch value {
        case .null: break
        case .integer(let number): bytes.append(decimal: number)
        case .real(let number): bytes.append(contentsOf: number.description.utf8)
        case .flag(let flag): bytes.append(UInt8(ascii: flag ? "t" : "f"))
        case .text(let text): append(text)
        case .time(let moment): append(moment)
        case .uuid(let uuid): bytes.append(contentsOf: uuid.description.utf8)
        case .json(let text): append(Self.json(text))
        }
        bytes.append(0)
    }

    /// A text cannot hold the zero character here.
    private mutating func append(_ text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        guard bytes[start...].contains(0) else { return }
        bytes.removeSubrange(start...)
        bytes.append(contentsOf: text.replacing("\0", with: "\u{FFFD}").utf8)
    }

    private mutating func append(_ moment: WallTime) {
        if moment < PostgresTime.first { return bytes.append(contentsOf: "-infinity".utf8) }
        if moment > PostgresTime.last { return bytes.append(contentsOf: "infinity".utf8) }
        bytes.append(contentsOf: moment.iso8601().utf8)
    }

    /// What is no JSON is kept as a JSON string; the zero character, which `jsonb` refuses, is replaced.
    private static func json(_ text: String) -> String {
        let plain = text.replacing("\\u0000", with: "\\ufffd")
        return (try? JSONValue(parsing: plain)) == nil ? JSONValue.string(text).text : plain
    }

    func withPointers<Value>(_ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Value) -> Value {
        bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }
                .withUnsafeBufferPointer(body)
        }
    }
}
