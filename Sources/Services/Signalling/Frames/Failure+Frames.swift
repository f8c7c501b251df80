import CallViews
import Crypto
import Web
import Wire

/// Refusals as sockets give them: the code, message and details of the REST body (contract §0.7).
extension Failure {
    static let unknownEvent = Failure(.badRequest, "VALIDATION_ERROR", "Неизвестное событие")
    static let tooManyCommands = Failure.rateLimited(retryAfterSeconds: 1)

    init(_ error: TokenError) { self = error == .expired ? .tokenExpired : .unauthorized }

    /// The object an acknowledgement carries under `error`.
    var payload: JSONValue {
        let named = details.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .string($0.value)) }
        return ["code": .string(code), "message": .string(message), "details": .object(JSONObject(named))]
    }

    /// The same refusal in the words that clients of document 004 wait for.
    func saying(_ message: String) -> Failure { Failure(status, code, message, details: details) }
}
