package import CallModel
package import Wire

/// A call as document 004 shows it.
enum GatewayView {
    static func object(_ call: CallFacts) -> JSONObject {
        let record = call.record
        return [
            "id": .string(record.uuid.description), "clientId": JSONValue(record.clientID?.description),
            "phoneNumber": .string(record.clientNumber),
            "direction": .string(record.direction == .incoming ? "incoming" : "outgoing"),
            "status": JSONValue(CallView.gateway.status(of: record)), "duration": JSONValue(record.duration ?? 0),
            "recordingUrl": JSONValue(record.recordingURL), "transcript": JSONValue(record.transcript),
            "summary": JSONValue(record.summary), "sentiment": JSONValue(record.sentiment?.rawValue),
            "confidenceScore": JSONValue(record.confidenceScore), "createdAt": JSONValue(record.createdAt),
            "updatedAt": JSONValue(record.updatedAt), "from": .string(PBXView.userPart(of: record.callerNumber)),
            "to": .string(PBXView.userPart(of: record.receiverNumber)), "startedAt": JSONValue(record.startedAt),
            "answeredAt": JSONValue(record.answeredAt), "endedAt": JSONValue(record.endedAt),
            "sessions": JSONValue(record.sessionCount),
        ]
    }
}

extension CallSession {
    /// The session as document 004 shows it; `call` is the UUID of its call.
    package func rendered(call: UUID) -> JSONValue {
        var object: JSONObject = ["sessionId": .string(id.description), "callId": .string(call.description)]
        object.appendIfPresent("userId", JSONValue(userID))
        object.append("startTime", JSONValue(startTime))
        object.append("lastActivity", JSONValue(lastActivity))
        object.append("isActive", .bool(isActive))
        return .object(object)
    }
}
