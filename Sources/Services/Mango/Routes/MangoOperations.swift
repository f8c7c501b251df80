import Web
import Wire

/// The descriptions of what the exchange, services beside it and people ask.
extension Operation {
    private static let reply = JSONSchema.object([
        "success": .flag, "message": .text.optional, "data": JSONSchema(["type": "object"]).optional,
    ])

    /// `family`: `records` for document 000's addresses, `mango` for document 001's.
    static func mangoEvent(_ family: String, at template: String = "") -> Operation {
        let words = template.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
        return Operation(
            "Takes an event of the Mango Office exchange", family, answers: .json(reply),
            refusals: [.unreadable, .fieldsMissing([]), .wrongSignature, .wrongKey, .foreignAddress, .overloaded]
        ).open(to: .open).taking(words.map { .path($0, .text) }).body(
            JSONSchema(["type": "object"]), isOptional: template == "ping")
    }

    static let mangoSettings = Operation(
        "How the Mango Office exchange is connected, without its secrets", "mango",
        answers: .json(
            .object([
                "success": .constant(true),
                "data": .object(["webhookUrl": .text, "apiUrl": .text, "apiKey": .text, "apiId": .text]),
            ])))

    static let mangoStatus = Operation(
        "Where the Mango Office exchange posts its events", "mango",
        answers: .json(
            .object([
                "success": .constant(true),
                "data": .object([
                    "status": .constant("active"), "timestamp": .moment, "version": .text,
                    "endpoints": JSONSchema(["type": "object"]),
                ]),
            ]))
    ).open(to: .open)

    static let bringMangoCalls = fromExchange(
        "Writes down calls of the Mango Office exchange that are missing here", ["found": .integer, "added": .integer]
    ).body(.object(["from": .moment, "to": .moment]))

    static let bringMangoUsers = fromExchange(
        "Takes over extensions and SIP addresses from the Mango Office exchange", ["changed": .integer])

    private static func fromExchange(_ summary: String, _ members: KeyValuePairs<String, JSONSchema>) -> Operation {
        Operation(
            summary, "admin",
            answers: .json(.object(["success": .constant(true), "data": .object(members)])),
            refusals: [.unreadable, .exchangeSilent(""), .storeAway]
        ).open(to: .administrator)
    }

    static let broadcast = Operation(
        "Tells the sockets in some rooms of a call of another service", "realtime",
        answers: .json(.object(["success": .constant(true), "message": .text])),
        refusals: [.unreadable, .fieldsMissing([]), .foreignService, .payloadTooLarge]
    ).open(to: .open).body(
        .object([
            "token": .text, "call": JSONSchema(["type": "object"]), "rooms": .list(of: .text).optional,
        ]))
}
