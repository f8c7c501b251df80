package import CallModel
package import Directory
package import Wire

/// A conference as it is at a moment.
package struct ConferenceStatus: Sendable {
    package let room: ConferenceRoom
    package let participants: [ConferenceParticipant]
    package let isRecorded: Bool
}

/// Somebody in a conference, known by the call that brought them there.
package struct ConferenceParticipant: Sendable {
    package let record: CallRecord
    /// The number they called from, or were called at.
    package let number: String
    package let userID: Int64?
    package let joinedAt: WallTime
    package let isMuted: Bool
    /// Known while more than two are there.
    package let isSpeaking: Bool
}

/// One thing that happened in a conference, with everybody who is there afterwards.
package struct ConferenceEvent: Sendable {
    package enum Change: Sendable, Equatable {
        case joined
        case left
        case speaking(Bool)
        case muted(Bool)
    }

    package let status: ConferenceStatus
    package let change: Change
    /// To whom it happened.
    package let participant: ConferenceParticipant
}
