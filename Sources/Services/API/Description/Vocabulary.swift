import CallModel
import CallViews
import Directory
import Web
import Wire

/// The families of clients under which the description of the interface sorts its routes.
enum Family {
    static let records = "records"
    static let crm = "crm"
    static let pbx = "pbx"
    static let gateway = "gateway"
    static let calls = "calls"
    static let queues = "queues"
    static let conferences = "conferences"
    static let admin = "admin"
    static let login = "login"
}

extension API {
    /// The families with a word about each, in the order in which people read them.
    package static let families: [(name: String, summary: String)] = [
        (Family.login, "A password for a token"), (Family.records, "Call records: a call service of a call centre"),
        (Family.crm, "Calls of a CRM, people, companies, statistics"),
        (Family.pbx, "Click-to-call and commands of a PBX service"),
        (Family.gateway, "Calls of a WebRTC gateway"),
        (Family.calls, "What hangs on a call: traces, recordings, streams"),
        (Family.queues, "Queues and who takes their calls"), (Family.conferences, "Conference rooms"),
        (Family.admin, "What administrators keep"),
        ("mango", "Webhooks of the Mango Office exchange for a CRM"), ("realtime", "Broadcasts of other services"),
    ]
}

// MARK: - Values of requests, as APIRequest reads them

extension JSONSchema {
    /// The envelope of most answers.
    static func data(_ schema: JSONSchema) -> JSONSchema { .object(["success": .constant(true), "data": schema]) }

    static let done = JSONSchema.object(["success": .constant(true)])

    /// A call by its number or its UUID.
    static let callKey = JSONSchema.any(of: [.integer(0...999_999_999_999_999_999), .uuid])
    static let rowID = JSONSchema.integer(0...999_999_999_999_999_999)

    /// `APIRequest.text`: null counts as absent.
    static func member(atMost maximum: Int = APIRequest.maximumText) -> JSONSchema {
        .text(atMost: maximum, pattern: "^[^\\u0000]*$").orNull.optional
    }

    /// `APIRequest.text` of something that must be there.
    static func requiredMember(atMost maximum: Int = APIRequest.maximumText) -> JSONSchema {
        .text(atLeast: 1, atMost: maximum, pattern: "^[^\\u0000]+$")
    }

    /// `APIRequest.text`, which takes whole numbers, too.
    static func memberOrNumber(isRequired: Bool = false) -> JSONSchema {
        isRequired ? .any(of: [.requiredMember(), .integer]) : .any(of: [.member(), .integer]).optional
    }

    /// What `APIRequest.identifier` reads.
    static let identifier = JSONSchema.any(of: [
        .integer(1...Int.max), .text(pattern: "^[1-9][0-9]{0,17}$"), JSONSchema(["type": "null"]),
    ]).optional

    /// What `APIRequest.count` reads.
    static let count = JSONSchema.any(of: [
        .integer(0...Int(Int32.max)), .text(pattern: "^[0-9]{1,9}$"), JSONSchema(["type": "null"]),
    ]).optional

    /// A UUID of a body, also for programs that know no formats.
    static let writtenUUID = JSONSchema.uuid.with(
        "pattern", "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")

    /// What `APIRequest.flag` reads.
    static let switching = JSONSchema.any(of: [.flag, .words(["true", "false"]), JSONSchema(["type": "null"])]).optional

    static let phone = JSONSchema.text(
        atLeast: 1, atMost: PhoneNumber.maximumLength, pattern: "^(\(PhoneNumber.pattern))$")
    /// A telephone number, or the name of a built-in one.
    static let dialled = JSONSchema.any(of: [phone, .words(BuiltInNumber.allCases.map(\.rawValue))])
    /// `API.number` of a body.
    static let telephone = JSONSchema.any(of: [dialled, .integer(0...Int.max)])
    static let optionalTelephone = JSONSchema.any(of: [telephone, .constant(""), JSONSchema(["type": "null"])]).optional

    /// A day, or a moment with its offset.
    static let date = JSONSchema.any(of: [JSONSchema(["type": "string", "format": "date"]), .moment])
}

extension Operation.Parameter {
    static func call(_ name: String = "id") -> Operation.Parameter { .path(name, .callKey, "A call's number or UUID") }

    /// `APIRequest.page`: what is beyond the maximum is cut to it.
    static func page(_ limit: PageLimit) -> [Operation.Parameter] {
        [
            .query("page", .integer(1...999_999_999).with("default", 1)),
            .query(
                "limit", .integer(1...999_999_999).with("default", JSONValue(limit.usual)),
                "At most \(limit.maximum) come at once"),
        ]
    }

    static func query(date name: String, _ summary: String = "") -> Operation.Parameter {
        .query(name, .date, summary)
    }

    static func query(id name: String, _ summary: String = "") -> Operation.Parameter {
        .query(name, .integer(1...999_999_999_999_999_999), summary)
    }

    static let view = Operation.Parameter.query(
        "view", .text, "Which family's words are answered: records or gateway; any other is ignored")
    static let ifNoneMatch = Operation.Parameter(.header, "If-None-Match", .text, "An ETag the client has")
    static let range = Operation.Parameter(.header, "Range", .text, "One range of bytes")
    static let idempotencyKey = Operation.Parameter(
        .header, "Idempotency-Key", .text(atLeast: 1, atMost: API.maximumKeyLength),
        "Lets the request be repeated without harm")
}

extension Operation.Answer {
    static let notModified = Operation.Answer(.notModified, "The client has it")

    static func file(_ types: String...) -> [Operation.Answer] {
        let content = types.map { (type: $0, schema: JSONSchema?.none) }
        return [
            Operation.Answer(.ok, "The file", content), Operation.Answer(.partialContent, "A part of it", content),
            Operation.Answer(.rangeNotSatisfiable, "The file does not go so far", content),
        ]
    }
}

// MARK: - Refusals that go together

extension [Failure] {
    /// What reading one call may be refused for.
    static var call: [Failure] { [.callNotFound, .storeUnavailable] }

    /// What a command to a call may be refused for.
    static var command: [Failure] {
        call + [
            .alreadyAnswered, .alreadyEnded, .invalidState, .extensionNotFound, .userNotFound, .capacityExceeded,
            .invalidPhone(""),
        ]
    }

    /// What making something may be refused for.
    static var creation: [Failure] { command + [.keyUsedDifferently] }
}
