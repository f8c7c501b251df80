/// Stands between the server and the handlers: sees each request before and each response after.
///
/// `template` is the matched route's, or `Router.unmatched`.
package typealias Middleware =
    @Sendable (_ request: HTTPRequest, _ template: String, _ next: Next) async -> HTTPResponse

/// The rest of the chain.
package typealias Next = @Sendable (HTTPRequest) async -> HTTPResponse

/// What the program serves: routes, WebSocket endpoints, and what every request passes through.
package struct WebApplication: Sendable {
    package var router: Router
    package var sockets: [WebSocketEndpoint]
    /// Outermost first.
    package var middleware: [Middleware]
    /// Whether every request comes through a proxy of ours, which says in `X-Forwarded-For` who really asks.
    package var trustsProxy = false

    package init(router: Router = Router(), sockets: [WebSocketEndpoint] = [], middleware: [Middleware] = []) {
        self.router = router
        self.sockets = sockets
        self.middleware = middleware
    }

    /// The response to a request, as if it had come over a connection.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let template: String
        let innermost: Next
        switch router.match(request.method, request.segments) {
        case .found(let handler, let parameters):
            template = parameters.template
            innermost = { await handler($0, parameters) }
        case .methodNotAllowed(let allowed, let matched):
            template = matched
            innermost = { request in
                guard request.method == .options else { return Failure.methodNotAllowed(allowed).response }
                return HTTPResponse.empty().with("Allow", allowed.map(\.rawValue).joined(separator: ", "))
            }
        case .notFound:
            template = Router.unmatched
            innermost = { _ in Failure.notFound.response }
        }
        return await chain(innermost, template)(request)
    }

    /// Puts the middleware around one answer.
    func chain(_ innermost: @escaping Next, _ template: String) -> Next {
        middleware.reversed().reduce(innermost) { next, middleware in
            { request in await middleware(request, template, next) }
        }
    }

    /// The response to a plain request for a WebSocket's path, which may have routes too (long polling).
    func respondBeside(_ endpoint: WebSocketEndpoint, to request: HTTPRequest) async -> HTTPResponse {
        if case .notFound = router.match(request.method, request.segments) {
            let refusal = Failure(.upgradeRequired, "VALIDATION_ERROR", "Здесь принимаются только WebSocket-соединения")
                .with("Upgrade", "websocket").response
            return await chain({ _ in refusal }, endpoint.path)(request)
        }
        return await respond(to: request)
    }
}
