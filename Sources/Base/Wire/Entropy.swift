/// Where identifiers come from: the system's random source, or a seed for tests and simulations that must repeat.
public struct Entropy: RandomNumberGenerator, Sendable {
    private var seeded: SplitMix64?

    public static let system = Entropy()

    private init() { seeded = nil }

    public init(seed: UInt64) { seeded = SplitMix64(state: seed) }

    public mutating func next() -> UInt64 {
        guard seeded != nil else {
            var system = SystemRandomNumberGenerator()
            return system.next()
        }
        return seeded?.next() ?? 0
    }

    /// `count` random bytes as lowercase hexadecimal, for tags, branches and ids.
    public mutating func hex(_ count: Int) -> String { Hex.encode(bytes(count)) }

    /// `count` random bytes, eight from each look at the source: the system's costs a system call.
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
