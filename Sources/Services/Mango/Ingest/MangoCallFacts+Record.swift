import CallModel
import Directory
import Wire

/// People and things that the facts of a call lead to.
struct MangoContext: Sendable {
    /// The person at our side, when the exchange said who that is.
    var person: User?
    /// Whose call it is otherwise; looked for once, when the record is made.
    var keeper: User?
    var line: PhoneLine?
    var company: Company?
    /// The event that says most, as JSON text.
    var data: String?
    var recordURL: String?
    /// Whether the call is over: after its last leg another may follow for a while.
    var isOver: Bool
}

extension MangoCallFacts {
    static let campaign = "MANGO"
    static let unknownCity = "Неизвестно"

    /// Writes down what is known; what people wrote stays.
    func fill(_ record: inout CallRecord, _ context: MangoContext) {
        record.direction = direction
        (record.callerNumber, record.receiverNumber) = (callerNumber, receiverNumber)
        (record.callID, record.entryID) = (record.callID ?? callID, record.entryID ?? entryID)
        (record.lineNumber, record.sipCallID) = (lineNumber ?? record.lineNumber, sipCallID ?? record.sipCallID)
        record.extension = house.extension ?? context.person?.extension ?? record.extension
        fillPeople(&record, context)
        record.isCallback = isCallback
        (record.holdSeconds, record.transferCount) = (holdSeconds, transferCount)
        record.startedAt = startedAt
        (record.ringingAt, record.answeredAt) = (ringingAt ?? record.ringingAt, answeredAt)
        record.mangoData = context.data ?? record.mangoData
        if record.recordingURL == nil { record.recordingURL = context.recordURL }
        fillState(&record, isOver: context.isOver)
    }

    private func fillPeople(_ record: inout CallRecord, _ context: MangoContext) {
        record.operatorID = context.person?.id ?? record.operatorID ?? context.keeper?.id
        record.assignedUserID = context.person?.id ?? record.assignedUserID
        record.answeredByUserID = answeredAt == nil ? nil : context.person?.id ?? record.answeredByUserID
        if record.callerCompanyID == nil, let company = context.company {
            (record.callerCompanyID, record.callerCompany) = (company.id, company)
        }
        let city = context.line?.city ?? context.person?.city ?? context.keeper?.city
        if record.campaign == nil || record.campaign == Self.campaign {
            record.campaign = context.line?.campaign ?? Self.campaign
        }
        if record.city == nil || record.city == Self.unknownCity { record.city = city ?? Self.unknownCity }
        record.avitoName = record.avitoName ?? context.line?.avitoName
    }

    private func fillState(_ record: inout CallRecord, isOver: Bool) {
        guard isOver else {
            record.state = state.isTerminal ? (answeredAt == nil ? .ringing : .answered) : state
            record.isOnHold = record.state == .held
            (record.heldSince, record.endedAt, record.duration) = (heldSince, nil, nil)
            return
        }
        (record.state, record.endReason) = (state, endReason)
        record.disconnectReason = disconnectReason
        (record.isOnHold, record.heldSince) = (false, nil)
        (record.endedAt, record.duration) = (endedAt ?? startedAt, duration)
    }
}
