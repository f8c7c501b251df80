/// Reads big-endian fields from a borrowed buffer; every read past the end answers nil, none traps.
package struct ByteReader: ~Escapable {
    private let bytes: RawSpan
    package private(set) var offset = 0

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) { self.bytes = bytes }

    package var remaining: Int { bytes.byteCount - offset }
    package var isAtEnd: Bool { remaining == 0 }

    package mutating func uint8() -> UInt8? {
        guard remaining >= 1 else { return nil }
        defer { offset += 1 }
        return unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }

    package mutating func uint16() -> UInt16? { integer() }
    package mutating func uint32() -> UInt32? { integer() }
    package mutating func uint64() -> UInt64? { integer() }

    /// The next `count` bytes, copied.
    package mutating func array(_ count: Int) -> [UInt8]? {
        guard count >= 0, remaining >= count else { return nil }
        defer { offset += count }
        return unsafe bytes.extracting(offset..<offset + count).withUnsafeBytes { unsafe [UInt8]($0) }
    }

    package mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, remaining >= count else { return false }
        offset += count
        return true
    }

    private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>() -> Value? {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { return nil }
        defer { offset += size }
        // In bounds by the guard above; any bit pattern is a valid integer.
        return unsafe Value(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
