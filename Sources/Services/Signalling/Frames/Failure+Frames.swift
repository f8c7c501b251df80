import CallViews
import Crypto
import Web
import Wire

/// Refusals as sockets give them: the code, message and details of the REST body (contract §0.7), and what a response has
/// in its head where that says when to come again.
extension Failure {
    static let unknownEvent = Failure(.badRequest, "VALIDATION_ERROR", "Неизвестное событие")
    static let tooManyCommands = Failure.rateLimited(retryAfterSeconds: 1)

    init(_ error: TokenError) { self = error == .expired ? .tokenExpired : .unauthorized }

    /// The object an acknowledgement carries under `error`.
    var payload: JSONValue {
        let named = details.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .string($0.value)) }
        var object: JSONObject = [
            "code": .string(code), "message": .string(message), "details": .object(JSONObject(named)),
        ]
        object.fill(from: retry)
        return .object(object)
    }

    /// The status of a response and the seconds of its Retry-After; nothing where it has none.
    var retry: JSONObject {
        let seconds = fields.first { $0.name == "Retry-After" }.flatMap { Int64($0.value) }
        return seconds.map { ["statusCode": .integer(Int64(status.code)), "retryAfter": .integer($0)] } ?? [:]
    }

    /// The same refusal in the words that clients of document 004 wait for.
    func saying(_ message: String) -> Failure {
        fields.reduce(Failure(status, code, message, details: details)) { $0.with($1.name, $1.value) }
    }
}
