import CallModel
import Reactor
import Wire

/// An entry that events come for, and the record that is made of it.
///
/// Owned by `MangoIngest` and touched on its loop only.
final class TrackedEntry {
    let id: Int
    var entry = MangoEntry()
    /// Its record, live or written down; nil: none has been made.
    var uuid: UUID?
    /// The event that says most, as JSON text.
    var data: String?
    var recordURL: String?
    /// The names it is found by.
    var entryIDs: Set<String> = []
    var callIDs: Set<String> = []
    /// Ends the call when no other leg has followed.
    var graceTimer: LoopTimer?
    /// Set when the last leg has been waited for.
    var isGraceOver = false
    /// Drops the entry from memory.
    var expiry: LoopTimer?

    init(id: Int) { self.id = id }
}
