import ICE
import Wire

/// What the control side tells a worker, in order.
enum WorkerCommand: Sendable {
    case openSIP(MediaLegID, SIPSockets)
    case openBrowser(MediaLegID, ICECredentials)
    case restartICE(MediaLegID, ICECredentials)
    /// Opens a leg that stands in for one of another worker.
    case openTieLine(MediaLegID, TieLineEnd)
    case shape(MediaLegID, StandIn)
    case configure(MediaLegID, RemoteMedia)
    case bridge(MediaLegID, MediaLegID)
    case unbridge(MediaLegID)
    case confer(MediaLegID, ConferenceID)
    case play(MediaSource, MediaLegID)
    case announce(Announcement, MediaLegID)
    case stopAnnouncement(MediaLegID)
    /// Lets a leg hear a short sound over everything else.
    case interject(Sound, MediaLegID)
    case mute(MediaLegID, Bool)
    case setDTMF(DTMFMode, MediaLegID)
    case sendDigits(String, MediaLegID)
    /// Lets a recording have what the leg's peer says.
    case record(MediaLegID, RecordingRing, RecordingID)
    case endRecord(MediaLegID, RecordingID)
    /// Lets an audio stream have what the leg's peer says, and be heard by it.
    case stream(MediaLegID, StreamRings)
    case endStream(MediaLegID, AudioStreamID)
    case close(MediaLegID)
    case statistics(MediaLegID, @Sendable (LegStatistics) -> Void)
    case stop

    /// Whether it may wait some milliseconds: nothing is heard sooner or later for it.
    var isPatient: Bool {
        switch self {
        case .openSIP, .unbridge, .close: true
        default: false
        }
    }
}

/// The bound sockets of a SIP leg, which only watches them: who made them closes them after it.
struct SIPSockets: Sendable {
    let rtp: Int32
    let rtcp: Int32
    let family: IPAddress.Family
}

/// A value that changes threads once and is not touched by the giver afterwards: that is what guards it.
struct HandedOver<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

/// What a worker tells the control side after a turn.
enum WorkerReport: Sendable {
    case event(MediaEvent)
    case statistics(LegStatistics, @Sendable (LegStatistics) -> Void)
}
