import Reactor

/// The recordings as the control loop knows them: which run, and the threads that write and read them.
final class RecordingDesk: @unchecked Sendable {
    // `running` and `last` are touched on the control loop only.

    let recorder: Recorder
    let reader: RecordingReader
    private let limit: Int
    private var running: Set<RecordingID> = []
    private var last: UInt64 = 0

    init(_ configuration: RecordingConfiguration) {
        recorder = Recorder(configuration)
        reader = RecordingReader(dataFolder: configuration.dataFolder)
        limit = configuration.simultaneous
    }

    /// Nil when there are as many as can be written.
    func begin() -> RecordingID? {
        guard running.count < limit else { return nil }
        last += 1
        let id = RecordingID(rawValue: last)
        running.insert(id)
        return id
    }

    func forget(_ id: RecordingID) { running.remove(id) }

    func stop() {
        recorder.stop()
        reader.stop()
    }
}

extension MediaPlane {
    package func startRecording(
        _ order: RecordingOrder, ended: @escaping @Sendable (RecordingOutcome) -> Void
    ) -> RecordingID? {
        guard let recordings, let id = recordings.begin() else { return nil }
        let loop = loop
        recordings.recorder.open(id, order, at: loop.now) { outcome in
            loop.execute {
                recordings.forget(id)
                ended(outcome)
            }
        }
        return id
    }

    package func record(_ id: MediaLegID, on recording: RecordingID, _ side: RecordingSide?) {
        guard let recordings, isOpen(id) else { return }
        // A ring for each leg: those of one side may belong to different workers.
        let ring = RecordingRing()
        recordings.recorder.add(ring, side, to: recording)
        send(.record(id, ring, recording), about: id)
    }

    package func endRecord(_ id: MediaLegID, on recording: RecordingID) { send(.endRecord(id, recording), about: id) }

    package func soundConsentTone(on recording: RecordingID, to legs: [MediaLegID]) {
        guard let recordings else { return }
        recordings.recorder.soundTone(on: recording, at: loop.now)
        for id in legs { send(.interject(consentTone, id), about: id) }
    }

    package func stopRecording(_ recording: RecordingID) { recordings?.recorder.close(recording, at: loop.now) }

    package func readRecording(
        _ path: RecordingPath, _ range: ByteRange?, then: @escaping @Sendable (RecordingPiece?) -> Void
    ) {
        let loop = loop
        guard let recordings else { return loop.later { then(nil) } }
        recordings.reader.read(path, range) { piece in loop.execute { then(piece) } }
    }
}
