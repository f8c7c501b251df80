import Media
import Reactor
import SDP
import Wire

/// The media of a room that passes here (`WEBRTC_MODE=bridge`): each member has a connection with us, and hears the others.
///
/// Owned by its room, and touched on the manager's loop only.
final class RoomBridge {
    /// A member's connection.
    struct Seat {
        let participant: any CallParticipant
        let mediaID: MediaLegID
        var session: LocalSession
        var transport: BrowserTransport
        /// What its page said last; nil: nothing yet.
        var remote: AudioStream?
        /// An offer of ours waits for its answer.
        var isOffering = false
        var connectedAt: Instant?
    }

    let conference: ConferenceID
    /// By the participant's id.
    var seats: [String: Seat] = [:]

    init(_ conference: ConferenceID) { self.conference = conference }
}
