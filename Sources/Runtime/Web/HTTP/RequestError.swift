/// Why a request cannot be read; the connection ends after the answer, for what follows cannot be trusted.
enum RequestError: Error, Equatable {
    case malformed(String)
    case headTooLarge
    case targetTooLong
    case bodyTooLarge
    case transferCodingUnknown
    case versionUnsupported
    case expectationUnknown
    case timeout

    var failure: Failure {
        switch self {
        case .malformed(let what):
            Failure(.badRequest, "VALIDATION_ERROR", "Неверные параметры запроса", details: ["request": what])
        case .headTooLarge: .headTooLarge
        case .targetTooLong: Failure(.uriTooLong, "PAYLOAD_TOO_LARGE", "Слишком длинный адрес запроса")
        case .bodyTooLarge: .payloadTooLarge
        case .transferCodingUnknown:
            Failure(.notImplemented, "VALIDATION_ERROR", "Неизвестное кодирование передачи")
        case .versionUnsupported:
            Failure(.versionNotSupported, "VALIDATION_ERROR", "Версия HTTP не поддерживается")
        case .expectationUnknown:
            Failure(.expectationFailed, "VALIDATION_ERROR", "Неизвестное ожидание запроса")
        case .timeout: Failure(.requestTimeout, "VALIDATION_ERROR", "Запрос не пришёл вовремя")
        }
    }
}
