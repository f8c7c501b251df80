import Directory
import Web

extension Failure {
    /// 400, each field with its reason.
    ///
    /// Where nothing is wrong with the form itself it is 404 when what it names is not there, and 409 when it does not go
    /// with what is kept.
    init(_ problems: FieldProblems) {
        let details = problems.problems.mapValues(\.reason)
        let kinds = Set(problems.problems.values)
        if !kinds.isSubset(of: [.unknownReference, .taken, .nothingKept]) {
            self = Failure(.badRequest, "VALIDATION_ERROR", "Неверные параметры запроса", details: details)
        } else if kinds.contains(.unknownReference) {
            self = Failure(.notFound, "NOT_FOUND", "Ресурс не найден", details: details)
        } else if kinds.contains(.taken) {
            self = Failure(.conflict, "CONFLICT", "Значение уже занято", details: details)
        } else {
            self = Failure(.conflict, "INVALID_STATE", "Прежнего значения нет", details: details)
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
        case .nothingKept: "обязательное поле: прежнего значения нет"
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
