import CallModel
import CallViews
import Directory
import Web
import Wire

/// What a body says of a member that can be cleared.
enum FieldEdit<Value: Sendable>: Sendable {
    /// Not mentioned: it stays.
    case keep
    /// Null.
    case clear
    case set(Value)

    func apply(to value: inout Value?) {
        switch self {
        case .keep: break
        case .clear: value = nil
        case .set(let new): value = new
        }
    }
}

/// What document 002's `PUT /api/calls/:id` changes of a call; null clears, markup is taken out.
struct CRMEdit: Sendable {
    /// Characters of all notes of a call.
    static let maximumNotes = 65_536
    static let maximumOutcome = 4096
    static let maximumTags = 50
    static let maximumTagLength = 100

    let notes: FieldEdit<String>
    private let customerName: FieldEdit<String>
    private let company: FieldEdit<String>
    private let email: FieldEdit<String>
    private let purpose: FieldEdit<String>
    private let outcome: FieldEdit<String>
    private let priority: FieldEdit<CallPriority>
    private let followUpDate: FieldEdit<WallTime>
    private let tags: FieldEdit<[String]>

    init(_ request: APIRequest, dates: DateBounds) throws(Failure) {
        notes = try request.textEdit("notes", maximumLength: Self.maximumNotes)
        customerName = try request.textEdit("customer_name")
        company = try request.textEdit("company")
        email = try Self.email(request)
        purpose = try request.textEdit("call_purpose")
        outcome = try request.textEdit("outcome", maximumLength: Self.maximumOutcome)
        priority = try request.edit("priority") { value throws(Failure) in
            guard let word = value.stringValue, let priority = CallPriority(rawValue: word) else {
                throw .invalid("priority", "low, medium или high")
            }
            return priority
        }
        followUpDate = try request.edit("follow_up_date") { value throws(Failure) in
            try dates.lower(value.stringValue ?? "", field: "follow_up_date")
        }
        tags = try request.edit("tags") { value throws(Failure) in try Self.tags(value) }
    }

    func apply(to record: inout CallRecord) {
        notes.apply(to: &record.notes)
        customerName.apply(to: &record.customerName)
        company.apply(to: &record.customerCompany)
        email.apply(to: &record.customerEmail)
        purpose.apply(to: &record.purpose)
        outcome.apply(to: &record.outcome)
        followUpDate.apply(to: &record.followUpDate)
        var urgency: CallPriority? = record.priority
        priority.apply(to: &urgency)
        record.priority = urgency ?? .medium
        var labels: [String]? = record.tags
        tags.apply(to: &labels)
        record.tags = labels ?? []
    }

    /// An empty address is none.
    private static func email(_ request: APIRequest) throws(Failure) -> FieldEdit<String> {
        let edit = try request.textEdit("email")
        guard case .set(let text) = edit else { return edit }
        if text.isEmpty { return .clear }
        guard TextRule.email.accepts(text) else { throw .invalid("email", "не является адресом электронной почты") }
        return .set(text)
    }

    /// A list of words, or the words joined by commas as the detail of a call prints them; each once, in their order.
    private static func tags(_ value: JSONValue) throws(Failure) -> [String] {
        let words: [String]
        if let text = value.stringValue {
            words = text.split(separator: ",").map(String.init)
        } else if let list = value.arrayValue, list.allSatisfy({ $0.stringValue != nil }) {
            words = list.compactMap(\.stringValue)
        } else {
            throw .invalid("tags", "ожидается список строк")
        }
        var tags: [String] = []
        for word in words {
            let tag = Markup.removed(from: word).trimmed
            guard tag.unicodeScalars.count <= maximumTagLength else {
                throw .invalid("tags", "не длиннее \(maximumTagLength) символов")
            }
            if !tag.isEmpty, !tags.contains(tag) { tags.append(tag) }
        }
        guard tags.count <= maximumTags else { throw .invalid("tags", "не больше \(maximumTags)") }
        return tags
    }
}

extension String {
    /// Without blanks at both ends.
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}

extension APIRequest {
    /// A member that `read` turns into a value, if it is there and not null.
    func edit<Value: Sendable>(
        _ name: String, _ read: (JSONValue) throws(Failure) -> Value
    ) throws(Failure) -> FieldEdit<Value> {
        guard let value = body[name] else { return .keep }
        return value.isNull ? .clear : .set(try read(value))
    }

    /// A text without markup.
    func textEdit(_ name: String, maximumLength: Int = APIRequest.maximumText) throws(Failure) -> FieldEdit<String> {
        try edit(name) { _ throws(Failure) in try plainText(name, maximumLength: maximumLength) ?? "" }
    }
}
