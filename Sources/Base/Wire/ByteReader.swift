/// Reads big-endian fields from a borrowed buffer; every read past the end answers nil, none traps.
public struct ByteReader: ~Escapable {
    private let bytes: RawSpan
    public private(set) var offset = 0

    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { self.bytes = bytes }

    public var remaining: Int { bytes.byteCount - offset }
    public var isAtEnd: Bool { remaining == 0 }

    public mutating func uint8() -> UInt8? {
        guard remaining >= 1 else { return nil }
        defer { offset += 1 }
        return unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }

    public mutating func uint16() -> UInt16? { integer() }
    public mutating func uint32() -> UInt32? { integer() }
    public mutating func uint64() -> UInt64? { integer() }

    /// The next `count` bytes, copied.
    public mutating func array(_ count: Int) -> [UInt8]? {
        guard count >= 0, remaining >= count else { return nil }
        defer { offset += count }
        return unsafe bytes.extracting(offset..<offset + count).withUnsafeBytes { unsafe [UInt8]($0) }
    }

    public mutating func skip(_ count: Int) -> Bool {
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
