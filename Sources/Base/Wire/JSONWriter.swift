extension JSONValue {
    /// The value as compact JSON text in UTF-8.
    public func encoded() -> [UInt8] {
        var text = [UInt8]()
        text.reserveCapacity(256)
        write(to: &text)
        return text
    }

    public var text: String { String(decoding: encoded(), as: UTF8.self) }

    public func write(to text: inout [UInt8]) { write(into: &text) }
    public func write(to text: inout OctetWriter) { write(into: &text) }

    func write(into text: inout (some OctetSink & ~Copyable)) {
        switch self {
        case .null: text.append("null" as StaticString)
        case .bool(let value): text.append(value ? "true" : "false" as StaticString)
        case .integer(let value): text.append(decimal: value)
        case .number(let value): Self.write(value, into: &text)
        case .string(let value): Self.write(value, into: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.write(into: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let object): object.write(into: &text)
        }
    }

    /// Whole numbers print without a fraction, as JavaScript prints them; JSON has no infinities, so they are null.
    static func write(_ value: Double, into text: inout (some OctetSink & ~Copyable)) {
        guard value.isFinite else { return text.append("null" as StaticString) }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
            text.append(decimal: whole)
        } else {
            text.append("\(value)")
        }
    }

    /// A string with its quotes.
    public static func write(_ value: String, to text: inout OctetWriter) { write(value, into: &text) }

    static func write(_ value: String, into text: inout (some OctetSink & ~Copyable)) {
        text.append(UInt8(ascii: "\""))
        let bytes = value.utf8.span
        if isPlain(bytes) {
            text.append(bytes)
        } else {
            writeEscaped(value, into: &text)
        }
        text.append(UInt8(ascii: "\""))
    }

    /// Looks at every byte, without a way out in the middle or a choice: the compiler then takes many at once.
    private static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        var found: UInt8 = 0
        for index in bytes.indices { found |= mustEscape(bytes[index]) }
        return found == 0
    }

    /// 1 for what a string cannot hold as it is, else 0.
    private static func mustEscape(_ byte: UInt8) -> UInt8 {
        (byte < ASCII.space ? 1 : 0) | (byte == UInt8(ascii: "\"") ? 1 : 0) | (byte == UInt8(ascii: "\\") ? 1 : 0)
    }

    private static func writeEscaped(_ value: String, into text: inout (some OctetSink & ~Copyable)) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): text.append(#"\""# as StaticString)
            case UInt8(ascii: "\\"): text.append(#"\\"# as StaticString)
            case ASCII.lineFeed: text.append(#"\n"# as StaticString)
            case ASCII.carriageReturn: text.append(#"\r"# as StaticString)
            case ASCII.tab: text.append(#"\t"# as StaticString)
            case 0..<ASCII.space: text.append("\\u00\(Hex.encode([byte]))")
            default: text.append(byte)
            }
        }
    }
}

extension JSONObject {
    public func write(to text: inout [UInt8]) { write(into: &text) }

    func write(into text: inout (some OctetSink & ~Copyable)) {
        text.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            Self.write(member.name, member.value, into: &text)
        }
        text.append(UInt8(ascii: "}"))
    }

    /// One member, without the comma before it, for whoever writes an object as it comes.
    public static func write(_ name: String, _ value: JSONValue, to text: inout [UInt8]) {
        write(name, value, into: &text)
    }

    private static func write(_ name: String, _ value: JSONValue, into text: inout (some OctetSink & ~Copyable)) {
        JSONValue.write(name, into: &text)
        text.append(ASCII.colon)
        value.write(into: &text)
    }
}
