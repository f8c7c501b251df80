import CallModel
import Reactor
import Telemetry
import Wire

/// A call that only browsers join, each negotiating with the others: descriptions and candidates pass unchanged, unless
/// media is to pass here (`RoomBridge`).
///
/// Owned by the `CallManager` and touched on its loop only.
final class Room {
    var record: CallRecord
    private(set) var members: [any CallParticipant] = []
    /// The offer of a member who was alone, for the first one who joins.
    var keptOffer: (sdp: String, from: String)?
    /// The kept offerer's candidates, which must not be lost either.
    var keptCandidates: [ICECandidateMessage] = []

    /// Nil: the members' media is theirs.
    var bridge: RoomBridge?

    /// Who hands the call to whom, until that person takes it or the time is up.
    struct Transfer {
        let from: Int64?
        let to: Int64
        let timer: LoopTimer
    }

    var transfer: Transfer?
    var transfers = TransferLog()

    /// Who reported the call; nil: nobody in particular.
    var reporterID: Int64?

    /// Of the request that made it, if one did (W3C Trace Context).
    private let traceParent = TraceContext.parent

    /// Ends a room that nobody uses.
    var idleTimer: LoopTimer?

    static let maximumMembers = 16
    /// How long somebody may think about a call that is handed to them.
    static let transferTime = Duration.seconds(60)
    /// How long a room may stay empty; one that its client has declared answered is left to its client for a day.
    static let emptyTime = Duration.seconds(300)
    static let longestTime = Duration.seconds(24 * 3600)
    /// Rooms at once.
    static let maximumRooms = 10_000
    static let maximumKeptCandidates = 64

    /// A call that a vendor's exchange switches.
    var isMirror: Bool { record.source == .mango }

    init(record: CallRecord) { self.record = record }

    func add(_ participant: any CallParticipant) { members.append(participant) }

    func remove(_ participant: any CallParticipant) {
        members.removeAll { $0.participantID == participant.participantID }
        if keptOffer?.from == participant.participantID {
            keptOffer = nil
            keptCandidates = []
        }
    }

    /// Puts the call on hold or takes it back, and counts the time; repeating it changes nothing.
    func noteHold(_ on: Bool, at moment: WallTime) {
        guard on != record.isOnHold else { return }
        if let since = record.heldSince {
            record.holdSeconds += Int((moment.milliseconds - since.milliseconds + 500) / 1000)
        }
        (record.isOnHold, record.heldSince) = (on, on ? moment : nil)
        record.state = on ? .held : .answered
    }

    func event(_ notice: CallEvent.Notice) -> CallEvent {
        CallEvent(record: record, notice: notice, offeredTo: [], traceParent: traceParent)
    }

    func others(than participant: any CallParticipant) -> [any CallParticipant] {
        members.filter { $0.participantID != participant.participantID }
    }
}
