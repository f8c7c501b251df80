/// Why a text is not taken as JSON; `offset` counts bytes from its start.
public enum JSONError: Error, Hashable, Sendable {
    case endsEarly
    case unexpectedByte(offset: Int)
    /// A control character, a wrong escape, or bytes that are not UTF-8.
    case invalidString(offset: Int)
    /// Not the grammar of RFC 8259 §6, too long, or beyond what a Double holds.
    case invalidNumber(offset: Int)
    case tooDeep
    case tooManyValues
}

/// What a JSON text may cost.
public struct JSONLimits: Sendable {
    /// Arrays and objects inside one another.
    public var depth: Int
    /// Scalars, arrays and objects together.
    public var values: Int
    /// Digits and signs of one number.
    public static let numberLength = 128

    public init(depth: Int = 64, values: Int = 100_000) { (self.depth, self.values) = (depth, values) }
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259) and nothing else, in time linear in its length.
    ///
    /// A lone surrogate escape becomes U+FFFD; of members with one name all are kept.
    public init(parsing text: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var parser = JSONParser(Array(text), limits: limits)
        self = try parser.document()
    }

    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: text.utf8, limits: limits)
    }
}

/// A recursive descent whose depth is bounded by `JSONLimits.depth`.
private struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0
    private var values = 0

    init(_ bytes: [UInt8], limits: JSONLimits) { (self.bytes, self.limits) = (bytes, limits) }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw .unexpectedByte(offset: position) }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        values += 1
        guard values <= limits.values else { throw .tooManyValues }
        skipBlanks()
        switch try peek() {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= limits.depth else { throw .tooDeep }
        position += 1
        var members: [JSONObject.Member] = []
        skipBlanks()
        if try accept(UInt8(ascii: "}")) { return JSONObject(members) }
        repeat {
            skipBlanks()
            guard try peek() == UInt8(ascii: "\"") else { throw .unexpectedByte(offset: position) }
            let name = try string()
            skipBlanks()
            guard try accept(ASCII.colon) else { throw .unexpectedByte(offset: position) }
            members.append(JSONObject.Member(name, try value(depth: depth)))
            skipBlanks()
        } while try accept(UInt8(ascii: ","))
        guard try accept(UInt8(ascii: "}")) else { throw .unexpectedByte(offset: position) }
        return JSONObject(members)
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= limits.depth else { throw .tooDeep }
        position += 1
        var elements: [JSONValue] = []
        skipBlanks()
        if try accept(UInt8(ascii: "]")) { return elements }
        repeat {
            elements.append(try value(depth: depth))
            skipBlanks()
        } while try accept(UInt8(ascii: ","))
        guard try accept(UInt8(ascii: "]")) else { throw .unexpectedByte(offset: position) }
        return elements
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let text = word.description.utf8
        guard bytes[position...].starts(with: text) else { throw .unexpectedByte(offset: position) }
        position += text.count
        return value
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        skip(UInt8(ascii: "-"))
        guard position < bytes.count, ASCII.isDigit(bytes[position]) else {
            throw position < bytes.count ? .unexpectedByte(offset: position) : .endsEarly
        }
        let leadingZero = bytes[position] == ASCII.zero
        guard digits() == 1 || !leadingZero else { throw .invalidNumber(offset: start) }
        let isWhole = try !fractionAndExponent(start)
        guard position - start <= JSONLimits.numberLength else { throw .invalidNumber(offset: start) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let whole = Int64(text) { return .integer(whole) }
        guard let value = Double(text), value.isFinite else { throw .invalidNumber(offset: start) }
        return .number(value)
    }

    /// Steps over them and tells whether there were any.
    private mutating func fractionAndExponent(_ start: Int) throws(JSONError) -> Bool {
        var found = false
        if skip(UInt8(ascii: ".")) {
            guard digits() > 0 else { throw .invalidNumber(offset: start) }
            found = true
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw .invalidNumber(offset: start) }
            found = true
        }
        return found
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, ASCII.isDigit(bytes[position]) { position += 1 }
        return position - start
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while true {
            switch try peek() {
            case UInt8(ascii: "\""):
                let text = try validated(bytes[start..<position], from: start)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<ASCII.space: throw .invalidString(offset: position)
            default: position += 1
            }
        }
    }

    /// The rest of a string once its first escape is met.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<position])
        while true {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return try validated(text[...], from: start)
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<ASCII.space: throw .invalidString(offset: position)
            default:
                text.append(byte)
                position += 1
            }
        }
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(JSONError) {
        position += 1
        let letter = try peek()
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(ASCII.lineFeed)
        case UInt8(ascii: "r"): text.append(ASCII.carriageReturn)
        case UInt8(ascii: "t"): text.append(ASCII.tab)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try escapedScalar()).utf8))
        default: throw .invalidString(offset: position - 1)
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that form a surrogate pair.
    private mutating func escapedScalar() throws(JSONError) -> Character {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        let afterFirst = position
        guard first < 0xDC00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            position = afterFirst
            return "\u{FFFD}"
        }
        let second = try codeUnit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else {
            position = afterFirst
            return "\u{FFFD}"
        }
        return Character(scalar)
    }

    private mutating func codeUnit() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = ASCII.hexValue(try peek()) else { throw .invalidString(offset: position) }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private func validated(_ text: ArraySlice<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let string = String(validating: text, as: UTF8.self) else { throw .invalidString(offset: start) }
        return string
    }
}

// MARK: - Bytes

extension JSONParser {
    private func peek() throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw .endsEarly }
        return bytes[position]
    }

    private mutating func accept(_ byte: UInt8) throws(JSONError) -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }

    /// Like `accept`, where the text may also end.
    @discardableResult
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case ASCII.space, ASCII.tab, ASCII.lineFeed, ASCII.carriageReturn: position += 1
            default: return
            }
        }
    }
}
