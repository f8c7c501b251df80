import CallModel
import CallViews
import Directory
import Web
import Wire

/// What a client of document 000 says of a call that it writes down by hand.
struct RecordForm: Sendable {
    static let maximumCallID = 128

    let phoneClient: String
    let phoneAts: String
    let state: CallState
    let startedAt: WallTime
    /// Seconds from answer to end.
    let duration: Int
    let callID: String?
    private let campaign: String
    private let city: String
    private let avitoName: String?
    private let recordingURL: String?

    init(_ request: APIRequest, dates: DateBounds, now: WallTime) throws(Failure) {
        try request.require("phoneClient", "status")
        phoneClient = try request.phone("phoneClient") ?? ""
        phoneAts = try request.phone("phoneAts") ?? ""
        state = try request.recordsState(isLive: false) ?? .missed
        if let text = try request.text("dateCreate") {
            startedAt = try dates.lower(text, field: "dateCreate")
        } else {
            startedAt = now
        }
        duration = try request.count("duration") ?? 0
        callID = try request.text("callId", maximumLength: Self.maximumCallID, takesNumbers: true).flatMap {
            $0.isEmpty ? nil : $0
        }
        campaign = try request.plainText("rk") ?? "MANUAL"
        city = try request.plainText("city") ?? ""
        avitoName = try request.plainText("avitoName")
        recordingURL = try request.recordURL()
    }

    /// A call that came in, ended as the client says, and was never here.
    func fill(_ record: inout CallRecord, operatorID: Int64?) {
        record.state = state
        record.operatorID = operatorID
        (record.campaign, record.city, record.avitoName) = (campaign, city, avitoName)
        record.recordingURL = recordingURL
        record.lineNumber = phoneAts.isEmpty ? nil : phoneAts
        record.answeredAt = state == .completed ? startedAt : nil
        record.answeredByUserID = state == .completed ? operatorID : nil
        record.duration = state == .completed ? duration : 0
        record.endedAt = startedAt + .seconds(record.duration ?? 0)
    }
}

/// What document 000's `PUT` may change of a call.
struct RecordEdit: Sendable {
    /// The words of `status`; nil: it stays.
    let status: String?
    let note: String?
    private let duration: Int?
    private let recordingURL: String?
    private let campaign: String?
    private let city: String?

    init(_ request: APIRequest) throws(Failure) {
        status = try request.recordsState(isLive: false) == nil ? nil : request.text("status")
        note = try request.plainText("note", maximumLength: CRMEdit.maximumNotes)
        duration = try request.count("duration")
        recordingURL = try request.recordURL()
        campaign = try request.plainText("rk")
        city = try request.plainText("city")
    }

    /// The state of `status` is applied to calls that are over; those that live are commanded.
    func apply(to record: inout CallRecord) {
        if record.state.isTerminal {
            if let state = status.flatMap({ CallView.records.state(forWritten: $0, isLive: false) }),
                status != CallView.records.status(of: record)
            {
                record.correct(to: state)
            }
            if let duration { record.correct(duration: duration) }
        }
        record.notes = note ?? record.notes
        record.recordingURL = recordingURL ?? record.recordingURL
        record.campaign = campaign ?? record.campaign
        record.city = city ?? record.city
    }
}

extension APIRequest {
    /// A telephone number of the body; nil when it is absent or empty.
    func phone(_ name: String) throws(Failure) -> String? {
        guard let text = try text(name, takesNumbers: true), !text.isEmpty else { return nil }
        guard PhoneNumber.isAcceptable(text) else { throw .invalidPhone(name) }
        return text
    }

    /// The state that `status` means in document 000's words; nil when it is absent.
    fileprivate func recordsState(isLive: Bool) throws(Failure) -> CallState? {
        guard let word = try text("status") else { return nil }
        guard let state = CallView.records.state(forWritten: word, isLive: isLive) else {
            throw .invalid("status", "answered, missed, busy или no_answer")
        }
        return state
    }

    /// `recordUrl`: pages make links of it, so it must be a place and no program.
    fileprivate func recordURL() throws(Failure) -> String? {
        guard let text = try text("recordUrl", maximumLength: APIRequest.maximumURL), !text.isEmpty else { return nil }
        guard ["https://", "http://", "s3://", "/"].contains(where: { text.lowercased().hasPrefix($0) }) else {
            throw .invalid("recordUrl", "ожидается адрес http, https или s3")
        }
        return text
    }
}
