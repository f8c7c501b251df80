import CallModel
import Wire

extension CallColumn {
    /// All columns in the order of the schema; `id` and `uuid` lead.
    static let all: [CallColumn] = identity + ends + people + writing + course + recording

    private static let identity: [CallColumn] = [
        CallColumn(name: "id", value: { .integer($0.id) }, read: { $0.id = $1.integer($2) }).fixed,
        CallColumn(
            name: "uuid", value: { SQLValue($0.uuid) },
            read: { record, row, column in record.uuid = UUID(row.text(column)) ?? record.uuid }
        ).fixed,
        word("source", { $0.source }, { $0.source = $1 }).fixed,
        word("direction", { $0.direction }, { $0.direction = $1 }),
        word("state", { $0.state }, { $0.state = $1 }),
    ]

    private static let ends: [CallColumn] =
        number("caller_number", "caller_norm", { $0.callerNumber }, { $0.callerNumber = $1 })
        + number("receiver_number", "receiver_norm", { $0.receiverNumber }, { $0.receiverNumber = $1 })
        + [
            text("extension", { $0.extension }, { $0.extension = $1 }).indexed,
            text("channel_id", { $0.channelID }, { $0.channelID = $1 }).indexed,
            text("sip_call_id", { $0.sipCallID }, { $0.sipCallID = $1 }),
            text("call_id", { $0.callID }, { $0.callID = $1 }).indexed,
            text("entry_id", { $0.entryID }, { $0.entryID = $1 }).indexed,
            text("line_number", { $0.lineNumber }, { $0.lineNumber = $1 }).indexed,
            text("rk", { $0.campaign }, { $0.campaign = $1 }),
            text("city", { $0.city }, { $0.city = $1 }).indexed,
            text("avito_name", { $0.avitoName }, { $0.avitoName = $1 }),
        ]

    private static let people: [CallColumn] = [
        integer("operator_id", { $0.operatorID }, { $0.operatorID = $1 }).indexed,
        integer("assigned_user_id", { $0.assignedUserID }, { $0.assignedUserID = $1 }).indexed,
        integer("answered_by_user_id", { $0.answeredByUserID }, { $0.answeredByUserID = $1 }).indexed,
        integer("caller_company_id", { $0.callerCompanyID }, { $0.callerCompanyID = $1 }).indexed,
        uuid("client_id", { $0.clientID }, { $0.clientID = $1 }).indexed,
        text("customer_id", { $0.customerID }, { $0.customerID = $1 }).indexed,
        // Naming this one or the notes has the index of texts look whether they have changed.
        text("customer_name", { $0.customerName }, { $0.customerName = $1 }).indexed,
        text("customer_company", { $0.customerCompany }, { $0.customerCompany = $1 }),
        text("customer_email", { $0.customerEmail }, { $0.customerEmail = $1 }),
        text("customer_phone", { $0.customerPhone }, { $0.customerPhone = $1 }),
        text("order_id", { $0.orderID }, { $0.orderID = $1 }),
    ]

    private static let writing: [CallColumn] = [
        text("call_purpose", { $0.purpose }, { $0.purpose = $1 }),
        word("priority", { $0.priority }, { $0.priority = $1 }),
        time("follow_up_date", { $0.followUpDate }, { $0.followUpDate = $1 }),
        text("outcome", { $0.outcome }, { $0.outcome = $1 }),
        text("notes", { $0.notes }, { $0.notes = $1 }).indexed,
    ]

    private static let course: [CallColumn] = [
        flag("is_on_hold", { $0.isOnHold }, { $0.isOnHold = $1 }),
        flag("is_muted", { $0.isMuted }, { $0.isMuted = $1 }),
        flag("is_speaker_on", { $0.isSpeakerOn }, { $0.isSpeakerOn = $1 }),
        count("hold_seconds", { $0.holdSeconds }, { $0.holdSeconds = $1 }),
        time("held_since", { $0.heldSince }, { $0.heldSince = $1 }),
        count("transfer_count", { $0.transferCount }, { $0.transferCount = $1 }),
        flag("is_callback", { $0.isCallback }, { $0.isCallback = $1 }),
        text("disconnect_reason", { $0.disconnectReason }, { $0.disconnectReason = $1 }),
        word("end_reason", { $0.endReason }, { $0.endReason = $1 }),
        time("started_at", { $0.startedAt }, { $0.startedAt = $1 }).indexed,
        time("ringing_at", { $0.ringingAt }, { $0.ringingAt = $1 }),
        time("answered_at", { $0.answeredAt }, { $0.answeredAt = $1 }),
        time("ended_at", { $0.endedAt }, { $0.endedAt = $1 }),
        CallColumn(
            name: "duration", value: { SQLValue($0.duration) },
            read: { $0.duration = $1.integerIfPresent($2).map { Int($0) } }),
    ]

    private static let recording: [CallColumn] = [
        text("recording_url", { $0.recordingURL }, { $0.recordingURL = $1 }),
        text("recording_path", { $0.recordingPath }, { $0.recordingPath = $1 }),
        time("recording_processed_at", { $0.recordingProcessedAt }, { $0.recordingProcessedAt = $1 }),
        flag("recording_email_sent", { $0.recordingEmailSent }, { $0.recordingEmailSent = $1 }),
        text("transcript", { $0.transcript }, { $0.transcript = $1 }),
        text("summary", { $0.summary }, { $0.summary = $1 }),
        word("sentiment", { $0.sentiment }, { $0.sentiment = $1 }),
        CallColumn(
            name: "confidence_score", value: { SQLValue($0.confidenceScore) },
            read: { $0.confidenceScore = $1.realIfPresent($2) }),
        CallColumn(
            name: "mango_data", value: { $0.mangoData.map(SQLValue.json) ?? .null },
            read: { $0.mangoData = $1.jsonIfPresent($2) }),
        flag("is_test", { $0.isTest }, { $0.isTest = $1 }),
        count("version", { $0.version }, { $0.version = $1 }),
        time("created_at", { $0.createdAt }, { $0.createdAt = $1 }).fixed,
        time("updated_at", { $0.updatedAt }, { $0.updatedAt = $1 }),
    ]
}
