package import Calls
import Media
package import Web

/// The refusals of the contract's list (§0.7), in its words.
extension Failure {
    package static let unauthorized = Failure(.unauthorized, "UNAUTHORIZED", "Не авторизован")
    package static let tokenExpired = Failure(.unauthorized, "TOKEN_EXPIRED", "Срок действия токена истёк")
    package static let forbidden = Failure(.forbidden, "FORBIDDEN", "Доступ запрещен")
    package static let callNotFound = Failure(.notFound, "CALL_NOT_FOUND", "Звонок не найден")
    package static let userNotFound = Failure(.notFound, "USER_NOT_FOUND", "Пользователь не найден")
    package static let companyNotFound = Failure(.notFound, "COMPANY_NOT_FOUND", "Компания не найдена")
    package static let extensionNotFound = Failure(.notFound, "EXTENSION_NOT_FOUND", "Внутренний номер не найден")
    package static let queueNotFound = Failure(.notFound, "QUEUE_NOT_FOUND", "Очередь не найдена")
    package static let conferenceNotFound = Failure(
        .notFound, "CONFERENCE_NOT_FOUND", "Конференция не найдена")
    package static let recordingNotFound = Failure(.notFound, "RECORDING_NOT_FOUND", "Запись не найдена")
    package static let recordingTooLong = Failure(
        .payloadTooLarge, "RECORDING_TOO_LONG", "Запись слишком длинная: запрашивайте её частями (Range)")
    package static let soundNotFound = Failure(.notFound, "SOUND_NOT_FOUND", "Звуковой файл не найден")
    package static let streamNotFound = Failure(.notFound, "STREAM_NOT_FOUND", "Аудиопоток не найден")
    package static let alreadyAnswered = Failure(.conflict, "CALL_ALREADY_ANSWERED", "Звонок уже принят")
    package static let alreadyEnded = Failure(.conflict, "CALL_ALREADY_ENDED", "Звонок уже завершен")
    package static let invalidState = Failure(
        .conflict, "INVALID_STATE", "Действие невозможно в текущем состоянии звонка")
    package static func nobodyThere(_ party: NamedParty) -> Failure {
        Failure(
            .conflict, "INVALID_STATE", "По этому номеру никто не ответит",
            details: [party.rawValue: "внутренний номер, у которого сейчас нет ни телефона, ни страницы"])
    }
    package static let capacityExceeded = Failure(
        .serviceUnavailable, "CAPACITY_EXCEEDED", "Достигнут предел одновременных звонков"
    ).with("Retry-After", "5")
    package static let storeUnavailable = Failure(
        .serviceUnavailable, "DEPENDENCY_UNAVAILABLE", "Хранилище звонков недоступно"
    ).with("Retry-After", "5")
    package static let invalidJSON = Failure(.badRequest, "INVALID_JSON", "Тело запроса не является JSON")
    package static let unsupportedMediaType = Failure(
        .unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Тип тела запроса не поддерживается")

    /// One field of the request is wrong.
    package static func invalid(_ field: String, _ reason: String) -> Failure {
        Failure(.badRequest, "VALIDATION_ERROR", "Неверные параметры запроса", details: [field: reason])
    }

    package static func invalidPhone(_ field: String) -> Failure {
        Failure(.badRequest, "INVALID_PHONE", "Неверный номер телефона", details: [field: "не является номером"])
    }

    /// Fields of the request are absent.
    package static func required(_ names: [String]) -> Failure {
        Failure(
            .badRequest, "VALIDATION_ERROR", "Неверные параметры запроса",
            details: Dictionary(uniqueKeysWithValues: names.map { ($0, "обязательное поле") }))
    }

    /// What document 003 says when parameters are absent, in its own words.
    package static func missing(_ names: [String]) -> Failure {
        let noun = names.count == 1 ? "parameter" : "parameters"
        return Failure(
            .badRequest, "VALIDATION_ERROR", "Missing required \(noun): \(names.joined(separator: ", "))",
            details: Dictionary(uniqueKeysWithValues: names.map { ($0, "обязательное поле") }))
    }

    private static let unusableSound = "не WAV и не Ogg, повреждён или слишком длинный"

    /// What is wrong with a sound that was fetched.
    private static func words(_ error: SoundFileError) -> String {
        switch error {
        case .tooLong: "длиннее \(SoundFiles.longest / 60) минут"
        case .rateTooHigh: "частота выше \(SoundFiles.highestFetchedRate) Гц"
        case .notFound, .notSound, .noFiles, .noRoom: "не WAV и не Ogg или повреждён"
        }
    }

    /// A sound that is to be played from a URL: what is wrong with the URL, or with the server.
    private static func soundNotFetched(_ error: HTTPClientError) -> Failure {
        let problem: String
        switch error {
        case .hostRefused: return .invalid("url", "хост не разрешён в PLAY_HOSTS")
        case .addressRefused:
            return .invalid("url", "у хоста только адреса этой машины или внутренней сети: назовите его в PLAY_HOSTS")
        case .tooLong(let limit): return .invalid("url", "больше \(limit >> 20) МиБ")
        case .badRedirection: return .invalid("url", "перенаправлений слишком много, или они ведут не туда")
        case .overloaded, .stopped: return .overloaded
        case .hostNotFound: problem = "хост не найден"
        case .unreachable: problem = "сервер недоступен"
        case .timedOut: problem = "сервер не ответил вовремя"
        case .tls(let words): problem = "TLS: \(words)"
        case .status(let status): problem = "сервер ответил \(status)"
        case .failed(let words): problem = words
        }
        return Failure(.badGateway, "SOUND_UNAVAILABLE", "Звук не получен от сервера", details: ["url": problem])
    }

    package init(_ error: CallError) {
        switch error {
        case .callNotFound: self = .callNotFound
        case .extensionNotFound: self = .extensionNotFound
        case .conferenceNotFound: self = .conferenceNotFound
        case .queueNotFound: self = .queueNotFound
        case .userNotFound: self = .userNotFound
        case .alreadyAnswered: self = .alreadyAnswered
        case .alreadyEnded: self = .alreadyEnded
        case .invalidState, .notJoined: self = .invalidState
        case .forbidden: self = .forbidden
        case .capacityExceeded: self = .capacityExceeded
        case .nobodyThere(let party): self = .nobodyThere(party)
        case .draining: self = .overloaded
        case .soundNotFound: self = .soundNotFound
        case .soundUnusable: self = .invalid("file", Self.unusableSound)
        case .soundNotFetched(let error): self = .soundNotFetched(error)
        case .fetchedSoundUnusable(let error): self = .invalid("url", Self.words(error))
        case .streamNotFound: self = .streamNotFound
        case .streamHostRefused: self = .invalid("url", "хост не разрешён в STREAM_HOSTS")
        case .badDescription: self = .invalid("sdp", "описание сессии не разобрано")
        }
    }
}
