import Wire

/// Numbers, words and flags one after the other as printable text, for what is written with every call and seldom read.
///
/// A number takes a character for five of its bits, the lowest first, in the alphabet of Base64; the sixth says that more
/// follow (the VLQ of source maps). Words stand as they are behind their length.
struct CompactWriter {
    private var bytes: [UInt8] = []

    /// What most calls need.
    private static let usualSize = 512
    fileprivate static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    init() { bytes.reserveCapacity(Self.usualSize) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ number: UInt64) {
        Self.alphabet.withUnsafeBufferPointer { alphabet in
            var rest = number
            while rest > 31 {
                bytes.append(alphabet[Int(rest & 31 | 32)])
                rest >>= 5
            }
            bytes.append(alphabet[Int(rest)])
        }
    }

    /// Small numbers of either sign are short.
    mutating func write(_ number: Int64) { write(UInt64(bitPattern: number << 1 ^ number >> 63)) }

    mutating func write(_ count: Int) { write(Int64(count)) }

    mutating func write(_ flag: Bool) { write(flag ? 1 as UInt64 : 0) }

    /// Whole: the low bytes, which are zero in most numbers that people would write, come last.
    mutating func write(_ number: Double) { write(number.bitPattern.byteSwapped) }

    /// No database keeps a NUL in a text.
    mutating func write(_ word: String) {
        let text = word.utf8.span.firstIndex(of: 0) != nil ? word.filter { $0 != "\0" } : word
        write(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write<Value>(_ value: Value?, _ body: (inout CompactWriter, Value) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }

    mutating func write<Value>(_ values: [Value], _ body: (inout CompactWriter, Value) -> Void) {
        write(UInt64(values.count))
        for value in values { body(&self, value) }
    }
}

/// Reads what `CompactWriter` wrote, in the same order.
struct CompactReader {
    /// It is not what was to be read.
    struct Unreadable: Error {}

    private var bytes: ArraySlice<UInt8>

    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, letter) in CompactWriter.alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    init(_ text: Substring) { bytes = ArraySlice(text.utf8) }

    mutating func number() throws(Unreadable) -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 64, by: 5) {
            guard let letter = bytes.popFirst(), let value = Self.values[Int(letter)] else { throw Unreadable() }
            number |= UInt64(value & 31) << shift
            if value < 32 { return number }
        }
        throw Unreadable()
    }

    mutating func signed() throws(Unreadable) -> Int64 {
        let number = try number()
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }

    mutating func count() throws(Unreadable) -> Int { Int(try signed()) }

    mutating func flag() throws(Unreadable) -> Bool { try number() != 0 }

    mutating func real() throws(Unreadable) -> Double { Double(bitPattern: try number().byteSwapped) }

    mutating func word() throws(Unreadable) -> String {
        let count = Int(clamping: try number())
        guard count <= bytes.count else { throw Unreadable() }
        defer { bytes = bytes.dropFirst(count) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// A word of a closed list.
    mutating func word<Word: RawRepresentable<String>>(_: Word.Type) throws(Unreadable) -> Word {
        guard let word = Word(rawValue: try word()) else { throw Unreadable() }
        return word
    }

    mutating func optional<Value>(
        _ body: (inout CompactReader) throws(Unreadable) -> Value
    ) throws(Unreadable) -> Value? {
        try flag() ? try body(&self) : nil
    }

    mutating func list<Value>(
        _ body: (inout CompactReader) throws(Unreadable) -> Value
    ) throws(Unreadable) -> [Value] {
        let count = try number()
        // Each takes a character at least.
        guard count <= UInt64(bytes.count) else { throw Unreadable() }
        var values: [Value] = []
        for _ in 0..<count { values.append(try body(&self)) }
        return values
    }
}
