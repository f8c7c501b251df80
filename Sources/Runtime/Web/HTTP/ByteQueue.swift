/// Bytes that come in at the back and leave at the front, without moving what stays each time.
struct ByteQueue {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: [UInt8]) {
        if start == bytes.count {
            bytes = more
            start = 0
        } else {
            bytes += more
        }
    }

    /// The byte at a distance from the front, which must be below `count`.
    func byte(at offset: Int) -> UInt8 { bytes[start + offset] }

    /// The distance from the front of the first such byte at or after `offset`.
    func firstIndex(of byte: UInt8, from offset: Int) -> Int? {
        guard offset < count else { return nil }
        return bytes[(start + offset)...].firstIndex(of: byte).map { $0 - start }
    }

    /// Removes and returns up to `length` bytes.
    mutating func take(_ length: Int) -> [UInt8] {
        let length = min(length, count)
        let end = start + length
        if start == 0, end == bytes.count {
            defer { bytes = [] }
            return bytes
        }
        let taken = Array(bytes[start..<end])
        start = end
        if start == bytes.count {
            bytes = []
            start = 0
        } else if start > 65_536, start > bytes.count / 2 {
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }
}
