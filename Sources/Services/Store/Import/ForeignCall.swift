import CallModel
import Wire

/// A row of the table `calls` of document 000 or 001.
struct ForeignCall {
    /// Why it is no call that could be kept.
    struct Problem: Error {
        let words: String
    }

    private let row: ForeignRow

    init(_ row: ForeignRow) { self.row = row }

    /// The longest text that the column for the exchange's ids takes.
    private static let longestID = 160

    /// `people`: our people by the numbers they have there.
    func record(of people: [Int64: Int64], uuid: UUID) -> Result<CallRecord, Problem> {
        guard let status = row.text("status"), let state = Self.states[status] else {
            return .failure(Problem(words: "status is none of answered, missed, busy, no_answer"))
        }
        guard let client = row.text("phone_client") else { return .failure(Problem(words: "no phone_client")) }
        guard let begin = row.time("date_create") ?? row.time("created_at") else {
            return .failure(Problem(words: "neither date_create nor created_at is a date"))
        }
        let callID = row.text("call_id") ?? "IMPORT-\(row.text("id") ?? "")"
        guard max(callID.utf8.count, row.text("entry_id")?.utf8.count ?? 0) <= Self.longestID else {
            return .failure(Problem(words: "call_id or entry_id is longer than \(Self.longestID) bytes"))
        }
        let (direction, line) = (direction, row.text("phone_ats") ?? "")
        let (caller, receiver) = direction == .outgoing ? (line, client) : (client, line)
        var record = CallRecord(
            id: row.integer("id") ?? 0, uuid: uuid, source: callID.hasPrefix("MANUAL-") ? .manual : .mango,
            direction: direction, state: state, callerNumber: caller, receiverNumber: receiver, startedAt: begin)
        record.callID = callID
        record.lineNumber = line.isEmpty ? nil : line
        fillCourse(&record)
        fillFacts(&record, people)
        return .success(record)
    }

    private static let states: [String: CallState] = [
        "answered": .completed, "missed": .missed, "busy": .busy, "no_answer": .noAnswer,
    ]

    private var direction: CallDirection {
        switch row.text("call_direction") ?? row.text("direction") {
        case "outgoing", "outbound", "out": .outgoing
        case "internal": .internal
        default: .incoming
        }
    }

    /// How long it rang is not known there: an answered call counts from its beginning.
    private func fillCourse(_ record: inout CallRecord) {
        let duration = record.state == .completed ? Int(clamping: max(0, row.integer("duration") ?? 0)) : 0
        if record.state == .completed { record.answeredAt = record.startedAt }
        (record.endedAt, record.duration) = (record.startedAt + .seconds(duration), duration)
    }

    private func fillFacts(_ record: inout CallRecord, _ people: [Int64: Int64]) {
        record.entryID = row.text("entry_id")
        (record.campaign, record.city) = (row.text("rk"), row.text("city"))
        record.avitoName = row.text("avito_name")
        record.operatorID = row.integer("operator_id").flatMap { people[$0] }
        record.answeredByUserID = record.answeredAt == nil ? nil : record.operatorID
        record.recordingURL = row.text("record_url")
        record.recordingPath = row.text("recording_path")
        record.recordingProcessedAt = row.time("recording_processed_at")
        record.recordingEmailSent = row.flag("recording_email_sent")
        record.mangoData = row.json("mango_data")
        record.createdAt = row.time("created_at") ?? record.startedAt
        record.updatedAt = row.time("updated_at") ?? record.createdAt
    }
}
