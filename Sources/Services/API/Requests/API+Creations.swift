import CallViews
import Crypto
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
    /// Whoever needs no token is told apart by address.
    func once(_ request: APIRequest, _ answer: Answer) async throws(Failure) -> HTTPResponse {
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
        case .done(let response): return response.with("Idempotent-Replayed", "true")
        case .running: throw .stillRunning
        case .different: throw .keyUsedDifferently
        case .new: break
        }
        let response: HTTPResponse
        do throws(Failure) {
            response = try await answer(request)
        } catch {
            response = error.response
        }
        creations.finish(key, response)
        return response
    }
}

extension Failure {
    fileprivate static let stillRunning = Failure(
        .conflict, "IDEMPOTENCY_CONFLICT", "Запрос с этим Idempotency-Key ещё выполняется"
    ).with("Retry-After", "1")
    static let keyUsedDifferently = Failure(
        .conflict, "IDEMPOTENCY_CONFLICT", "Этот Idempotency-Key уже использован с другим телом запроса")
}
