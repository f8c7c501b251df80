import CallViews
import Crypto
import Directory
import Reactor
import Web
import Wire

/// `POST /api/auth/login`: a password for a token.
extension API {
    func addLogin(to router: inout Router) {
        let api = self
        router.on(.post, "/api/auth/login", .logIn) { request, parameters in
            do throws(Failure) {
                let read = try APIRequest(http: request, parameters: parameters, caller: .visitor)
                return try await api.logIn(read)
            } catch {
                return error.response
            }
        }
    }

    private func logIn(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let missing = ["login", "password"].filter { request.body[$0]?.stringValue?.isEmpty ?? true }
        guard missing.isEmpty, let login = try request.text("login"), let password = try request.text("password") else {
            throw .missing(missing)
        }
        let source = request.http.remote.ip
        if let wait = throttle.begin(account: login, source: source, loop.now) {
            throw .rateLimited(retryAfterSeconds: max(1, Int(wait.inSeconds.rounded(.up))))
        }
        let credentials = try await stored { () throws(StoreError) in try await users.credentials(login: login) }
        let fits = await passwords.verify(password, against: credentials?.passwordHash)
        guard fits, let user = credentials?.user, user.status == .active else {
            throw Failure(.unauthorized, "UNAUTHORIZED", "Неверный логин или пароль")
        }
        throttle.succeeded(account: login, source: source)
        return response(for: user)
    }

    private func response(for user: User) -> HTTPResponse {
        let token = access.token(for: user, now: loop.wallTime, lifetime: tokenLifetime)
        let expires = JSONValue.integer(tokenLifetime.wholeMilliseconds / 1000)
        return .json(
            .ok,
            [
                "success": true,
                "data": ["token": .string(token), "expiresIn": expires, "user": user.renderedAsAccount],
            ]
        ).with("Cache-Control", "no-store")
    }
}
