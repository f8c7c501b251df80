package import Directory
package import Wire

/// The port to what is kept of the Mango Office exchange: its events, document 001's rows, and recordings to be fetched.
package protocol MangoStore: Sendable {
    /// Keeps an event before anything follows from it, or answers what was kept of the copy that came before.
    func keep(_ event: StoredMangoEvent) async throws(StoreError) -> KeptMangoEvent
    /// What came of an event, and what was answered; with document 001's row of its leg.
    func conclude(_ id: Int64, _ outcome: MangoEventOutcome, _ row: MangoRow?) async throws(StoreError)
    /// The events about legs and summaries of one whole call, in the order they came.
    func events(entryID: String?, callIDs: [String]) async throws(StoreError) -> [StoredMangoEvent]
    /// Forgets events until at most so many are left, and from the oldest on those that came before `moment`.
    func trimEvents(to limit: Int, since moment: WallTime) async throws(StoreError)

    /// The call with this id of the exchange, or one of these legs.
    func call(entryID: String?, callIDs: [String]) async throws(StoreError) -> CallRecord?
    /// A call of the exchange without an id of its own, by its client, its line and when it began.
    func call(client: String, line: String?, from: WallTime, through: WallTime) async throws(StoreError) -> CallRecord?

    /// Keeps what is known of a recording; what is nil stays as it was. Answers the whole of it.
    func keep(_ recording: MangoRecording) async throws(StoreError) -> MangoRecording
    /// Replaces what is kept of a recording.
    func update(_ recording: MangoRecording) async throws(StoreError)
    /// Recordings to be fetched, the next one first.
    func pendingRecordings(limit: Int) async throws(StoreError) -> [MangoRecording]
    /// How many recordings have this place in the object store, whatever the ending of its name.
    func recordings(withKeyStem stem: String, otherThan id: String) async throws(StoreError) -> Int
}

/// An event as it came (table `mango_events`).
package struct StoredMangoEvent: Hashable, Sendable {
    package var kind: String
    package var dialect: String
    package var entryID: String?
    package var callID: String?
    package var sequence: Int?
    package var dedupeKey: String
    /// JSON text, without the keys of the account.
    package var payload: String
    package var remoteIP: String
    /// Nil: it was not signed, or cannot be checked.
    package var isSignatureGood: Bool?
    package var receivedAt: WallTime

    package init(
        kind: String, dialect: String, dedupeKey: String, payload: String, remoteIP: String, receivedAt: WallTime
    ) {
        (self.kind, self.dialect, self.dedupeKey) = (kind, dialect, dedupeKey)
        (self.payload, self.remoteIP, self.receivedAt) = (payload, remoteIP, receivedAt)
    }
}

/// Where an event is kept.
package struct KeptMangoEvent: Hashable, Sendable {
    package var id: Int64
    /// Another copy came before; if it was dealt with, `reply` is what that was answered.
    package var isKnown: Bool
    package var reply: String?

    package init(id: Int64, isKnown: Bool, reply: String?) {
        (self.id, self.isKnown, self.reply) = (id, isKnown, reply)
    }
}

package struct MangoEventOutcome: Hashable, Sendable {
    /// Whether it was newer than what was known of its leg.
    package var isApplied: Bool
    package var error: String?
    /// JSON text.
    package var reply: String

    package init(isApplied: Bool, error: String?, reply: String) {
        (self.isApplied, self.error, self.reply) = (isApplied, error, reply)
    }
}

/// A leg as document 001 keeps it (table `mango`).
package struct MangoRow: Hashable, Sendable {
    package enum Status: String, Sendable {
        case started
        case answered
        case completed
    }

    package var callID: String
    package var phoneNumber: String
    package var isIncoming: Bool
    package var status: Status
    package var duration: Int?
    package var recordURL: String?
    /// JSON text.
    package var data: String

    package init(callID: String, phoneNumber: String, isIncoming: Bool, status: Status, data: String) {
        (self.callID, self.phoneNumber, self.isIncoming) = (callID, phoneNumber, isIncoming)
        (self.status, self.data) = (status, data)
    }
}

/// A recording that the exchange keeps, and how far we have come with it (table `recordings`).
package struct MangoRecording: Hashable, Sendable {
    package enum State: String, Sendable {
        case started = "Started"
        case continued = "Continued"
        case completed = "Completed"
        case added = "Added"
        case downloaded = "Downloaded"
        case failed = "Failed"

        /// A later one is never replaced by an earlier one.
        package var rank: Int {
            switch self {
            case .started: 0
            case .continued: 1
            case .completed: 2
            case .added: 3
            case .downloaded, .failed: 4
            }
        }
    }

    package var recordingID: String
    package var state: State
    package var callPK: Int64?
    package var entryID: String?
    package var callID: String?
    package var completionCode: Int?
    package var recipient: String?
    /// Where it can be had without asking; nil: the exchange is asked.
    package var sourceURL: String?
    /// When the exchange told of it, by its own clock; names the object.
    package var eventAt: WallTime?
    package var key: String?
    package var contentType: String?
    package var size: Int64?
    package var attempts = 0
    /// Nil: nothing more is to be done.
    package var nextAttemptAt: WallTime?
    package var firstAttemptAt: WallTime?
    package var lastError: String?
    package var downloadedAt: WallTime?

    package init(recordingID: String, state: State) { (self.recordingID, self.state) = (recordingID, state) }
}
