import COTLP

/// Memory for the parts of one message, which point at each other; all of it is freed together.
final class MessageMemory {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var free = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    private static let blockSize = 64 << 10
    private static let alignment = 16

    deinit { for block in blocks { block.deallocate() } }

    private func room(_ size: Int) -> UnsafeMutableRawPointer {
        let size = (size + Self.alignment - 1) & ~(Self.alignment - 1)
        if let start = free.baseAddress, free.count >= size {
            free = UnsafeMutableRawBufferPointer(start: start + size, count: free.count - size)
            return start
        }
        let count = max(size, Self.blockSize)
        let block = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: Self.alignment)
        blocks.append(block)
        free = UnsafeMutableRawBufferPointer(start: block + size, count: count - size)
        return block
    }

    /// A structure of C, which needs no end of its own.
    func keep<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
        let place = room(MemoryLayout<Value>.size).assumingMemoryBound(to: Value.self)
        place.initialize(to: value)
        return place
    }

    /// As C has it: cut at a NUL.
    func keep(text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8
        let place = room(bytes.count + 1).assumingMemoryBound(to: UInt8.self)
        _ = UnsafeMutableBufferPointer(start: place, count: bytes.count).initialize(from: bytes)
        place[bytes.count] = 0
        return UnsafeMutableRawPointer(place).assumingMemoryBound(to: CChar.self)
    }

    func keep(bytes: [UInt8]) -> ProtobufCBinaryData {
        let place = room(max(bytes.count, 1)).assumingMemoryBound(to: UInt8.self)
        _ = UnsafeMutableBufferPointer(start: place, count: bytes.count).initialize(from: bytes)
        return ProtobufCBinaryData(len: bytes.count, data: place)
    }

    /// A list of messages, as protobuf-c wants it.
    func keep<Value>(list: [Value]) -> UnsafeMutablePointer<UnsafeMutablePointer<Value>?> {
        let size = MemoryLayout<UnsafeMutablePointer<Value>?>.stride * max(list.count, 1)
        let places = room(size).assumingMemoryBound(to: UnsafeMutablePointer<Value>?.self)
        for (index, value) in list.enumerated() { (places + index).initialize(to: keep(value)) }
        return places
    }
}
