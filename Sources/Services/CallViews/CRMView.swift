import CallModel
import Directory
import Wire

/// A call as document 002 shows it: in the list, in detail, and among the active ones.
enum CRMView {
    static func object(_ call: CallFacts, _ form: CallView.Form) -> JSONObject {
        switch form {
        case .list: return list(call)
        case .detail:
            var object = detail(call)
            object.append("tags_list", JSONValue(call.record.tags))
            object.fill(from: list(call))
            return object
        case .active:
            var object = head(call)
            object.fill(from: activeOnly(call))
            object.fill(from: list(call))
            return object
        }
    }

    private static func head(_ call: CallFacts) -> JSONObject {
        let record = call.record
        return [
            "id": .integer(record.id), "caller_number": .string(record.callerNumber),
            "receiver_number": .string(record.receiverNumber),
            "status": JSONValue(CallView.crm.status(of: record)),
        ]
    }

    /// What list and detail begin with.
    private static func beginning(_ call: CallFacts) -> JSONObject {
        let record = call.record
        var object = head(call)
        object.append("accepted_at", JSONValue(crm: record.startedAt))
        object.append("answered_at", JSONValue(crm: record.answeredAt))
        object.append("ended_at", JSONValue(crm: record.endedAt))
        object.append("duration", JSONValue(record.duration))
        object.append("notes", JSONValue(record.notes))
        return object
    }

    private static func list(_ call: CallFacts) -> JSONObject {
        let record = call.record
        var object = beginning(call)
        object.fill(from: [
            "assigned_user_id": JSONValue(record.assignedUserID),
            "answered_by_user_id": JSONValue(record.answeredByUserID),
            "caller_company_id": JSONValue(record.callerCompanyID), "customer_name": JSONValue(record.customerName),
            "company": JSONValue(record.customerCompany), "email": JSONValue(record.customerEmail),
            "call_purpose": JSONValue(record.purpose), "priority": .string(record.priority.rawValue),
            "is_on_hold": .bool(record.isOnHold), "tags": JSONValue(record.tags),
        ])
        return object
    }

    private static func detail(_ call: CallFacts) -> JSONObject {
        let record = call.record
        var object = beginning(call)
        object.fill(from: names(of: call.assignedUser, as: "assigned"))
        object.fill(from: names(of: call.answeredBy, as: "answered"))
        object.fill(from: [
            "caller_company_name": JSONValue(call.company?.name), "caller_company_inn": JSONValue(call.company?.inn),
            "customer_name": JSONValue(record.customerName), "customer_company": JSONValue(record.customerCompany),
            "customer_email": JSONValue(record.customerEmail), "customer_phone": JSONValue(customerPhone(record)),
            "call_purpose": JSONValue(record.purpose), "priority": .string(record.priority.rawValue),
            "follow_up_date": JSONValue(crm: record.followUpDate), "outcome": JSONValue(record.outcome),
            "recording_url": JSONValue(call.playableRecordingURL ?? record.recordingURL),
            "tags": .string(record.tags.joined(separator: ", ")), "transfer_count": JSONValue(record.transferCount),
        ])
        return object
    }

    /// What only the list of active calls shows.
    static func activeOnly(_ call: CallFacts) -> JSONObject {
        let record = call.record
        var object: JSONObject = [
            "started_at": JSONValue(crm: record.startedAt), "channel_id": JSONValue(record.channelID),
            "is_muted": .bool(record.isMuted), "is_speaker_on": .bool(record.isSpeakerOn),
            "is_on_hold": .bool(record.isOnHold),
        ]
        object.fill(from: names(of: call.assignedUser, as: "assigned"))
        return object
    }

    /// The number written down for the customer, or the one that called or was called.
    private static func customerPhone(_ record: CallRecord) -> String? {
        record.customerPhone ?? (record.direction == .internal ? nil : record.clientNumber)
    }

    private static func names(of user: User?, as part: String) -> JSONObject {
        [
            "\(part)_user_first_name": JSONValue(user?.firstName ?? user?.name),
            "\(part)_user_last_name": JSONValue(user?.lastName),
        ]
    }
}
