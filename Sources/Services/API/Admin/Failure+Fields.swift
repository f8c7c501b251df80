import Directory
import Web

extension Failure {
    /// 400, or 409 when nothing is wrong but that others have the names; each field with its reason.
    init(_ problems: FieldProblems) {
        let details = problems.problems.mapValues(\.reason)
        if problems.problems.values.allSatisfy({ $0 == .taken }) {
            self = Failure(.conflict, "CONFLICT", "Значение уже занято", details: details)
        } else {
            self = Failure(.badRequest, "VALIDATION_ERROR", "Неверные параметры запроса", details: details)
        }
    }

    /// The store found a name taken that the roster did not know of.
    static func conflict(column: String) -> Failure {
        let field = column.split(separator: ",").first?.split(separator: ".").last.map(String.init) ?? column
        return Failure(.conflict, "CONFLICT", "Значение уже занято", details: [field: FieldProblem.taken.reason])
    }

    static func inUse(by users: [String]) -> Failure {
        Failure(
            .conflict, "INVALID_STATE", "Запись используется",
            details: ["usedBy": users.prefix(10).joined(separator: ", ")])
    }

    static let fromEnvironment = Failure(
        .conflict, "INVALID_STATE", "Запись задана переменными окружения",
        details: ["source": "изменяется в SIP_USERS, SIP_SERVER"])

    static let lastAdministrator = Failure(
        .conflict, "INVALID_STATE", "Должен остаться хотя бы один администратор", details: ["role": "последний admin"])
}

extension FieldProblem {
    /// The reason as the contract's neighbours word it.
    var reason: String {
        switch self {
        case .missing: "обязательное поле"
        case .expected(let kind): "ожидается \(Self.noun(kind))"
        case .empty: "не может быть пустым"
        case .tooLong(let maximum): "не длиннее \(maximum)"
        case .tooShort(let minimum): "не короче \(minimum)"
        case .tooMany(let maximum): "не более \(maximum) элементов"
        case .outOfRange(let least, let most): "ожидается число от \(least) до \(most)"
        case .controlCharacter: "управляющие символы недопустимы"
        case .notOneOf(let words): "ожидается одно из: \(words.joined(separator: ", "))"
        case .malformed(let shape): "неверный формат (\(shape.rawValue))"
        case .expression(let error): "неверное регулярное выражение: \(error)"
        case .unknownReference: "не существует"
        case .taken: "уже занято"
        case .unknownField: "неизвестное поле"
        }
    }

    private static func noun(_ kind: Kind) -> String {
        switch kind {
        case .text: "строка"
        case .flag: "true или false"
        case .integer: "целое число"
        case .list: "массив"
        case .object: "объект"
        }
    }
}
