import Glibc

/// What legs can be made to hear that is not said by anybody: the tones of a country, music on hold, the milliwatt.
package final class SoundLibrary: Sendable {
    let ringBack: Sound
    let busy: Sound
    let congestion: Sound
    let music: Sound
    let milliwatt = SoundLibrary.milliwatt
    let silence = SoundLibrary.silence
    let consentTone = SoundLibrary.consentTone

    /// Without music of its own (`MUSIC_ON_HOLD`) it has the built-in tune.
    package init(plan: TonePlan = .russia, music: Sound? = nil) {
        ringBack = Sound(narrow: plan.ringBack.samples())
        busy = Sound(narrow: plan.busy.samples())
        congestion = Sound(narrow: plan.congestion.samples())
        self.music = music ?? Self.tune
    }

    private static let tune = Sound(narrow: HoldMusic.samples())
    private static let silence = Sound(narrow: [Int16](repeating: 0, count: 160))
    private static let consentTone = Sound(narrow: ConsentTone.samples(at: .narrowband))
    /// 1004 Hz at 0 dBm0: half a second holds a whole number of periods.
    private static let milliwatt = Sound(
        narrow: (0..<4000).map { Int16((Decibels.sine(1004 * Double($0) / 8000) * Decibels.zero).rounded()) })

    /// What a source sounds like; nil for those that send back what came.
    package func sound(of source: MediaSource) -> Sound? {
        switch source {
        case .echo, .delay: nil
        case .milliwatt: milliwatt
        case .music: music
        case .silence: silence
        case .ringBack: ringBack
        case .busy: busy
        case .congestion: congestion
        }
    }
}

/// Levels in dBm0, as samples of 16 bits.
enum Decibels {
    /// Peak of a sine at 0 dBm0: full scale is +3.17 dBm0 in law µ and +3.14 dBm0 in law A, which this lies between.
    static let zero = 32_700 / 1.438

    /// Peak of a sine of a level.
    static func peak(_ level: Double) -> Double { zero * pow(10, level / 20) }

    /// The sine of so many turns.
    static func sine(_ turns: Double) -> Double { sin(turns * 2 * .pi) }
}

/// Music on hold: sixteen seconds of plucked chords that end where they begin.
enum HoldMusic {
    private static let length = 16 * 8000
    private static let eighth = 2000
    private static let sampleRate = 8000.0
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
            let decay = exp(-3 * Double(partial) / (seconds * sampleRate))
            let angle = 2 * Double.pi * frequency / sampleRate
            let (first, second) = (2 * decay * cos(angle), -decay * decay)
            var (last, before) = (0.0, -amplitude / Double(partial * partial) * sin(angle))
            var index = start
            for _ in 0..<Int(seconds * 2 * sampleRate) {
                let value = first * last + second * before
                (before, last) = (last, value)
                mix[index % length] += value
                index += 1
            }
        }
    }
}
