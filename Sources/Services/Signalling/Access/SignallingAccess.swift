package import Crypto
package import Web
import Wire

/// Who may connect, and how a token becomes a user.
package struct SignallingAccess: Sendable {
    /// Verifies a token against the secret and the clock.
    package var verify: @Sendable (_ token: String) throws(TokenError) -> TokenClaims
    /// Whether this client needs no token: `AUTH_MODE=off`, or a direct local client where the mode allows it.
    package var isOpen: @Sendable (HTTPRequest) -> Bool
    /// `AUTH_MODE=off`: not even a foreign page needs a token.
    package var asksNobody: Bool
    package var origins: OriginPolicy

    package init(
        verify: @escaping @Sendable (_ token: String) throws(TokenError) -> TokenClaims,
        isOpen: @escaping @Sendable (HTTPRequest) -> Bool, asksNobody: Bool, origins: OriginPolicy
    ) {
        (self.verify, self.isOpen) = (verify, isOpen)
        (self.asksNobody, self.origins) = (asksNobody, origins)
    }
}

/// What an opening request says of its sender.
struct Admission: Sendable {
    /// A token of the query, the `Authorization` header or (not for foreign pages) the cookie.
    let token: String?
    /// Nobody needs to authenticate on this connection.
    let isOpen: Bool
    /// A page that is neither listed nor ours: it is served only with a token of its own.
    let needsToken: Bool
    /// The event a client saw last that comes back; empty when it has seen none and wants them numbered.
    let lastEventID: String?

    /// Judges an opening request; a page whose origin is not allowed at all is refused.
    init(_ request: HTTPRequest, _ access: SignallingAccess) throws(Failure) {
        var isForeign = false
        if let origin = request.field("Origin") {
            let isOurs = OriginPolicy.isSameHost(origin: origin, host: request.host)
            isForeign = !isOurs && !access.origins.names(origin)
        }
        if isForeign, !access.origins.allowsAny { throw Failure(.forbidden, "FORBIDDEN", "Доступ запрещен") }
        let cookie = isForeign ? nil : request.cookie("access_token")
        let given = request.query["token"] ?? request.bearerToken ?? cookie
        token = given.flatMap { $0.isEmpty ? nil : $0 }
        isOpen = access.asksNobody || (!isForeign && access.isOpen(request))
        needsToken = isForeign && !access.asksNobody
        lastEventID = request.query["lastEventId"]
    }

    /// What is sent instead of an upgrade where the token must be in the request itself.
    static func refusal(_ request: HTTPRequest, _ access: SignallingAccess) -> HTTPResponse? {
        do throws(Failure) {
            let admission = try Admission(request, access)
            guard admission.needsToken, admission.token == nil else { return nil }
            return Failure(.unauthorized, "UNAUTHORIZED", "Не авторизован").response
        } catch {
            return error.response
        }
    }
}

/// What a session begins with.
struct SessionOpening: Sendable {
    /// The token its client brought; it is used when the connection is up.
    let token: String?
    /// Nobody needs to authenticate here.
    let isOpen: Bool
    /// See `Admission.lastEventID`.
    let lastEventID: String?
}
