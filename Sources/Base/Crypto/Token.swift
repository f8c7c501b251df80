package import Wire

/// Who a request comes from: the claims of a JSON Web Token (RFC 7519) that count here.
package struct TokenClaims: Equatable, Sendable {
    /// `sub`, else `userId`, else `id`; a number, also when written as a string of digits.
    package let userID: Int64
    package let login: String?
    package let role: String?
    /// `exp` and `nbf`; absent ones bound nothing.
    package let expires: WallTime?
    package let notBefore: WallTime?

    package init(
        userID: Int64, login: String? = nil, role: String? = nil, expires: WallTime? = nil, notBefore: WallTime? = nil
    ) {
        (self.userID, self.login, self.role) = (userID, login, role)
        (self.expires, self.notBefore) = (expires, notBefore)
    }
}

/// Why a token is not accepted.
package enum TokenError: Error, Hashable, Sendable {
    /// Not three parts of Base64, or signed but without readable claims or a user.
    case malformed
    /// Not signed by our secret.
    case badSignature
    /// Signed by our secret, but the header names something other than HS256.
    case wrongAlgorithm
    case expired
    case notYetValid
}

/// Signs and verifies tokens by HMAC-SHA256 (`HS256`, RFC 7515 and RFC 7518 section 3.2).
///
/// The algorithm is ours and never taken from a token; nothing of a token is parsed before its signature is right.
package struct TokenKey: Sendable {
    /// Longer tokens are refused unread.
    package static let maximumLength = 8192
    private static let header = Base64.encodeURL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

    private let secret: [UInt8]

    /// Nil for an empty secret, which anybody could guess.
    package init?(secret: [UInt8]) {
        guard !secret.isEmpty else { return nil }
        self.secret = secret
    }

    package init?(secret: String) { self.init(secret: Array(secret.utf8)) }

    package func sign(_ claims: TokenClaims, issuedAt now: WallTime) -> String {
        let payload = JSONValue.object(claims.payload(issuedAt: now)).encoded()
        let text = "\(Self.header).\(Base64.encodeURL(payload))"
        return "\(text).\(Base64.encodeURL(signature(of: Array(text.utf8))))"
    }

    package func verify(_ token: String, now: WallTime) throws(TokenError) -> TokenClaims {
        let payload = try open(token)
        guard let json = try? JSONValue(parsing: payload), let claims = try? TokenClaims(json)
        else { throw .malformed }
        if let expires = claims.expires, expires <= now { throw .expired }
        if let notBefore = claims.notBefore, notBefore > now { throw .notYetValid }
        return claims
    }

    /// The payload of a compact JWS whose signature and algorithm are right.
    package func open(_ token: String) throws(TokenError) -> [UInt8] {
        guard token.utf8.count <= Self.maximumLength else { throw .malformed }
        let parts = ASCII.split(token, at: UInt8(ascii: "."), keepingEmpty: true).map(String.init)
        guard parts.count == 3, let header = Base64.decode(parts[0]), let payload = Base64.decode(parts[1]),
            let received = Base64.decode(parts[2])
        else { throw .malformed }
        let signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        guard equalInConstantTime(received, signature(of: signed)) else { throw .badSignature }
        if parts[0] != Self.header { try check(header) }
        return payload
    }

    /// The protected header; `crit` would demand extensions that are not understood here.
    private func check(_ header: [UInt8]) throws(TokenError) {
        guard case .object(let fields)? = try? JSONValue(parsing: header), let algorithm = fields["alg"]?.stringValue
        else { throw .malformed }
        guard algorithm == "HS256", fields["crit"]?.isNull ?? true else { throw .wrongAlgorithm }
    }

    /// A mark that only this key can make of some words, which are no token: none of theirs begins like these.
    package func mark(_ words: String) -> String { Base64.encodeURL(signature(of: Array("mark: \(words)".utf8))) }

    package func accepts(mark: String, of words: String) -> Bool {
        guard mark.utf8.count <= 64, let received = Base64.decode(mark) else { return false }
        return equalInConstantTime(received, signature(of: Array("mark: \(words)".utf8)))
    }

    private func signature(of text: [UInt8]) -> [UInt8] { Hash.sha256.hmac(key: secret, text) }
}

/// The claims as they stand in JSON.
extension TokenClaims {
    fileprivate init(_ json: JSONValue) throws(TokenError) {
        guard case .object(let fields) = json else { throw .malformed }
        let users = (try fields.number("sub"), try fields.number("userId"), try fields.number("id"))
        let (expires, notBefore) = (try fields.number("exp"), try fields.number("nbf"))
        guard let user = users.0 ?? users.1 ?? users.2 else { throw .malformed }
        self.init(
            userID: user, login: try fields.text("login"), role: try fields.text("role"),
            expires: expires.map { WallTime(clampingSeconds: $0) },
            notBefore: notBefore.map { WallTime(clampingSeconds: $0) })
    }

    fileprivate func payload(issuedAt now: WallTime) -> JSONObject {
        var fields: JSONObject = ["sub": .integer(userID)]
        fields.appendIfPresent("login", JSONValue(login))
        fields.appendIfPresent("role", JSONValue(role))
        fields.append("iat", .integer(now.seconds))
        fields.appendIfPresent("exp", JSONValue(expires?.seconds))
        fields.appendIfPresent("nbf", JSONValue(notBefore?.seconds))
        return fields
    }
}

extension JSONObject {
    /// A whole number, however an issuer wrote it: `7`, `7.0` or `"7"`; nil when it is not there.
    fileprivate func number(_ name: String) throws(TokenError) -> Int64? {
        switch self[name] {
        case nil, .null: return nil
        case .integer(let number): return number
        case .number(let number):
            guard let whole = Int64(exactly: number.rounded(.down)) else { throw .malformed }
            return whole
        case .string(let digits):
            guard let number = ASCII.decimal(digits.utf8, maximumDigits: 18) else { throw .malformed }
            return Int64(number)
        default: throw .malformed
        }
    }

    fileprivate func text(_ name: String) throws(TokenError) -> String? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw .malformed
        }
    }
}

extension WallTime {
    fileprivate init(clampingSeconds seconds: Int64) {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        self.init(milliseconds: overflow ? (seconds < 0 ? .min : .max) : milliseconds)
    }
}
