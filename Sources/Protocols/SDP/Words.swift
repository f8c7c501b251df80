import Wire

/// Walks over the words of a line, which are parts of it and no texts of their own.
struct Words: ~Escapable {
    private let bytes: Span<UInt8>
    private let separator: UInt8
    private var index = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, at separator: UInt8 = ASCII.space) {
        self.bytes = bytes
        self.separator = separator
    }

    /// The next word, whatever separators stand before it; nil at the end.
    @_lifetime(copy self)
    mutating func next() -> Span<UInt8>? {
        while index < bytes.count, bytes[index] == separator { index += 1 }
        let start = index
        while index < bytes.count, bytes[index] != separator { index += 1 }
        return index > start ? bytes.extracting(start..<index) : nil
    }

    /// What stands behind the last word and one separator; nil when that is nothing.
    var rest: Span<UInt8>? {
        @_lifetime(copy self) get { index + 1 < bytes.count ? bytes.extracting((index + 1)...) : nil }
    }
}

/// The text of bytes that arrived; what is not UTF-8 becomes U+FFFD.
func text(_ bytes: Span<UInt8>) -> String {
    bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
}
