import CallModel
import CallViews
import Directory
import Web
import Wire

/// Document 002, with what its clients ask beyond it.
extension Operation {
    private static let detail = JSONSchema.data(CallView.crm.schema(.detail))

    static let listCRMCalls = Operation(
        "Calls, the newest first", Family.crm,
        answers: .json(
            .object([
                "success": .constant(true), "data": .list(of: CallView.crm.schema()),
                "pagination": PageInfo.crmSchema,
            ])), refusals: [.storeUnavailable]
    ).taking(Parameter.page(.crm)).taking(
        .query("status", .words(CallView.crm.statusWords)),
        .query("search", .text(atMost: APIRequest.maximumSearch), "In numbers, names and notes"),
        .query(date: "date_from"), .query(date: "date_to"), .query(id: "userId"))

    static let showCRMCall = Operation(
        "One call", Family.crm, answers: .json(detail), .notModified, refusals: [Failure].call
    ).taking(.call(), .ifNoneMatch)

    static let reportCall = Operation(
        "Reports a call that has come to another exchange", Family.crm, answers: .json(.created, detail),
        .json(.ok, detail), refusals: [Failure].creation + [.companyNotFound]
    ).taking(.idempotencyKey).body(
        .object([
            "caller_number": .telephone, "receiver_number": .telephone, "channel_id": .member(),
            "assigned_user_id": .identifier, "caller_company_id": .identifier,
        ]))

    static let editCRMCall = Operation(
        "Writes on a call; null clears", Family.crm, answers: .json(detail), refusals: [Failure].call
    ).taking(.call()).body(.object(CRMEdit.members))

    static let rewriteNotes = Operation(
        "Writes the notes of a call anew", Family.crm, answers: .json(detail), refusals: [Failure].call
    ).taking(.call()).body(.object(["notes": notes.orNull]))

    private static let notes = JSONSchema.text(atMost: CRMEdit.maximumNotes, pattern: "^[^\\u0000]*$")

    static let crmHealth = Operation(
        "Whether the interface and its database answer", Family.crm,
        answers: .json(
            .object([
                "success": .flag, "message": .text, "timestamp": .moment,
                "database": .words(["connected", "disconnected"]),
            ]))
    ).open(to: .open)

    static let endCRMCall = Operation(
        "Ends a call; repeating it changes nothing", Family.crm,
        answers: .json(
            .object([
                "success": .constant(true), "message": .text, "endedAt": .text, "duration": .integer,
                "data": CallView.crm.schema(.detail),
            ])), refusals: [Failure].command
    ).taking(.call()).body(.object(["duration": .count, "notes": notes.orNull.optional]), isOptional: true)

    static let showCRMStatus = Operation(
        "How a call stands", Family.crm,
        answers: .json(.data(.all(of: [CallView.crm.schema(.active), .object(["is_active": .flag])]))),
        refusals: [Failure].call
    ).taking(.call())

    static let recordingStatus = Operation(
        "Whether a call has a recording", Family.crm,
        answers: .json(
            .data(
                .object([
                    "status": .words(["none", "recording", "available"]), "reason": .text.orNull,
                    "hasRecording": .flag, "recording_url": .text.orNull,
                ]))), refusals: [Failure].call
    ).taking(.call())

    static let callOut = Operation(
        "Calls a number from a page or from an extension", Family.crm,
        answers: .json(
            .object([
                "success": .constant(true), "callId": .integer, "uuid": .uuid, "message": .text,
                "data": CallView.crm.schema(.detail),
            ])), refusals: [Failure].creation
    ).taking(.idempotencyKey).body(
        .object(["toNumber": .telephone, "fromNumber": .optionalTelephone, "userId": .identifier]))

    static let internalNumbers = Operation(
        "Every extension of the house", Family.crm,
        answers: .json(
            .data(
                .list(
                    of: .object([
                        "number": .text, "extension": .text, "name": .text.orNull, "user_id": .integer.orNull,
                        "first_name": .text.orNull, "last_name": .text.orNull,
                    ])))))

    static let availableUsers = Operation(
        "Whom a call can be handed to", Family.crm, answers: .json(.data(.list(of: User.availableSchema))),
        refusals: [.storeUnavailable])

    static let phonesOfUser = Operation(
        "The telephones of a user", Family.crm, answers: .json(.data(.list(of: UserPhone.schema))),
        refusals: [.userNotFound, .storeUnavailable]
    ).taking(.path("id", .rowID))

    static let companyByPhone = Operation(
        "Who calls from a number", Family.crm, answers: .json(.data(Company.schema)),
        refusals: [.companyNotFound, .storeUnavailable, .invalidPhone("")]
    ).taking(.path("phone", .dialled))

    static let overview = Operation(
        "Figures of calls", Family.crm, answers: .json(.data(CallFigures.overviewSchema)),
        refusals: [.storeUnavailable]
    ).taking(period)

    static let statisticsOfUsers = Operation(
        "Figures of calls for each user", Family.crm, answers: .json(.data(.list(of: CallFigures.userSchema))),
        refusals: [.storeUnavailable]
    ).taking(period)

    private static let period: [Parameter] = [
        .query("period", .words(Period.self)), .query(date: "date_from", "Instead of the period's beginning"),
        .query(date: "date_to"), .query(id: "userId"),
    ]
}

extension CRMEdit {
    static let members: [(String, JSONSchema)] = [
        ("notes", .member(atMost: maximumNotes)), ("customer_name", .member()), ("company", .member()),
        ("email", TextRule.email.optionalSchema.with("maxLength", JSONValue(TextRule.email.maximumLength)).optional),
        ("call_purpose", .member()), ("outcome", .member(atMost: maximumOutcome)),
        ("priority", .words(CallPriority.self).orNull.optional), ("follow_up_date", .date.orNull.optional),
        (
            "tags",
            .any(of: [
                .list(of: .text(atMost: maximumTagLength), atMost: maximumTags), .text(pattern: "^[^,]{0,100}$"),
                JSONSchema(["type": "null"]),
            ]).optional
        ),
    ]
}
