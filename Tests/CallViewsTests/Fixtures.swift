import CallModel
import CallViews
import Directory
import Testing
import Wire

let uuidText = "3f2b8c1e-5d4a-4b6f-9e7a-1c2d3e4f5a6b"

/// A live or ended call whose numbers are those of document 002's examples.
func makeCall(_ state: CallState, _ direction: CallDirection = .incoming) throws -> CallFacts {
    let uuid = try #require(UUID(uuidText))
    let start = try #require(WallTime(iso8601: "2024-01-15T10:30:00Z"))
    var record = CallRecord(
        id: 1, uuid: uuid, source: .sip, direction: direction, state: state, callerNumber: "+7 (495) 123-45-67",
        receiverNumber: "+7 (495) 987-65-43", startedAt: start)
    if state.isUp || state == .completed { record.answeredAt = start + .seconds(5) }
    if state.isTerminal { record.endedAt = start + .seconds(205) }
    if state == .completed { record.duration = 200 } else if state.isTerminal { record.duration = 0 }
    return CallFacts(record: record)
}

/// The call of document 002's examples, with everything its clients wrote down.
func makeCRMExample(_ state: CallState = .completed) throws -> CallFacts {
    var call = try makeCall(state)
    call.record.notes = "Клиент интересовался услугами"
    (call.record.assignedUserID, call.record.answeredByUserID, call.record.callerCompanyID) = (1, 1, 5)
    (call.record.customerName, call.record.customerCompany) = ("Иван Петров", "ООО Технологии")
    (call.record.customerEmail, call.record.purpose) = ("ivan@tech.ru", "sales")
    call.record.followUpDate = WallTime(iso8601: "2024-01-20T14:00:00Z")
    call.record.outcome = "Договорились о встрече"
    call.record.recordingURL = "https://example.com/recordings/call_1.mp3"
    call.record.channelID = "SIP/1001-00000001"
    call.record.tags = ["новый клиент", "продажи"]
    let anna = User(id: 1, login: "anna", firstName: "Анна", lastName: "Иванова")
    (call.assignedUser, call.answeredBy) = (anna, anna)
    call.company = Company(id: 5, name: "ООО Технологии", inn: "1234567890")
    return call
}

/// The first members of an object, as many as `text` has, printed like it.
func prefix(of value: JSONValue, like text: String) throws -> JSONValue {
    let count = try #require(try JSONValue(parsing: text).objectValue).members.count
    return .object(JSONObject(Array(try #require(value.objectValue).members.prefix(count))))
}

/// Parses what a document prints.
func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }
