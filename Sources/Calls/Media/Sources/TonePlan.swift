/// The tones by which a network tells a caller how a call goes, as one country has them (ITU-T E.180).
package struct TonePlan: Hashable, Sendable {
    /// The far end rings.
    package let ringBack: CallTone
    /// The far end is engaged.
    package let busy: CallTone
    /// The network cannot reach the far end.
    package let congestion: CallTone

    package init(ringBack: CallTone, busy: CallTone, congestion: CallTone) {
        (self.ringBack, self.busy, self.congestion) = (ringBack, busy, congestion)
    }

    /// Russia.
    package static let russia = TonePlan(
        ringBack: CallTone([425], on: 1000, off: 4000), busy: CallTone([425], on: 350, off: 350),
        congestion: CallTone([425], on: 175, off: 175))
    /// North America.
    package static let northAmerica = TonePlan(
        ringBack: CallTone([440, 480], on: 2000, off: 4000), busy: CallTone([480, 620], on: 500, off: 500),
        congestion: CallTone([480, 620], on: 250, off: 250))
    /// What ETSI recommends (ETSI TR 101 041).
    package static let europe = TonePlan(
        ringBack: CallTone([425], on: 1000, off: 4000), busy: CallTone([425], on: 500, off: 500),
        congestion: CallTone([425], on: 250, off: 250))

    /// The plan of a name as `TONE_PLAN` has it: RU, US or EU.
    package init?(named name: String) {
        switch name.uppercased() {
        case "RU": self = .russia
        case "US": self = .northAmerica
        case "EU": self = .europe
        default: return nil
        }
    }
}

/// One tone with its cadence, which goes round and round.
package struct CallTone: Hashable, Sendable {
    /// What sounds at once, in Hz.
    package let frequencies: [Double]
    /// Milliseconds of tone, and of the silence after it.
    package let on: Int
    package let off: Int

    package init(_ frequencies: [Double], on: Int, off: Int) {
        (self.frequencies, self.on, self.off) = (frequencies, on, off)
    }

    /// All frequencies together while it sounds, in dBm0.
    package static let level = -13.0
    /// Milliseconds of rise and fall, so that nothing clicks.
    private static let edge = 3

    /// One round.
    func samples(at rate: SampleRate = .narrowband, level: Double = level) -> [Int16] {
        let rate = rate.rawValue
        let (sounding, silent, edge) = (on * rate / 1000, off * rate / 1000, Self.edge * rate / 1000)
        let peak = Decibels.peak(level) / Double(max(frequencies.count, 1)).squareRoot()
        let tone = (0..<sounding).map { index in
            let swell = min(1, Double(min(index, sounding - 1 - index)) / Double(edge))
            let sum = frequencies.reduce(0) { $0 + Decibels.sine($1 * Double(index) / Double(rate)) }
            return Int16((sum * peak * swell).rounded())
        }
        return tone + [Int16](repeating: 0, count: silent)
    }
}
