package import Directory
package import Wire

/// Everything that is written down about one call: a row of the table `calls`.
///
/// Numbers are kept as received. Durations are whole seconds. Values nobody knows are nil.
package struct CallRecord: Hashable, Sendable {
    // Identity
    package var id: Int64
    package var uuid: UUID
    package var source: CallSource
    package var direction: CallDirection
    /// Changed with `move(to:)` by the reducer; a closed record keeps its ending.
    package var state: CallState

    // The two ends
    package var callerNumber: String
    package var receiverNumber: String
    package var `extension`: String?
    package var channelID: String?
    package var sipCallID: String?
    /// The id of document 000: the vendor's, or `MANUAL-<ms>`.
    package var callID: String?
    package var entryID: String?
    /// Our own number that was dialled or shown.
    package var lineNumber: String?
    /// The advertising campaign of the line.
    package var campaign: String?
    package var city: String?
    package var avitoName: String?

    // People
    package var operatorID: Int64?
    package var assignedUserID: Int64?
    package var answeredByUserID: Int64?
    package var callerCompanyID: Int64?
    package var clientID: UUID?
    package var customerID: String?
    package var customerName: String?
    package var customerCompany: String?
    package var customerEmail: String?
    package var customerPhone: String?
    package var orderID: String?

    // What people wrote
    package var purpose: String?
    package var priority: CallPriority = .medium
    package var followUpDate: WallTime?
    package var outcome: String?
    package var notes: String?

    // How it went
    package var isOnHold = false
    package var isMuted = false
    package var isSpeakerOn = false
    package var holdSeconds = 0
    package var heldSince: WallTime?
    package var transferCount = 0
    package var isCallback = false
    /// The vendor's or SIP's own word.
    package var disconnectReason: String?
    package var endReason: EndReason?

    // When
    package var startedAt: WallTime
    package var ringingAt: WallTime?
    package var answeredAt: WallTime?
    package var endedAt: WallTime?
    /// Seconds from answer to end; nil until the end, 0 when never answered.
    package var duration: Int?

    // What was recorded
    package var recordingURL: String?
    package var recordingPath: String?
    package var recordingProcessedAt: WallTime?
    package var recordingEmailSent = false
    package var transcript: String?
    package var summary: String?
    package var sentiment: Sentiment?
    /// 0 … 1.
    package var confidenceScore: Double?
    /// The vendor's event as JSON text.
    package var mangoData: String?

    package var isTest = false
    /// Counts the changes; a write of an older version never replaces a newer one.
    package var version = 1
    package var createdAt: WallTime
    package var updatedAt: WallTime

    /// In their order; stored apart, written by `CallRow.tags`.
    package var tags: [String] = []
    /// How many sessions (004) the call has had; counted when read.
    package var sessionCount = 0
    /// Who is called about, as far as that was looked up for a live call; stored by its number, `callerCompanyID`.
    package var callerCompany: Company?
    /// How it sounds, or sounded; stored apart, written by `CallRow.diagnosis`.
    package var quality: CallQuality?

    package init(
        id: Int64, uuid: UUID, source: CallSource, direction: CallDirection, state: CallState = .initiated,
        callerNumber: String, receiverNumber: String, startedAt: WallTime
    ) {
        self.id = id
        self.uuid = uuid
        self.source = source
        self.direction = direction
        self.state = state
        self.callerNumber = callerNumber
        self.receiverNumber = receiverNumber
        self.startedAt = startedAt
        createdAt = startedAt
        updatedAt = startedAt
    }

    /// The customer's side: who called in, or who was called.
    package var clientNumber: String { direction == .incoming ? callerNumber : receiverNumber }

    package var key: CallKey { .uuid(uuid) }
}

/// How a conversation sounded, as a model judged it.
package enum Sentiment: String, Sendable, CaseIterable {
    case positive
    case neutral
    case negative
}
