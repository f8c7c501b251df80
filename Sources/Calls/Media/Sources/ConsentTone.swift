/// What tells people now and then that they are being recorded: 1400 Hz for a fifth of a second, as recorders on
/// telephone lines have long done.
enum ConsentTone {
    private static let tone = CallTone([1400], on: 200, off: 0)
    /// About that of speech, in dBm0: heard over it, and no louder than it.
    static let level = -18.0

    static func samples(at rate: SampleRate) -> [Int16] { tone.samples(at: rate, level: level) }
}
