import Media
import Reactor

/// A conference's recording under way: one file of all who are in it.
struct ConferenceRecording {
    let id: RecordingID
    let path: RecordingPath
    /// From one consent tone to the next; nil: there is none.
    let toneInterval: Duration?
    var toneTimer: LoopTimer?

    init(id: RecordingID, path: RecordingPath, toneInterval: Duration?) {
        (self.id, self.path, self.toneInterval) = (id, path, toneInterval)
    }
}
