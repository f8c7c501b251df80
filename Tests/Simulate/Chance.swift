import Wire

/// What the seed of a wave decides, one thing after the other.
struct Chance {
    private var entropy: Entropy

    init(seed: UInt64) { entropy = Entropy(seed: seed) }

    mutating func happens(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &entropy) < probability }

    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &entropy))
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &entropy) }

    mutating func fraction(upTo limit: Double) -> Double { Double.random(in: 0...limit, using: &entropy) }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[number(0...choices.count - 1)] }

    mutating func seed() -> UInt64 { entropy.next() }
}
