extension StreamEncoding {
    var bytesPerSample: Int { self == .pcm16 ? 2 : 1 }

    func encode(_ samples: UnsafeBufferPointer<Int16>, every step: Int, from first: Int, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * count)
        for index in 0..<count {
            let sample = samples[first + step * index]
            switch self {
            case .mulaw: bytes.append(G711.muLaw(sample))
            case .pcm16:
                bytes.append(UInt8(truncatingIfNeeded: sample))
                bytes.append(UInt8(truncatingIfNeeded: sample >> 8))
            }
        }
        return bytes
    }

    /// A half sample at the end is left out.
    func decode(_ bytes: [UInt8]) -> [Int16] {
        switch self {
        case .mulaw: bytes.map { G711.linear(muLaw: $0) }
        case .pcm16:
            (0..<(bytes.count / 2)).map { Int16(bitPattern: UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8) }
        }
    }
}
