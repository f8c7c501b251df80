package import CallModel
package import Calls
import Directory
import Web
package import Wire

/// The payloads of socket events (contract §2.3).
///
/// The crm events name a call by its number, the others by its UUID.
package enum CallEventView {
    package enum AnswerAction: String, Sendable {
        case accept
        case reject
    }

    /// `call:new`, `call:ringing`, `call:answered`, `call:held`, `call:ended` and the like.
    package static func pbx(_ call: CallFacts) -> JSONValue {
        var object = PBXView.object(call)
        object.fill(from: RecordsView.eventKeys(call.record))
        object.append("uuid", .string(call.record.uuid.description))
        object.append("numericId", .integer(call.record.id))
        object.append("state", .string(call.record.state.rawValue))
        object.append("statuses", CallStatus.all(of: call.record))
        return .object(object)
    }

    /// `play:ended`: the call, and what was played.
    package static func playEnded(_ call: CallFacts, _ played: PlayedSound) -> JSONValue {
        guard case .object(var object) = pbx(call) else { return .null }
        var play: JSONObject = ["to": .string(played.order.audience.rawValue), "completed": .bool(played.isWhole)]
        switch played.order.what {
        case .file(let name): play.append("file", .string(name))
        case .url(let url): play.append("url", .string(url.resource))
        case .tone(let tone): play.append("tone", .string(tone.rawValue))
        }
        object.append("play", .object(play))
        return .object(object)
    }

    /// `stream:changed`: the call, and its audio stream.
    package static func streamChanged(_ call: CallFacts, _ status: StreamStatus) -> JSONValue {
        guard case .object(var object) = pbx(call) else { return .null }
        object.append("stream", StreamView.render(status))
        return .object(object)
    }

    /// `calls:active`.
    package static func pbxList(_ calls: [CallFacts]) -> JSONValue { .array(calls.map(pbx)) }

    /// `active-calls`.
    package static func activeCalls(_ calls: [CallFacts]) -> JSONValue {
        .array(calls.map { CallView.crm.render($0, .active) })
    }

    /// `incoming-call`.
    package static func incomingCall(_ call: CallFacts) -> JSONValue {
        let record = call.record
        return [
            "id": .integer(record.id), "caller_number": .string(record.callerNumber),
            "receiver_number": .string(record.receiverNumber), "timestamp": JSONValue(crm: record.startedAt),
            "assigned_user_id": JSONValue(record.assignedUserID),
            "caller_company_id": JSONValue(record.callerCompanyID), "status": "incoming",
            "caller_company_name": JSONValue(call.company?.name), "is_on_hold": .bool(record.isOnHold),
            "channel_id": JSONValue(record.channelID), "uuid": .string(record.uuid.description),
        ]
    }

    /// `call-answered`; `initialData` is repeated as the client sent it.
    package static func callAnswered(
        _ record: CallRecord, _ action: AnswerAction, userID: Int64?, initialData: JSONValue? = nil
    ) -> JSONValue {
        var object: JSONObject = [
            "callId": .integer(record.id), "action": .string(action.rawValue), "userId": JSONValue(userID),
        ]
        object.appendIfPresent("initialData", initialData ?? .null)
        object.appendIfPresent("notes", JSONValue(record.notes))
        object.append("uuid", .string(record.uuid.description))
        return .object(object)
    }

    /// `call-ended`; `callData` is repeated as the client sent it.
    package static func callEnded(_ record: CallRecord, userID: Int64?, callData: JSONValue? = nil) -> JSONValue {
        var object: JSONObject = [
            "callId": .integer(record.id), "userId": JSONValue(userID), "endedAt": JSONValue(crm: record.endedAt),
            "duration": JSONValue(record.duration ?? 0), "status": JSONValue(CallView.crm.status(of: record)),
        ]
        object.appendIfPresent("callData", callData ?? .null)
        object.appendIfPresent("reason", JSONValue(record.endReason?.rawValue))
        object.append("uuid", .string(record.uuid.description))
        return .object(object)
    }

    /// `call-notes-updated`; `customerData` is repeated as the client sent it.
    package static func notesUpdated(_ record: CallRecord, userID: Int64?, customerData: JSONValue? = nil) -> JSONValue
    {
        var object: JSONObject = ["callId": .integer(record.id), "notes": JSONValue(record.notes)]
        object.appendIfPresent("customerData", customerData ?? .null)
        object.append("userId", JSONValue(userID))
        object.append("uuid", .string(record.uuid.description))
        return .object(object)
    }

    /// `call-hold-changed`.
    package static func holdChanged(_ record: CallRecord, userID: Int64?) -> JSONValue {
        [
            "callId": .integer(record.id), "isHold": .bool(record.isOnHold), "userId": JSONValue(userID),
            "uuid": .string(record.uuid.description),
        ]
    }

    /// `call-recording-changed`.
    package static func recordingChanged(_ record: CallRecord, _ state: RecordingState, userID: Int64?) -> JSONValue {
        [
            "callId": .integer(record.id), "state": .string(state.rawValue), "userId": JSONValue(userID),
            "uuid": .string(record.uuid.description),
        ]
    }

    /// `incoming-transfer`, to the person the call is handed to.
    package static func incomingTransfer(_ call: CallFacts, fromUser: Int64?, reason: String?) -> JSONValue {
        [
            "callId": .integer(call.record.id), "call": CallView.crm.render(call, .detail),
            "fromUser": JSONValue(fromUser), "transferReason": JSONValue(reason),
        ]
    }

    /// `transfer-initiated`, to the person who hands the call over.
    package static func transferInitiated(
        _ record: CallRecord, targetUser: Int64?, fromUser: Int64?, reason: String?, transfer: UUID
    ) -> JSONValue {
        [
            "callId": .integer(record.id), "targetUserId": JSONValue(targetUser), "fromUser": JSONValue(fromUser),
            "transferReason": JSONValue(reason), "transferId": .string(transfer.description),
        ]
    }

    /// `call-transferred`.
    package static func callTransferred(_ record: CallRecord, fromUser: Int64?, toUser: Int64?) -> JSONValue {
        [
            "callId": .integer(record.id), "fromUserId": JSONValue(fromUser), "toUserId": JSONValue(toUser),
            "uuid": .string(record.uuid.description),
        ]
    }
}
