import CallViews
import Crypto
import Directory
import Reactor
import Web
import Wire

/// Requests that originate a call or create a record: with an `Idempotency-Key` they can be repeated without harm.
extension API {
    static let maximumKeyLength = 255

    /// Adds a route that makes something.
    func onCreation(
        _ template: String, _ operation: Operation, _ router: inout Router, _ answer: @escaping Answer
    ) {
        on(.post, template, operation, &router) { request throws(Failure) in try await once(request, answer) }
    }

    /// Answers a request for the first time, or repeats what was answered to the same one before.
    ///
    /// Whoever needs no token is told apart by address. `isKept`: beyond the life of this process; not for requests with
    /// passwords, whose fingerprint in a database would be a way to guess them.
    func once(_ request: APIRequest, isKept: Bool = true, _ answer: Answer) async throws(Failure) -> HTTPResponse {
        guard let name = request.http.field("Idempotency-Key") else { return try await answer(request) }
        guard (1...Self.maximumKeyLength).contains(name.utf8.count) else {
            throw .invalid("Idempotency-Key", "от 1 до \(Self.maximumKeyLength) символов")
        }
        let caller = request.caller.userID.map { "user \($0)" } ?? request.http.remote.ip.description
        let key = IdempotencyKeys.Key(caller: caller, path: request.http.path, name: name)
        // The same words in another view are another request.
        let view = (request.query("view") ?? "") + "\n" + (request.http.field("X-Call-View") ?? "") + "\n"
        let fingerprint = Hash.sha256(Array(view.utf8) + request.http.body)
        switch creations.begin(key, fingerprint: fingerprint, now: loop.now) {
        case .done(let response): return response.repeated
        case .running: throw .stillRunning
        case .different: throw .keyUsedDifferently
        case .new: break
        }
        var entropy = loop.makeEntropy()
        var attempt = KeptAnswer(
            key: key, fingerprint: Hex.encode(fingerprint), begunAt: loop.wallTime, attempt: UUID(using: &entropy))
        let answers = isKept ? answers : nil
        if let response = try await answerBefore(attempt, answers) { return response.repeated }
        let response: HTTPResponse
        do throws(Failure) {
            response = try await answer(request)
        } catch {
            response = error.response
        }
        creations.finish(key, response)
        if response.status.isSuccess, let kept = KeptAnswer.Response(response) {
            attempt.response = kept
            answers?.keep(attempt)
        } else if response.status.code < 500 {
            // What failed by our fault may have been made nevertheless.
            answers?.forget(attempt)
        }
        return response
    }

    /// What an earlier process answered, or another gateway on the same database; nil when this is the first attempt, and
    /// that is written down.
    ///
    /// While a database is away nobody can know, and calls are to be made nevertheless.
    private func answerBefore(
        _ attempt: KeptAnswer, _ answers: (any AnswerStore)?
    ) async throws(Failure) -> HTTPResponse? {
        guard let kept = try? await answers?.begin(attempt) else { return nil }
        guard kept.fingerprint == attempt.fingerprint, let response = kept.response?.http else {
            creations.abandon(attempt.key)
            throw kept.fingerprint == attempt.fingerprint ? .unknownOutcome : .keyUsedDifferently
        }
        creations.finish(attempt.key, response)
        return response
    }
}

extension HTTPResponse {
    fileprivate var repeated: HTTPResponse { with("Idempotent-Replayed", "true") }
}

extension KeptAnswer.Response {
    /// Nil for a body that is no text.
    fileprivate init?(_ response: HTTPResponse) {
        guard let body = String(validating: response.body, as: UTF8.self), !body.utf8.contains(0) else { return nil }
        let fields = response.fields.fields.map { JSONValue.array([.string($0.name), .string($0.value)]) }
        self.init(status: response.status.code, fields: JSONValue.array(fields).text, body: body)
    }

    /// Nil for what nobody wrote like this.
    fileprivate var http: HTTPResponse? {
        guard let status = HTTPStatus(code: status),
            let pairs = (try? JSONValue(parsing: fields.utf8))?.arrayValue
        else { return nil }
        var response = HTTPResponse(status, body: [UInt8](body.utf8))
        for pair in pairs {
            guard let name = pair[0]?.stringValue, let value = pair[1]?.stringValue else { return nil }
            response.fields.add(name, value)
        }
        return response
    }
}

extension Failure {
    fileprivate static let stillRunning = Failure(
        .conflict, "IDEMPOTENCY_CONFLICT", "Запрос с этим Idempotency-Key ещё выполняется"
    ).with("Retry-After", "1")
    fileprivate static let unknownOutcome = Failure(
        .conflict, "IDEMPOTENCY_CONFLICT",
        "Запрос с этим Idempotency-Key начат и не закончен: если ответа не будет через несколько секунд, сервер остановился "
            + "посреди него, и, сделано ли запрошенное, видно в списке"
    ).with("Retry-After", "1")
    static let keyUsedDifferently = Failure(
        .conflict, "IDEMPOTENCY_CONFLICT", "Этот Idempotency-Key уже использован с другим телом запроса")
}
