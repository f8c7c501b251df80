import Glibc

/// The built-in tones in both companding laws, made once for the process.
final class ToneLibrary: Sendable {
    /// What can be played in a loop.
    enum Track {
        case milliwatt
        case music
    }

    /// One track in one law; played round and round.
    typealias Loop = [UInt8]

    static let shared = ToneLibrary()

    let digits = DigitTones()

    private let milliwatt: (muLaw: Loop, aLaw: Loop)
    private let music: (muLaw: Loop, aLaw: Loop)

    /// Samples per second of all tracks.
    static let sampleRate = 8000.0
    /// Peak of a sine at 0 dBm0 in 16-bit samples: full scale is +3.17 dBm0 in law µ, +3.14 dBm0 in law A.
    static let muLawZero = 32_636 / 1.440_4
    static let aLawZero = 32_768 / 1.435_5

    private init() {
        milliwatt = (
            Self.sine(1004, peak: Self.muLawZero).map(G711.muLaw), Self.sine(1004, peak: Self.aLawZero).map(G711.aLaw)
        )
        let tune = HoldMusic.samples()
        music = (tune.map(G711.muLaw), tune.map(G711.aLaw))
    }

    /// The loop for an encoding; nil when we have no encoder for it.
    func loop(_ track: Track, _ encoding: LegFormats.Encoding) -> Loop? {
        let both = track == .milliwatt ? milliwatt : music
        switch encoding {
        case .pcmu: return both.muLaw
        case .pcma: return both.aLaw
        case .g722, .opus, .other: return nil
        }
    }

    /// A sine of whole hertz: a quarter of a second holds a whole number of periods when 4 divides the frequency.
    private static func sine(_ frequency: Int, peak: Double) -> [Int16] {
        (0..<2000).map { index in
            let turns = Double(index * frequency % Int(sampleRate)) / sampleRate
            return Int16(max(-32_768, min(32_767, (sin(turns * 2 * .pi) * peak).rounded())))
        }
    }
}

/// Music on hold: sixteen seconds of plucked chords that end where they begin.
enum HoldMusic {
    private static let length = 16 * 8000
    private static let eighth = 2000
    /// −16 dBm0 as root mean square of 16-bit samples.
    static let level = 2539.0

    /// Semitones above A at 110 Hz: C, A minor, F, G, then once more with another last bar.
    private static let bars: [[Int]] = [
        [15, 19, 22, 27], [12, 19, 24, 27], [8, 20, 24, 27], [10, 17, 22, 26],
        [15, 22, 27, 31], [12, 19, 24, 31], [8, 20, 24, 29], [10, 22, 26, 29],
    ]
    /// Which note of the bar each eighth plucks.
    private static let pattern = [0, 2, 1, 3, 2, 1, 3, 2]

    /// One loop at `level`.
    static func samples() -> [Int16] {
        var mix = [Double](repeating: 0, count: length)
        for (bar, notes) in bars.enumerated() {
            let start = bar * pattern.count * eighth
            pluck(&mix, at: start, semitone: notes[0] - 12, amplitude: 0.9, seconds: 1.4)
            for (step, note) in pattern.enumerated() {
                pluck(&mix, at: start + step * eighth, semitone: notes[note], amplitude: 0.7, seconds: 0.45)
            }
        }
        let power = mix.reduce(0) { $0 + $1 * $1 } / Double(length)
        let scale = level / max(power.squareRoot(), 1e-9)
        return mix.map { Int16(max(-30_000, min(30_000, $0 * scale))) }
    }

    /// Adds a note of three partials, each a resonator that rings out (y = 2r·cos w·y₁ − r²·y₂), over the loop's end.
    private static func pluck(
        _ mix: inout [Double], at start: Int, semitone: Int, amplitude: Double, seconds: Double
    ) {
        for partial in 1...3 {
            let frequency = 110 * pow(2, Double(semitone) / 12) * Double(partial)
            guard frequency < 3400 else { continue }
            let decay = exp(-3 * Double(partial) / (seconds * ToneLibrary.sampleRate))
            let angle = 2 * Double.pi * frequency / ToneLibrary.sampleRate
            let (first, second) = (2 * decay * cos(angle), -decay * decay)
            var (last, before) = (0.0, -amplitude / Double(partial * partial) * sin(angle))
            var index = start
            for _ in 0..<Int(seconds * 2 * ToneLibrary.sampleRate) {
                let value = first * last + second * before
                (before, last) = (last, value)
                mix[index % length] += value
                index += 1
            }
        }
    }
}
