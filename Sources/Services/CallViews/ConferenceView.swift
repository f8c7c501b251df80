import CallModel
package import Calls
import Directory
package import Wire

/// Conferences as `/api/v1/conferences` and the socket events of conferences show them.
package struct ConferenceView: Sendable {
    private let shown: @Sendable (String) -> String

    /// `shown` is a number as the reader may see it.
    package init(shown: @escaping @Sendable (String) -> String) { self.shown = shown }

    package func render(_ status: ConferenceStatus) -> JSONValue {
        [
            "name": .string(status.room.name), "number": .string(status.room.number),
            "recording": .bool(status.isRecorded), "participants": .array(status.participants.map(render)),
        ]
    }

    private func render(_ participant: ConferenceParticipant) -> JSONValue { .object(object(participant)) }

    private func object(_ participant: ConferenceParticipant) -> JSONObject {
        [
            "callId": .string(participant.record.uuid.description), "numericId": .integer(participant.record.id),
            "number": .string(shown(participant.number)),
            "userId": JSONValue(participant.userID), "joinedAt": .string(participant.joinedAt.iso8601()),
            "muted": .bool(participant.isMuted), "speaking": .bool(participant.isSpeaking),
        ]
    }

    /// The payload of an event: the participant it is about, and how many there are now.
    package func render(_ event: ConferenceEvent) -> JSONValue {
        var payload = object(event.participant)
        payload["conference"] = .string(event.status.room.name)
        payload["participants"] = JSONValue(event.status.participants.count)
        return .object(payload)
    }
}

extension ConferenceEvent.Change {
    /// The event's name on sockets.
    package var eventName: String {
        switch self {
        case .joined: "participant-joined"
        case .left: "participant-left"
        case .speaking: "speaker-changed"
        case .muted: "participant-muted"
        }
    }
}
