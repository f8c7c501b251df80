/// Text and bytes behind other bytes, copied in one go: what is appended as a sequence goes through an iterator.
extension [UInt8] {
    @inlinable
    public init(copying bytes: Span<UInt8>) {
        self.init()
        append(bytes)
    }

    @inlinable public mutating func append(_ more: Span<UInt8>) {
        unsafe more.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// The text in UTF-8.
    @inlinable public mutating func append(_ text: String) { append(text.utf8.span) }

    @inlinable public mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }
}
