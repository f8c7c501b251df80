import Web
import Wire

/// The descriptions of `/health…` and `/metrics`.
extension Operation {
    static let health = monitoring(
        "What the program is and how long it runs", "pbx",
        answers: .json(
            .object([
                "status": .constant("ok"), "service": .text, "version": .text, "timestamp": .moment, "uptime": .number,
                "connected": .flag, "registeredUsers": .integer, "services": .list(of: .text),
                "testMode": .constant(true).optional,
            ])))

    static let live = monitoring("Whether the program runs", answers: .json(state("alive")))

    static let ready = monitoring(
        "Whether the program takes calls", answers: .json(state("ready")),
        .json(.serviceUnavailable, state("not ready")))

    static let detailedHealth = monitoring(
        "How the program's parts are", answers: .json(detailed), .json(.serviceUnavailable, detailed))

    static let metrics = monitoring(
        "Figures for Prometheus", answers: Answer(.ok, "The exposition format", [("text/plain", nil)]))

    private static func monitoring(_ summary: String, _ families: String..., answers: Answer...) -> Operation {
        var operation = Operation(summary, "gateway")
        operation.families += families
        operation.answers = answers
        return operation.open(to: .open)
    }

    private static func state(_ word: JSONValue) -> JSONSchema {
        .object([
            "status": .constant(word), "timestamp": .moment, "message": .text,
            "degraded": .list(of: .text).optional,
        ])
    }

    private static let detailed = JSONSchema.object([
        "status": .words(["ok", "error"]), "service": .text, "version": .text, "timestamp": .moment,
        "checks": JSONSchema(["type": "object"]),
    ])
}
