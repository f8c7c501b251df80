import Glibc

/// What `scripts/simulate` was asked for.
struct Options {
    var calls = 10_000
    var seed: UInt64 = 1
    /// Only this wave is run, as it was in the whole run.
    var wave: Int?
    /// Prints a line for each wave.
    var isVerbose = false

    static let callsPerWave = 500

    /// Nil when the words make no sense.
    init?(_ words: [String]) {
        var words = words[...]
        while let word = words.popFirst() {
            switch word {
            case "--calls":
                guard let number = words.popFirst().flatMap({ Int($0) }), number > 0 else { return nil }
                calls = number
            case "--seed":
                guard let number = words.popFirst().flatMap({ UInt64($0) }) else { return nil }
                seed = number
            case "--wave":
                guard let number = words.popFirst().flatMap({ Int($0) }) else { return nil }
                wave = number
            case "--verbose": isVerbose = true
            default: return nil
            }
        }
    }

    static let usage = "usage: scripts/simulate [--calls N] [--seed N] [--wave K] [--verbose]"

    /// The waves and how many calls each has.
    var waves: [(number: Int, calls: Int)] {
        let count = (calls + Self.callsPerWave - 1) / Self.callsPerWave
        let all = (0..<count).map { ($0, min(Self.callsPerWave, calls - $0 * Self.callsPerWave)) }
        guard let wave else { return all }
        return all.filter { $0.0 == wave }
    }
}
