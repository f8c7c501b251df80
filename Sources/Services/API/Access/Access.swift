import CallViews
package import Crypto
package import Directory
package import Web
package import Wire

/// Decides for whom a request speaks, and whether it may speak at all.
package struct Access: Sendable {
    package let mode: AuthMode
    private let key: TokenKey
    private let roster: @Sendable () -> Roster

    package init(mode: AuthMode, key: TokenKey, roster: @escaping @Sendable () -> Roster) {
        (self.mode, self.key, self.roster) = (mode, key, roster)
    }

    /// The caller of a request, by its bearer token or by where it comes from.
    package func caller(of request: HTTPRequest, now: WallTime) throws(Failure) -> Caller {
        if let token = request.bearerToken {
            do throws(TokenError) {
                return try user(key.verify(token, now: now))
            } catch {
                if mode != .off { throw error == .expired ? Failure.tokenExpired : Failure.unauthorized }
                return .visitor
            }
        }
        guard isOpen(to: request) else { throw Failure.unauthorized }
        return .visitor
    }

    /// Whether this client needs no token.
    package func isOpen(to request: HTTPRequest) -> Bool {
        switch mode {
        case .off: true
        case .required: false
        case .requiredFromElsewhere: Self.isDirectLocalClient(request)
        }
    }

    /// A token for a user whose password was right.
    package func token(for user: User, now: WallTime, lifetime: Duration) -> String {
        let claims = TokenClaims(userID: user.id, login: user.login, role: user.role.rawValue, expires: now + lifetime)
        return key.sign(claims, issuedAt: now)
    }

    /// The claims of a valid token, for connections that carry theirs elsewhere than in a header.
    package func verify(_ token: String, now: WallTime) throws(TokenError) -> TokenClaims {
        try key.verify(token, now: now)
    }

    /// What lets somebody without a token open one path, in a link; no use as a token, and for no other path.
    package func ticket(for path: String, until expires: WallTime) -> String {
        "\(expires.seconds).\(key.mark(Self.words(path, expires.seconds)))"
    }

    package func admits(_ ticket: String, to path: String, now: WallTime) -> Bool {
        let parts = ticket.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let seconds = ASCII.decimal(parts[0].utf8, maximumDigits: 12).map(Int64.init),
            now.seconds < seconds
        else { return false }
        return key.accepts(mark: String(parts[1]), of: Self.words(path, seconds))
    }

    private static func words(_ path: String, _ seconds: Int64) -> String { "\(path) until \(seconds)" }

    /// A program or page on this machine that talks to us without a proxy between.
    ///
    /// The names are checked besides the address, because a page from elsewhere can make a browser on this machine
    /// send requests here.
    static func isDirectLocalClient(_ request: HTTPRequest) -> Bool {
        guard request.remote.ip.isLoopback, isLocal(host: request.host) else { return false }
        let proxied = request.fields.fields.contains { field in
            let name = field.name.lowercased()
            return name == "forwarded" || name.hasPrefix("x-forwarded-")
        }
        guard !proxied else { return false }
        guard let origin = request.field("Origin") else { return true }
        return OriginPolicy.isSameHost(origin: origin, host: request.host)
    }

    private static func isLocal(host: String) -> Bool {
        let name = OriginPolicy.withoutPort(host)
        let bare = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
        return ASCII.equalIgnoringCase(bare, "localhost") || IPAddress(bare)?.isLoopback == true
    }

    /// People of another system's tokens need not be in our directory; of those who are it knows best.
    ///
    /// A token may be older than what the directory says: who has left is shut out, and a role is the present one.
    private func user(_ claims: TokenClaims) throws(TokenError) -> Caller {
        let known = roster().users[claims.userID]
        guard known.map({ $0.status == .active }) ?? true else { throw .notYetValid }
        let role = known?.role ?? claims.role.flatMap { User.Role($0) } ?? .operator
        return .user(id: claims.userID, role: role)
    }
}

/// For whom a request speaks.
package enum Caller: Sendable, Equatable {
    case user(id: Int64, role: User.Role)
    /// Nobody in particular, where no token is needed.
    case visitor

    package var userID: Int64? {
        guard case .user(let id, _) = self else { return nil }
        return id
    }

    /// Whether every call may be seen and commanded.
    package var seesAllCalls: Bool {
        switch self {
        case .user(_, let role): role.seesAllCalls
        case .visitor: true
        }
    }
}
