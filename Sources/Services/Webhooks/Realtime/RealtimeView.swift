import CallModel
import CallViews
import Wire

/// A call in the words of document 000's broadcasts.
enum RealtimeView {
    static func new(_ record: CallRecord) -> JSONObject {
        var object = head(record)
        object.append("phoneOperator", .string(ownNumber(record)))
        object.append("direction", .string(record.direction == .incoming ? "incoming" : "outgoing"))
        object.append("callDate", .string(record.startedAt.iso8601()))
        object.append("status", status(record))
        object.append("operatorId", JSONValue(record.operatorID))
        return object
    }

    static func updated(_ record: CallRecord) -> JSONObject {
        var object = head(record)
        object.append("status", status(record))
        object.append("duration", JSONValue(record.duration))
        object.append("recordUrl", JSONValue(record.recordingURL))
        object.append("recordFile", JSONValue(record.recordingPath))
        object.append("operatorId", JSONValue(record.operatorID))
        return object
    }

    static func ended(_ record: CallRecord) -> JSONObject {
        var object = head(record)
        object.append("status", status(record))
        object.append("duration", JSONValue(record.duration ?? 0))
        object.append("operatorId", JSONValue(record.operatorID))
        return object
    }

    private static func head(_ record: CallRecord) -> JSONObject {
        [
            "id": .integer(record.id),
            "callId": .string(record.callID ?? record.sipCallID ?? record.uuid.description),
            "phoneClient": .string(record.clientNumber),
        ]
    }

    private static func status(_ record: CallRecord) -> JSONValue { JSONValue(CallView.records.status(of: record)) }

    private static func ownNumber(_ record: CallRecord) -> String {
        record.lineNumber ?? (record.direction == .incoming ? record.receiverNumber : record.callerNumber)
    }
}
