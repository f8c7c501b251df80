import CallModel
import Directory
import Wire

/// One column of `calls`: how a record fills it and is filled from it.
struct CallColumn: Sendable {
    let name: String
    let value: @Sendable (CallRecord) -> SQLiteValue
    let read: @Sendable (inout CallRecord, borrowing SQLiteRow, Int32) -> Void
    /// Set when the row is made, and left alone by later writes.
    var isFixed = false
}

private typealias Path<Value> = any WritableKeyPath<CallRecord, Value> & Sendable

/// A closed list whose words stand in the database.
private typealias StoredWord = RawRepresentable<String> & SendableMetatype

extension CallColumn {
    private static func text(_ name: String, _ path: Path<String>) -> CallColumn {
        CallColumn(name: name, value: { .text($0[keyPath: path]) }, read: { $0[keyPath: path] = $1.text($2) })
    }

    private static func text(_ name: String, _ path: Path<String?>) -> CallColumn {
        CallColumn(
            name: name, value: { SQLiteValue($0[keyPath: path]) }, read: { $0[keyPath: path] = $1.textIfPresent($2) })
    }

    /// A word of a closed list; a word this program does not know reads as nil.
    private static func word<Word: StoredWord>(_ name: String, _ path: Path<Word?>) -> CallColumn {
        CallColumn(
            name: name, value: { SQLiteValue($0[keyPath: path]?.rawValue) },
            read: { $0[keyPath: path] = $1.textIfPresent($2).flatMap(Word.init(rawValue:)) })
    }

    /// A word of a closed list that is always there; one this program does not know leaves the default.
    private static func word<Word: StoredWord>(_ name: String, _ path: Path<Word>) -> CallColumn {
        CallColumn(
            name: name, value: { .text($0[keyPath: path].rawValue) },
            read: { $0[keyPath: path] = Word(rawValue: $1.text($2)) ?? $0[keyPath: path] })
    }

    private static func integer(_ name: String, _ path: Path<Int64?>) -> CallColumn {
        CallColumn(
            name: name, value: { SQLiteValue($0[keyPath: path]) },
            read: { $0[keyPath: path] = $1.integerIfPresent($2) })
    }

    private static func count(_ name: String, _ path: Path<Int>) -> CallColumn {
        CallColumn(
            name: name, value: { SQLiteValue($0[keyPath: path]) }, read: { $0[keyPath: path] = Int($1.integer($2)) })
    }

    private static func flag(_ name: String, _ path: Path<Bool>) -> CallColumn {
        CallColumn(name: name, value: { SQLiteValue($0[keyPath: path]) }, read: { $0[keyPath: path] = $1.flag($2) })
    }

    private static func time(_ name: String, _ path: Path<WallTime>) -> CallColumn {
        CallColumn(name: name, value: { SQLiteValue($0[keyPath: path]) }, read: { $0[keyPath: path] = $1.time($2) })
    }

    private static func time(_ name: String, _ path: Path<WallTime?>) -> CallColumn {
        CallColumn(
            name: name, value: { SQLiteValue($0[keyPath: path]) }, read: { $0[keyPath: path] = $1.timeIfPresent($2) })
    }

    private static func uuid(_ name: String, _ path: Path<UUID?>) -> CallColumn {
        CallColumn(
            name: name, value: { SQLiteValue($0[keyPath: path]) },
            read: { $0[keyPath: path] = $1.textIfPresent($2).flatMap { UUID($0) } })
    }

    /// A number and, in the column before its index, what it is compared by.
    private static func number(_ name: String, _ norm: String, _ path: Path<String>) -> [CallColumn] {
        let normal = CallColumn(
            name: norm, value: { .text(PhoneNumber($0[keyPath: path]).normal) }, read: { _, _, _ in })
        return [text(name, path), normal]
    }

    private var fixed: CallColumn {
        var column = self
        column.isFixed = true
        return column
    }
}

extension CallColumn {
    /// All columns in the order of the schema; `id` and `uuid` lead.
    static let all: [CallColumn] = identity + ends + people + writing + course + recording

    private static let identity: [CallColumn] = [
        CallColumn(name: "id", value: { .integer($0.id) }, read: { $0.id = $1.integer($2) }).fixed,
        CallColumn(
            name: "uuid", value: { SQLiteValue($0.uuid) },
            read: { record, row, column in record.uuid = UUID(row.text(column)) ?? record.uuid }
        ).fixed,
        word("source", \.source).fixed, word("direction", \.direction), word("state", \.state),
    ]

    private static let ends: [CallColumn] =
        number("caller_number", "caller_norm", \.callerNumber)
        + number("receiver_number", "receiver_norm", \.receiverNumber) + [
            text("extension", \.extension), text("channel_id", \.channelID), text("sip_call_id", \.sipCallID),
            text("call_id", \.callID), text("entry_id", \.entryID), text("line_number", \.lineNumber),
            text("rk", \.campaign), text("city", \.city), text("avito_name", \.avitoName),
        ]

    private static let people: [CallColumn] = [
        integer("operator_id", \.operatorID), integer("assigned_user_id", \.assignedUserID),
        integer("answered_by_user_id", \.answeredByUserID), integer("caller_company_id", \.callerCompanyID),
        uuid("client_id", \.clientID), text("customer_id", \.customerID), text("customer_name", \.customerName),
        text("customer_company", \.customerCompany), text("customer_email", \.customerEmail),
        text("customer_phone", \.customerPhone), text("order_id", \.orderID),
    ]

    private static let writing: [CallColumn] = [
        text("call_purpose", \.purpose), word("priority", \.priority), time("follow_up_date", \.followUpDate),
        text("outcome", \.outcome), text("notes", \.notes),
    ]

    private static let course: [CallColumn] = [
        flag("is_on_hold", \.isOnHold), flag("is_muted", \.isMuted), flag("is_speaker_on", \.isSpeakerOn),
        count("hold_seconds", \.holdSeconds), time("held_since", \.heldSince),
        count("transfer_count", \.transferCount), flag("is_callback", \.isCallback),
        text("disconnect_reason", \.disconnectReason), word("end_reason", \.endReason),
        time("started_at", \.startedAt), time("ringing_at", \.ringingAt), time("answered_at", \.answeredAt),
        time("ended_at", \.endedAt),
        CallColumn(
            name: "duration", value: { SQLiteValue($0.duration) },
            read: { $0.duration = $1.integerIfPresent($2).map { Int($0) } }),
    ]

    private static let recording: [CallColumn] = [
        text("recording_url", \.recordingURL), text("recording_path", \.recordingPath),
        time("recording_processed_at", \.recordingProcessedAt), flag("recording_email_sent", \.recordingEmailSent),
        text("transcript", \.transcript), text("summary", \.summary), word("sentiment", \.sentiment),
        CallColumn(
            name: "confidence_score", value: { SQLiteValue($0.confidenceScore) },
            read: { $0.confidenceScore = $1.realIfPresent($2) }),
        text("mango_data", \.mangoData), flag("is_test", \.isTest), count("version", \.version),
        time("created_at", \.createdAt).fixed, time("updated_at", \.updatedAt),
    ]
}
