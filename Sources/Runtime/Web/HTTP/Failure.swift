import Wire

/// A refusal as every client of every family reads it: the uniform error body of the wire contract §0.7.
///
/// `message` and `statusCode` are repeated at the top level for clients that look for them there.
package struct Failure: Error, Sendable, Equatable {
    package let status: HTTPStatus
    /// One word of the contract's list, such as `CALL_NOT_FOUND`.
    package let code: String
    package let message: String
    /// What is wrong with which field.
    package var details: [String: String]
    /// Fields the response carries besides, such as `Retry-After`.
    package var fields: [(name: String, value: String)] = []

    package init(_ status: HTTPStatus, _ code: String, _ message: String, details: [String: String] = [:]) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    package func with(_ name: String, _ value: String) -> Failure {
        var copy = self
        copy.fields.append((name, value))
        return copy
    }

    package static func == (left: Failure, right: Failure) -> Bool {
        left.status == right.status && left.code == right.code && left.message == right.message
            && left.details == right.details
    }

    /// The response that says so.
    package var response: HTTPResponse {
        let named = details.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .string($0.value)) }
        var response = HTTPResponse.json(
            status,
            [
                "success": false,
                "error": ["code": .string(code), "message": .string(message), "details": .object(JSONObject(named))],
                "message": .string(message),
                "statusCode": .integer(Int64(status.code)),
            ])
        for field in fields { response.fields.add(field.name, field.value) }
        return response
    }
}

extension Failure {
    package static let notFound = Failure(.notFound, "NOT_FOUND", "Ресурс не найден")
    package static let malformedRequest = Failure(.badRequest, "VALIDATION_ERROR", "Неверные параметры запроса")
    package static let payloadTooLarge = Failure(
        .payloadTooLarge, "PAYLOAD_TOO_LARGE", "Слишком большое тело запроса")
    package static let headTooLarge = Failure(
        .headerFieldsTooLarge, "PAYLOAD_TOO_LARGE", "Слишком большой заголовок запроса")
    package static let internalError = Failure(.internalError, "INTERNAL_ERROR", "Внутренняя ошибка сервера")
    package static let overloaded = Failure(
        .serviceUnavailable, "DEPENDENCY_UNAVAILABLE", "Сервер перегружен или останавливается"
    ).with("Retry-After", "5")

    package static func methodNotAllowed(_ allowed: [HTTPMethod]) -> Failure {
        Failure(.methodNotAllowed, "METHOD_NOT_ALLOWED", "Метод не поддерживается")
            .with("Allow", allowed.map(\.rawValue).joined(separator: ", "))
    }

    package static func rateLimited(retryAfterSeconds seconds: Int) -> Failure {
        Failure(.tooManyRequests, "RATE_LIMITED", "Слишком много запросов").with("Retry-After", "\(seconds)")
    }
}
