/// Tells, frame by frame, whether somebody speaks: quick to notice speech, slow to believe that it is over.
struct VoiceActivity {
    private var isSpeaking = false
    private var wasSpeaking = false
    private var loudFrames = 0
    private var quietFrames = 0

    /// Mean magnitude of 16-bit samples that is speech rather than a room's noise, about -40 dBFS.
    private static let threshold = 300
    /// 60 ms: a click is no word.
    private static let enoughLoud = 3
    /// 600 ms: a pause between words is no end.
    private static let enoughQuiet = 30

    /// Takes the mean magnitude of another frame.
    mutating func hear(level: Int) {
        if level >= Self.threshold {
            (loudFrames, quietFrames) = (loudFrames + 1, 0)
        } else {
            (loudFrames, quietFrames) = (0, quietFrames + 1)
        }
        if loudFrames >= Self.enoughLoud { isSpeaking = true }
        if quietFrames >= Self.enoughQuiet { isSpeaking = false }
    }

    /// The new state, if it is another than at the last question.
    mutating func takeChange() -> Bool? {
        guard isSpeaking != wasSpeaking else { return nil }
        wasSpeaking = isSpeaking
        return isSpeaking
    }
}
