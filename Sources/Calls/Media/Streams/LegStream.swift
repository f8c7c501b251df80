/// What joins a leg to an audio stream: rings between its worker and the streams' thread.
struct StreamRings: Sendable {
    let id: AudioStreamID
    let rate: SampleRate
    let heard: RecordingRing
    /// Frames of linear samples that the leg's peer is to hear; nil: it hears nothing of the stream.
    let speech: RecordingRing?

    func close() {
        heard.close()
        speech?.close()
    }
}

typealias LegStreamPointer = UnsafeMutablePointer<LegStream>

/// A leg's part in a stream, on its worker; the end of it is the end of its rings.
struct LegStream: ~Copyable {
    let id: AudioStreamID
    /// Where what the leg's peer says goes.
    let tap: RecordingTap
    /// What the stream says to the leg's peer, if it is to hear that.
    let player: SpeechPlayerPointer?
    /// It is being heard now: what the partner says goes by.
    var isSpeaking = false
    private let rings: StreamRings

    init(_ rings: StreamRings) {
        (id, tap, self.rings) = (rings.id, rings.heard.tap, rings)
        guard let speech = rings.speech else {
            player = nil
            return
        }
        let player = SpeechPlayerPointer.allocate(capacity: 1)
        player.initialize(to: SpeechPlayer(speech, at: rings.rate))
        self.player = player
    }

    deinit {
        rings.close()
        player?.deinitialize(count: 1)
        player?.deallocate()
    }
}
