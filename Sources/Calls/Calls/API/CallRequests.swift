package import CallModel
package import Media
import Telemetry
package import Web
package import Wire

/// A call that a page, the REST API or a script wants.
package struct CallRequest: Sendable {
    package enum Caller: Sendable, Equatable {
        /// The user's page, which joins with an offer while the far end is being reached.
        case page(userID: Int64?)
        /// All devices of an extension ring first; the far end is called when one of them answers (click-to-call).
        case devices(extension: String)
    }

    package var caller: Caller
    /// What the callee is shown, if the caller may be shown so; nil: the caller's own extension.
    package var callerNumber: String?
    /// An extension, a built-in number, or a number behind the trunk.
    package var target: String
    package var source: CallSource
    package var autoAnswer = false
    package var clientID: UUID?
    package var channelID: String?
    /// Document 004: without a trunk the call is a bare room that browsers join, instead of an error.
    package var allowsRoom = false
    /// What the client says of the direction; nil: told from who calls whom.
    package var direction: CallDirection?

    package init(caller: Caller, target: String, source: CallSource, callerNumber: String? = nil) {
        (self.caller, self.target, self.source) = (caller, target, source)
        self.callerNumber = callerNumber
    }
}

/// Where a call is to be moved.
package enum TransferTarget: Sendable, Equatable {
    case number(String)
    case user(Int64)
    /// Whom the transferor talks to, or rings, in another call: the two calls become one (attended transfer).
    case call(CallKey)
    /// Asked before they have the call, which waits on hold; of a vendor's exchange, which does that by itself.
    case consultation(String)
}

/// What becomes of a call when its new party has been asked.
package enum ConsultationEnd: String, Sendable, CaseIterable {
    /// The new party has it.
    case connect
    /// It is taken back.
    case cancel
}

/// The part of a request that names a party of a call, by the word that requests have for it.
package enum NamedParty: String, Sendable {
    case from, to, target
}

/// Why a command about a call was refused; `API` and `Signalling` render it with the codes of the contract.
package enum CallError: Error, Equatable, Sendable {
    case callNotFound
    case extensionNotFound
    case queueNotFound
    case conferenceNotFound
    case userNotFound
    case alreadyAnswered
    case alreadyEnded
    /// The call is not in a state that allows this.
    case invalidState
    case forbidden
    /// `MAX_CONCURRENT_CALLS` or the RTP ports are used up.
    case capacityExceeded
    /// The number that this part of the request names is one of the house, and no telephone or page answers there:
    /// nobody could come.
    case nobodyThere(NamedParty)
    /// The program is stopping.
    case draining
    /// The session description cannot be used.
    case badDescription
    case notJoined
    /// No file of this name can be played.
    case soundNotFound
    /// The file is no sound that we can play, or too long.
    case soundUnusable
    /// The web server that was named did not give its file.
    case soundNotFetched(HTTPClientError)
    /// What it gave is no sound that we can play, or of more than we take.
    case fetchedSoundUnusable(SoundFileError)
    case streamNotFound
    /// Calls may not be streamed to this host.
    case streamHostRefused
}

/// One browser at the other end of a signalling connection.
///
/// Implemented by `Signalling`'s sessions. Called on the loop, always in a turn of its own.
package protocol CallParticipant: AnyObject, Sendable {
    /// The socket id, unique while the process lives.
    var participantID: String { get }
    var participantUserID: Int64? { get }
    func deliver(_ message: ParticipantMessage, call: UUID)
}

/// What a participant is told about its own media and place in the call.
package enum ParticipantMessage: Sendable, Equatable {
    /// `from` is the peer's socket id, or `gateway`.
    case offer(sdp: String, from: String)
    case answer(sdp: String, from: String)
    case candidate(ICECandidateMessage, from: String)
    /// The participant is no longer in the call.
    case left
    /// The participant's call goes on as part of this one, over the same connection.
    case moved
    /// Another page has taken the participant's place.
    case replaced
    /// The participant's media connection is gone: the call waits for its offer of another.
    case mediaLost
    /// Digit received from the far end.
    case digit(Character)
    case failed(CallError)
}

/// A trickled candidate as browsers send it; an empty `candidate` says there are no more.
package struct ICECandidateMessage: Sendable, Equatable {
    package var candidate: String
    package var sdpMid: String?
    package var sdpMLineIndex: Int?
    package var usernameFragment: String?

    package init(
        candidate: String, sdpMid: String? = nil, sdpMLineIndex: Int? = nil, usernameFragment: String? = nil
    ) {
        (self.candidate, self.sdpMid) = (candidate, sdpMid)
        (self.sdpMLineIndex, self.usernameFragment) = (sdpMLineIndex, usernameFragment)
    }
}

/// What a joined participant needs to know.
package struct JoinedCall: Sendable, Equatable {
    package var record: CallRecord
    /// Socket ids of those who were there before.
    package var participants: [String]
    /// How the place is taken again; nil in rooms, and where nobody's place is kept.
    package var resumption: Resumption?

    package init(record: CallRecord, participants: [String], resumption: Resumption? = nil) {
        (self.record, self.participants, self.resumption) = (record, participants, resumption)
    }
}

/// What a page needs to take its place in a call again.
package struct Resumption: Sendable, Equatable {
    /// A secret, good for one leg of one call as long as that lives.
    package let token: String
    /// How long the place is kept.
    package let timeout: Duration
}

/// What a page that has its place again needs to know.
package struct ResumedCall: Sendable, Equatable {
    package let record: CallRecord
    package let resumption: Resumption
    /// Its media connection is still in use; otherwise it is to offer another.
    package let keepsMedia: Bool
    package let isMuted: Bool
}

/// One thing that happened to a call, with its record as it was at that moment.
///
/// An object, because it goes from turn to turn to everybody who is told, and a record has forty parts to copy.
package final class CallEvent: Sendable {
    /// To be looked into, and handed on.
    package let snapshot: CallSnapshot
    package let notice: Notice
    /// Users whose pages were shown the call.
    package let offeredTo: [Int64]
    /// The queue it waits in or is meant for: nobody in particular is called yet.
    package let queue: String?
    /// Of the request that caused it, or the call (W3C Trace Context).
    package let traceParent: String?

    package enum Notice: Sendable, Equatable {
        case life(CallNotice)
        /// Notes, customer or other written fields changed.
        case edited(userID: Int64?, changesNotes: Bool)
        /// A call that took place elsewhere was written down, or the record of one that is over was corrected.
        case filed(isNew: Bool)
        /// Recording began, paused or ended.
        case recording(RecordingState, userID: Int64?)
        /// The file of a recording is whole, or what there is of it.
        case recorded
        /// An announcement ended.
        case played(PlayedSound)
        /// Its audio stream began, lost or found its other end, or ended.
        case stream(StreamStatus)
    }

    /// `traceParent` is that of what it belongs to, where nothing is known of a request.
    package convenience init(record: CallRecord, notice: Notice, offeredTo: [Int64], traceParent: String? = nil) {
        self.init(CallSnapshot(record), notice, offeredTo: offeredTo, queue: nil, traceParent: traceParent)
    }

    init(_ snapshot: CallSnapshot, _ notice: Notice, offeredTo: [Int64], queue: String?, traceParent: String?) {
        (self.snapshot, self.notice, self.offeredTo, self.queue) = (snapshot, notice, offeredTo, queue)
        self.traceParent = TraceContext.parent ?? traceParent
    }

    package var record: CallRecord { snapshot.record }
}

/// Told of everything that happens to calls and to the SIP side: sockets, metrics, logs.
///
/// Called on the loop in a turn of its own.
package protocol CallObserver: AnyObject, Sendable {
    func callChanged(_ event: CallEvent)
    func upstreamChanged(registered: Bool, detail: String)
    func browserConnectionChanged(_ change: BrowserConnectionChange)
    /// A phone of an account can be reached now, or none any more; `userID` is whose it is, if anybody's.
    func registrationChanged(account: String, userID: Int64?, isRegistered: Bool)
    func queueChanged(_ event: QueueEvent)
    func qualityChanged(_ report: CallQualityReport)
    func conferenceChanged(_ event: ConferenceEvent)
}

extension CallObserver {
    package func browserConnectionChanged(_ change: BrowserConnectionChange) {}
    package func registrationChanged(account: String, userID: Int64?, isRegistered: Bool) {}
    package func queueChanged(_ event: QueueEvent) {}
    package func qualityChanged(_ report: CallQualityReport) {}
    package func conferenceChanged(_ event: ConferenceEvent) {}
}

/// What became of the media connection of a browser.
package enum BrowserConnectionChange: Sendable, Equatable {
    case connected
    case failed
    /// It had been up for so long.
    case disconnected(after: Duration)
}
