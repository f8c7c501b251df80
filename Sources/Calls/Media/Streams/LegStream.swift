/// The stream a leg is heard on, and says what comes from.
struct LegStream: Sendable {
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
