/// Where text is written byte by byte and piece by piece.
protocol OctetSink: ~Copyable {
    mutating func append(_ byte: UInt8)
    mutating func append(_ more: Span<UInt8>)
    mutating func append(_ text: StaticString)
    mutating func append(decimal value: Int64, width: Int)
}

extension OctetSink where Self: ~Copyable {
    mutating func append(_ text: String) { append(text.utf8.span) }
    mutating func append(decimal value: Int64) { append(decimal: value, width: 1) }
}

extension [UInt8]: OctetSink {}

/// Bytes written one after another, for messages made of many small pieces.
///
/// An array asks before each piece whether somebody shares it, and takes it through generic code: some seventy
/// instructions a piece, which is most of what writing a message costs. This has memory of its own and only looks
/// whether there is room. What was written leaves as an array or a text of just its size.
@safe
public struct OctetWriter: OctetSink, ~Copyable {
    // `memory` has `capacity` bytes, of which the first `written` are.

    @usableFromInline var memory: UnsafeMutablePointer<UInt8>
    @usableFromInline var capacity: Int
    @usableFromInline var written = 0

    public init(capacity: Int = 256) {
        self.capacity = max(capacity, 16)
        unsafe memory = .allocate(capacity: self.capacity)
    }

    deinit { unsafe memory.deallocate() }

    @inlinable public var count: Int { written }

    public var bytes: [UInt8] { unsafe [UInt8](UnsafeBufferPointer(start: memory, count: count)) }

    /// What is not UTF-8 becomes U+FFFD.
    public var text: String {
        unsafe String(decoding: UnsafeBufferPointer(start: memory, count: count), as: UTF8.self)
    }

    @inlinable
    public mutating func append(_ byte: UInt8) {
        if written == capacity { grow(for: 1) }
        unsafe memory[written] = byte
        written &+= 1
    }

    public mutating func append(_ more: Span<UInt8>) {
        unsafe more.withUnsafeBufferPointer { unsafe append($0) }
    }

    /// The text in UTF-8.
    public mutating func append(_ text: String) { append(text.utf8.span) }

    public mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append($0) }
    }

    /// A number in decimal, with zeros before it up to `width` digits.
    public mutating func append(decimal value: Int64, width: Int = 1) {
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let count = max(Self.digits(of: rest), min(width, 18))
        if count > capacity - written { grow(for: count) }
        // From the last digit to the first: to divide by a number that is known is a multiplication.
        var place = written + count
        while place > written {
            place -= 1
            unsafe memory[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        written += count
    }

    private static func digits(of value: UInt64) -> Int {
        var (count, limit): (Int, UInt64) = (1, 10)
        // No magnitude of 64 bits with a sign has more digits than 19, and 10¹⁹ is still a number.
        while value >= limit, count < 19 { (count, limit) = (count + 1, limit * 10) }
        return count
    }

    private mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
        guard let start = more.baseAddress, more.count > 0 else { return }
        if more.count > capacity - written { grow(for: more.count) }
        unsafe (memory + written).initialize(from: start, count: more.count)
        written &+= more.count
    }

    @usableFromInline
    mutating func grow(for more: Int) {
        let larger = max(capacity * 2, written + more)
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe room.initialize(from: memory, count: written)
        unsafe memory.deallocate()
        unsafe (memory, capacity) = (room, larger)
    }
}
