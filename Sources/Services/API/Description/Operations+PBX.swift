import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// Document 003, with what its settings page asks.
extension Operation {
    private static let call = JSONSchema.object(["success": .constant(true), "call": CallView.pbx.schema()])

    static let dial = Operation(
        "Click-to-call: rings an extension, then the far end", Family.pbx, answers: .json(call),
        refusals: [Failure].creation
    ).taking(.idempotencyKey).body(
        .object([
            "from": .memberOrNumber(isRequired: true), "to": .telephone, "autoAnswer": .switching,
        ]))

    static let transfer = Operation(
        "Hands a call on, to a number or into another call", Family.pbx, answers: .json(call),
        refusals: [Failure].command
    ).taking(.call("callId")).body(
        .any(of: [
            transferBody("target", .telephone), transferBody("callId", .callKey),
            transferBody("action", .words(ConsultationEnd.self)),
        ]))

    /// A transfer goes to a number or into another call, or ends a consultation: one of them is named.
    private static func transferBody(_ name: String, _ schema: JSONSchema) -> JSONSchema {
        let members: [(String, JSONSchema)] = [
            ("target", .optionalTelephone), ("callId", .any(of: [.callKey, JSONSchema(["type": "null"])]).optional),
            ("reason", .member()), ("consult", .switching), ("action", .words(ConsultationEnd.self).orNull.optional),
        ]
        return .object(members.map { $0.0 == name ? (name, schema) : $0 })
    }

    static func pbxCommand(_ summary: String) -> Operation {
        Operation(summary, Family.pbx, answers: .json(call), refusals: [Failure].command).taking(.call("callId"))
    }

    static let activeCalls = Operation(
        "Live calls, in two renderings", Family.crm, Family.pbx,
        answers: .json(
            .object([
                "success": .constant(true), "data": .list(of: CallView.crm.schema(.active)),
                "calls": .list(of: CallView.pbx.schema(.active)),
            ])), refusals: [.storeUnavailable]
    ).taking(.query(id: "userId"))

    static let logs = Operation(
        "The history of calls", Family.pbx,
        answers: .json(
            .object([
                "success": .constant(true), "logs": .list(of: CallView.pbx.schema()), "total": .integer,
                "limit": .integer, "offset": .integer,
            ])), refusals: [.storeUnavailable]
    ).taking(
        .query(
            "limit", .integer(1...999_999_999).with("default", JSONValue(PageLimit.logs.usual)),
            "At most \(PageLimit.logs.maximum) come at once"), .query("offset", .integer(0...999_999_999_999_999_999)))

    static let logsOfNumber = Operation(
        "Calls from or to a number", Family.pbx,
        answers: .json(.object(["success": .constant(true), "logs": .list(of: CallView.pbx.schema())])),
        refusals: [.storeUnavailable, .invalidPhone("")]
    ).taking(.path("number", .dialled))

    static let statisticsOfExtension = Operation(
        "Figures of an extension; today's unless said otherwise", Family.pbx,
        answers: .json(.object(["stats": CallFigures.extensionSchema, "success": .constant(true)])),
        refusals: [.storeUnavailable]
    ).taking(.path("extension", .phone), .query(date: "from"), .query(date: "to", "Inclusive"))

    static let setCustomer = Operation(
        "Says whose call it is", Family.pbx, answers: .json(call), refusals: [Failure].call + [.invalidPhone("")]
    ).taking(.call("callId")).body(
        .object([
            "customerId": .memberOrNumber(isRequired: true), "customerName": .member(),
            "customerPhone": .any(of: [
                .phone, .integer(0...Int.max), .constant(""), JSONSchema(["type": "null"]),
            ]).optional,
        ]))

    static let setOrder = Operation(
        "Says which order a call is about", Family.pbx, answers: .json(call), refusals: [Failure].call
    ).taking(.call("callId")).body(.object(["orderId": .memberOrNumber(isRequired: true)]))

    static let addNote = Operation(
        "Puts a line below a call's notes", Family.pbx, answers: .json(call), refusals: [Failure].call
    ).taking(.call()).body(.object(["note": .requiredMember(atMost: CRMEdit.maximumNotes)]))

    static let extensions = Operation(
        "The phones that may register", Family.pbx,
        answers: .json(
            .object([
                "success": .constant(true),
                "extensions": .list(of: .object(["extension": .text, "username": .text, "displayName": .text])),
            ])))

    static let pbxConnection = Operation(
        "Whether the PBX behind us is reached", Family.pbx,
        answers: .json(
            .object([
                "success": .constant(true), "connected": .flag, "connectionType": .text.orNull, "server": .text.orNull,
                "port": .integer.orNull, "transport": .text.orNull, "registeredUsers": .integer, "message": .text,
            ])))

    static let testConnection = Operation(
        "Tries to reach a SIP server", Family.pbx,
        answers: .json(
            .object(["success": .flag, "connected": .flag, "connectionType": .text.orNull, "message": .text]))
    ).body(
        .object([
            "server": TextRule.host.schema, "port": portSchema,
            "transport": .words(transports + transports.map { $0.uppercased() }).orNull.optional,
        ]))

    private static let transports = SignallingTransport.allCases.map(\.rawValue)
    private static let portSchema = JSONSchema.any(of: [
        .integer(1...65_535), .text(pattern: "^[1-9][0-9]{0,3}$"), JSONSchema(["type": "null"]),
    ]).optional
}
