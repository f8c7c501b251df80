import CallModel
import Directory
import Wire

/// A call as document 003 shows it: what is unknown is absent, not null.
enum PBXView {
    /// Keys that are left out while unknown, and that no other view may fill with null.
    static let optionalNames = [
        "answerTime", "endTime", "duration", "recording", "customerId", "customerName", "orderId", "notes",
    ]

    static func object(_ call: CallFacts) -> JSONObject {
        let record = call.record
        let uuid = record.uuid.description
        let (from, to) = (userPart(of: record.callerNumber), userPart(of: record.receiverNumber))
        let isInbound = record.direction == .incoming
        var object: JSONObject = [
            "id": .string(uuid), "callId": .string(record.sipCallID ?? uuid),
            "sessionId": .string(record.channelID ?? uuid),
            "direction": .string(isInbound ? "inbound" : "outbound"), "from": .string(from), "to": .string(to),
            "extension": .string(record.extension ?? (isInbound ? to : from)),
            "status": JSONValue(CallView.pbx.status(of: record)), "startTime": JSONValue(record.startedAt),
        ]
        object.appendIfPresent("answerTime", JSONValue(record.answeredAt))
        object.appendIfPresent("endTime", JSONValue(record.endedAt))
        if record.endedAt != nil { object.append("duration", JSONValue(record.duration ?? 0)) }
        object.appendIfPresent("recording", JSONValue(call.playableRecordingURL ?? record.recordingURL))
        object.appendIfPresent("customerId", JSONValue(record.customerID))
        object.appendIfPresent("customerName", JSONValue(record.customerName))
        object.appendIfPresent("orderId", JSONValue(record.orderID))
        object.appendIfPresent("notes", JSONValue(record.notes))
        return object
    }

    /// What stands before the host of a SIP URI; other numbers as they are.
    static func userPart(of number: String) -> String {
        for scheme in ["sip:", "sips:"] where number.hasPrefix(scheme) {
            return String(number.dropFirst(scheme.count).prefix { $0 != "@" && $0 != ";" })
        }
        return number
    }
}
