extension RawSpan {
    /// The byte at `offset`, or 0 outside the span: a caller that passes a wrong offset misreads, it does not trap.
    func byte(at offset: Int) -> UInt8 { field(at: offset) ?? 0 }

    /// A big-endian field, nil when it does not lie inside the span.
    func field<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as: Value.Type = Value.self) -> Value? {
        guard offset >= 0, byteCount &- offset >= MemoryLayout<Value>.size else { return nil }
        return Value(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// Whether the bytes in `range` are exactly `bytes`.
    func equals(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
        guard range.count == bytes.count, range.upperBound <= byteCount else { return false }
        for index in 0..<bytes.count where byte(at: range.lowerBound &+ index) != bytes[index] { return false }
        return true
    }
}
