import Glibc

/// Where identifiers come from: the system's random source, or a seed for tests and simulations that must repeat.
public struct Entropy: RandomNumberGenerator, Sendable {
    private var seeded: SplitMix64?

    public static let system = Entropy()

    private init() { seeded = nil }

    public init(seed: UInt64) { seeded = SplitMix64(state: seed) }

    public mutating func next() -> UInt64 {
        guard seeded != nil else { return SystemEntropy.next() }
        return seeded?.next() ?? 0
    }

    /// `count` random bytes as lowercase hexadecimal, for tags, branches and ids.
    public mutating func hex(_ count: Int) -> String {
        unsafe String(unsafeUninitializedCapacity: max(0, count) * 2) { text in
            var word: UInt64 = 0
            for index in 0..<max(0, count) {
                if index.isMultiple(of: 8) { word = next() }
                unsafe text[2 * index] = Hex.digit(UInt8(truncatingIfNeeded: word >> 4 & 15))
                unsafe text[2 * index + 1] = Hex.digit(UInt8(truncatingIfNeeded: word & 15))
                word >>= 8
            }
            return max(0, count) * 2
        }
    }

    /// `count` random bytes, eight from each word of the source.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var word: UInt64 = 0
        for index in 0..<max(0, count) {
            if index.isMultiple(of: 8) { word = next() }
            bytes.append(UInt8(truncatingIfNeeded: word))
            word >>= 8
        }
        return bytes
    }
}

/// The system's random source, some words at a time: each look at it costs a system call.
private enum SystemEntropy {
    private static let pool = Locked<[UInt64]>([])
    private static let poolSize = 32

    static func next() -> UInt64 {
        pool.withLock { words in
            if words.isEmpty { refill(&words) }
            return words.removeLast()
        }
    }

    private static func refill(_ words: inout [UInt64]) {
        unsafe words = [UInt64](unsafeUninitializedCapacity: poolSize) { space, count in
            // At most 256 bytes, which the kernel never gives in part, nor fails to give once it has started.
            guard unsafe getentropy(space.baseAddress, poolSize * MemoryLayout<UInt64>.size) == 0 else {
                fatalError("the system has no random numbers")
            }
            count = poolSize
        }
    }
}

/// Sebastiano Vigna's splitmix64: small, fast and good enough to shuffle events.
private struct SplitMix64: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
