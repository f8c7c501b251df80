import CallModel
import Directory
import Wire

/// A call as document 000 shows it.
enum RecordsView {
    static func object(_ call: CallFacts, isDetail: Bool) -> JSONObject {
        let record = call.record
        var object: JSONObject = [
            "id": .integer(record.id), "callId": .string(callID(record)), "rk": JSONValue(record.campaign),
            "city": JSONValue(record.city), "avitoName": JSONValue(record.avitoName),
            "phoneClient": .string(record.clientNumber), "phoneAts": .string(ownNumber(record)),
            "dateCreate": JSONValue(record.startedAt), "status": JSONValue(CallView.records.status(of: record)),
            "duration": JSONValue(record.duration), "recordUrl": JSONValue(record.recordingURL),
            "recordingPath": JSONValue(record.recordingPath),
            "recordingProcessedAt": JSONValue(record.recordingProcessedAt),
            "recordingEmailSent": .bool(record.recordingEmailSent),
        ]
        if isDetail { object.append("mangoData", mangoData(record)) }
        object.append("operatorId", JSONValue(record.operatorID))
        object.append("operator", call.operator.map(person) ?? .null)
        object.append("phone", call.line.map(line) ?? .null)
        object.append("avito", .null)
        object.append("callDirection", .string(record.direction == .incoming ? "incoming" : "outgoing"))
        object.append("entryId", JSONValue(record.entryID))
        object.append("createdAt", JSONValue(record.createdAt))
        object.append("updatedAt", JSONValue(record.updatedAt))
        return object
    }

    /// The keys that 000's clients need in a call of another view's event.
    static func eventKeys(_ record: CallRecord) -> JSONObject {
        [
            "phoneClient": .string(record.clientNumber), "phoneAts": .string(ownNumber(record)),
            "operatorId": JSONValue(record.operatorID),
        ]
    }

    /// Always a string: calls that no vendor numbered go by their SIP Call-ID, or their UUID.
    private static func callID(_ record: CallRecord) -> String {
        record.callID ?? record.sipCallID ?? record.uuid.description
    }

    private static func ownNumber(_ record: CallRecord) -> String {
        record.lineNumber ?? (record.direction == .incoming ? record.receiverNumber : record.callerNumber)
    }

    private static func mangoData(_ record: CallRecord) -> JSONValue {
        record.mangoData.flatMap { try? JSONValue(parsing: $0) } ?? .null
    }

    private static func person(_ user: User) -> JSONValue {
        [
            "id": .integer(user.id), "name": .string(user.displayName), "login": JSONValue(user.login),
            "city": JSONValue(user.city), "sipAddress": JSONValue(user.sipAddress),
        ]
    }

    private static func line(_ line: PhoneLine) -> JSONValue {
        [
            "id": .integer(line.id), "number": .string(line.number), "rk": JSONValue(line.campaign),
            "city": JSONValue(line.city), "avitoName": JSONValue(line.avitoName),
        ]
    }
}
