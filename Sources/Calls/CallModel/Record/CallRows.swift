package import Wire

/// What belongs to a call besides its record; each row carries the call's id.
///
/// Indirect, because rows are handed on from list to list until they are written.
package indirect enum CallRow: Hashable, Sendable {
    case leg(CallLegRecord)
    case session(CallSession)
    case connection(WebRTCConnectionRecord)
    case note(CallNote)
    case transfer(CallTransferRecord)
    case participant(CallParticipant)
    /// Replaces all tags of the call.
    case tags(callID: Int64, [String])
    /// The SIP messages of the call, in the form their reader gave them; replaces what was kept before.
    case trace(callID: Int64, JSONValue)
    /// How the call sounded and why (`CallDiagnosis.keptText`), from its end on; replaces what was kept before.
    case diagnosis(callID: Int64, CallQuality, String)
    /// What became of the recording of a call that is over, whose record others may have changed since.
    case recorded(callID: Int64, RecordedFile)
    /// What must reach a server of others because of what is written with it.
    case outbox(OutboxItem)
    /// What is written with it, as subscribers are told.
    case published(PublishedEvent)
}

/// Where the recording of a call is; all nil: nowhere.
package struct RecordedFile: Hashable, Sendable {
    package let url: String?
    package let path: String?
    package let processedAt: WallTime?

    package init(_ record: CallRecord) {
        (url, path, processedAt) = (record.recordingURL, record.recordingPath, record.recordingProcessedAt)
    }
}

extension CallRecord {
    /// The row that goes with a change of tags; none when they are as before.
    ///
    /// Nil stands for a record that was not there before.
    package func tagRows(since before: CallRecord?) -> [CallRow] {
        tags == before?.tags ?? [] ? [] : [.tags(callID: id, tags)]
    }
}

/// One end of a call as it was signalled; written again on each change under the same `legID`.
package struct CallLegRecord: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case sip
        case webrtc
        case mango
    }

    package var callID: Int64
    package var kind: Kind
    /// Unique among legs of one kind: SIP leg, socket connection, or the vendor's `call_id`.
    package var legID: String
    package var fromNumber: String?
    package var fromExtension: String?
    package var toNumber: String?
    package var toExtension: String?
    package var lineNumber: String?
    package var `extension`: String?
    package var location: String?
    package var state: CallState
    package var lastSequence = 0
    package var appearedAt: WallTime
    package var connectedAt: WallTime?
    package var disconnectedAt: WallTime?
    package var disconnectReason: String?
    package var takenFromLegID: String?
    package var sipCallID: String?

    package init(callID: Int64, kind: Kind, legID: String, state: CallState, appearedAt: WallTime) {
        (self.callID, self.kind, self.legID) = (callID, kind, legID)
        (self.state, self.appearedAt) = (state, appearedAt)
    }
}

/// A session of document 004: somebody follows or takes part in a call.
package struct CallSession: Hashable, Sendable {
    package var id: UUID
    package var callID: Int64
    package var userID: String?
    package var startTime: WallTime
    package var lastActivity: WallTime
    package var endedAt: WallTime?

    package init(id: UUID, callID: Int64, userID: String?, startTime: WallTime) {
        (self.id, self.callID, self.userID) = (id, callID, userID)
        (self.startTime, lastActivity) = (startTime, startTime)
    }

    package var isActive: Bool { endedAt == nil }
}

/// A browser's media connection to us.
package struct WebRTCConnectionRecord: Hashable, Sendable {
    package enum Status: String, Sendable {
        case connecting
        case connected
        case disconnected
        case failed
    }

    /// `<call uuid>-<socket id>`.
    package var id: String
    package var callID: Int64
    package var socketID: String
    package var userID: String?
    package var status: Status
    package var startTime: WallTime
    package var endTime: WallTime?

    package init(
        id: String, callID: Int64, socketID: String, userID: String? = nil, status: Status, startTime: WallTime,
        endTime: WallTime? = nil
    ) {
        (self.id, self.callID, self.socketID, self.userID) = (id, callID, socketID, userID)
        (self.status, self.startTime, self.endTime) = (status, startTime, endTime)
    }
}

/// One note as it was written; the record's `notes` holds the current text.
package struct CallNote: Hashable, Sendable {
    package enum Source: String, Sendable {
        case crm
        case pbx
        case socket
    }

    package var callID: Int64
    package var userID: Int64?
    package var text: String
    package var source: Source
    package var createdAt: WallTime

    package init(callID: Int64, userID: Int64?, text: String, source: Source, createdAt: WallTime) {
        (self.callID, self.userID, self.text) = (callID, userID, text)
        (self.source, self.createdAt) = (source, createdAt)
    }
}

/// One attempt to hand a call to somebody else; written again on each change under the same `id`.
package struct CallTransferRecord: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case blind
        case attended
        case user
    }

    package enum Status: String, Sendable {
        case initiated
        case accepted
        case completed
        case failed
    }

    package var id: UUID
    package var callID: Int64
    package var fromUserID: Int64?
    package var toUserID: Int64?
    package var target: String
    package var kind: Kind
    package var reason: String?
    package var status: Status
    package var createdAt: WallTime
    package var completedAt: WallTime?

    package init(
        id: UUID, callID: Int64, fromUserID: Int64?, toUserID: Int64?, target: String, kind: Kind, reason: String?,
        status: Status, createdAt: WallTime, completedAt: WallTime? = nil
    ) {
        (self.id, self.callID, self.fromUserID, self.toUserID) = (id, callID, fromUserID, toUserID)
        (self.target, self.kind, self.reason, self.status) = (target, kind, reason, status)
        (self.createdAt, self.completedAt) = (createdAt, completedAt)
    }
}

/// A user's part in a call, from joining to leaving.
package struct CallParticipant: Hashable, Sendable {
    package var callID: Int64
    package var userID: Int64
    package var role: String
    package var joinedAt: WallTime
    package var leftAt: WallTime?

    package init(callID: Int64, userID: Int64, role: String, joinedAt: WallTime, leftAt: WallTime? = nil) {
        (self.callID, self.userID, self.role) = (callID, userID, role)
        (self.joinedAt, self.leftAt) = (joinedAt, leftAt)
    }
}
