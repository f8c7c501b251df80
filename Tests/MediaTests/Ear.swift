import Glibc

/// Decoders of G.711 for the tests' ears, from the definition of the code words.
enum Ear {
    static func muLaw(_ code: UInt8) -> Double {
        let word = ~code
        let value = (((Int(word & 0x0F) << 3) + 132) << Int(word >> 4 & 7)) - 132
        return Double(word & 0x80 != 0 ? -value : value)
    }

    static func aLaw(_ code: UInt8) -> Double {
        let word = code ^ 0x55
        let segment = Int(word >> 4 & 7)
        let base = (Int(word & 0x0F) << 4) + 8
        let value = segment == 0 ? base : (base + 256) << (segment - 1)
        return Double(word & 0x80 != 0 ? value : -value)
    }

    /// Root mean square.
    static func level(_ samples: [Double]) -> Double {
        (samples.reduce(0) { $0 + $1 * $1 } / Double(max(samples.count, 1))).squareRoot()
    }

    /// How much of the power lies at one frequency, 0 … 1.
    static func share(of frequency: Double, in samples: [Double], rate: Double = 8000) -> Double {
        var (real, imaginary, power) = (0.0, 0.0, 0.0)
        for (index, sample) in samples.enumerated() {
            let angle = 2 * Double.pi * frequency * Double(index) / rate
            real += sample * cos(angle)
            imaginary += sample * sin(angle)
            power += sample * sample
        }
        let count = Double(max(samples.count, 1))
        return power == 0 ? 0 : (real * real + imaginary * imaginary) * 2 / count / power
    }

    /// The frequency of a tone, by its passages through zero.
    static func frequency(_ samples: [Double], rate: Double = 8000) -> Double {
        let upward = upwardCrossings(samples)
        guard let first = upward.first, let last = upward.last, last > first else { return 0 }
        return Double(upward.count - 1) * rate / (last - first)
    }

    /// That of most periods: what was made up for lost packets has a period or two that is no tone's.
    static func usualFrequency(_ samples: [Double], rate: Double = 8000) -> Double {
        let upward = upwardCrossings(samples)
        let periods = zip(upward, upward.dropFirst()).map { $1 - $0 }.sorted()
        return periods.isEmpty ? 0 : rate / periods[periods.count / 2]
    }

    private static func upwardCrossings(_ samples: [Double]) -> [Double] {
        samples.indices.dropLast().filter { samples[$0] < 0 && samples[$0 + 1] >= 0 }.map {
            Double($0) - samples[$0] / (samples[$0 + 1] - samples[$0])
        }
    }

    /// Milliseconds of the longest stretch that is 12 dB quieter than the whole.
    static func longestGap(_ samples: [Double], rate: Double = 8000) -> Double {
        let block = Int(rate / 400)
        let threshold = level(samples) / 4
        var (longest, current) = (0, 0)
        for start in stride(from: 0, to: samples.count - block, by: block) {
            current = level(Array(samples[start..<start + block])) < threshold ? current + 1 : 0
            longest = max(longest, current)
        }
        return Double(longest) * 2.5
    }

    /// How much louder the one is than the other, in dB.
    static func decibels(_ one: [Double], over other: [Double]) -> Double {
        20 * log10(max(level(one), 1e-9) / max(level(other), 1e-9))
    }

    /// The sine of so many turns.
    static func sine(_ turns: Double) -> Double { sin(2 * .pi * turns) }

    static func decimalLogarithm(_ value: Double) -> Double { log10(value) }
}
