import FoundationEssentials
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

    package func sign(_ claims: TokenClaims, issuedAt now: WallTime) throws(TokenError) -> String {
        guard let payload = try? JSONEncoder().encode(Payload(claims, issuedAt: now)) else { throw .malformed }
        let text = "\(Self.header).\(Base64.encodeURL([UInt8](payload)))"
        return "\(text).\(Base64.encodeURL(signature(of: text)))"
    }

    package func verify(_ token: String, now: WallTime) throws(TokenError) -> TokenClaims {
        let payload = try open(token)
        guard let claims = (try? JSONDecoder().decode(Payload.self, from: Data(payload)))?.claims
        else { throw .malformed }
        if let expires = claims.expires, expires <= now { throw .expired }
        if let notBefore = claims.notBefore, notBefore > now { throw .notYetValid }
        return claims
    }

    /// The payload of a compact JWS whose signature and algorithm are right.
    package func open(_ token: String) throws(TokenError) -> [UInt8] {
        guard token.utf8.count <= Self.maximumLength else { throw .malformed }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = Base64.decode(parts[0]), let payload = Base64.decode(parts[1]),
            let received = Base64.decode(parts[2])
        else { throw .malformed }
        guard equalInConstantTime(received, signature(of: "\(parts[0]).\(parts[1])")) else { throw .badSignature }
        guard let fields = try? JSONDecoder().decode(Header.self, from: Data(header)) else { throw .malformed }
        guard fields.alg == "HS256", fields.crit == nil else { throw .wrongAlgorithm }
        return payload
    }

    /// A mark that only this key can make of some words, which are no token: none of theirs begins like these.
    package func mark(_ words: String) -> String { Base64.encodeURL(signature(of: "mark: \(words)")) }

    package func accepts(mark: String, of words: String) -> Bool {
        guard mark.utf8.count <= 64, let received = Base64.decode(mark) else { return false }
        return equalInConstantTime(received, signature(of: "mark: \(words)"))
    }

    private func signature(of text: String) -> [UInt8] { Hash.sha256.hmac(key: secret, Array(text.utf8)) }
}

/// The protected header; `crit` would demand extensions that are not understood here.
private struct Header: Decodable {
    let alg: String
    let crit: [String]?
}

/// The claims as they stand in JSON.
private struct Payload: Codable {
    var sub: LenientNumber?
    var userId: LenientNumber?
    var id: LenientNumber?
    var login: String?
    var role: String?
    var iat: LenientNumber?
    var exp: LenientNumber?
    var nbf: LenientNumber?

    init(_ claims: TokenClaims, issuedAt: WallTime) {
        sub = LenientNumber(value: claims.userID)
        (login, role) = (claims.login, claims.role)
        iat = LenientNumber(value: issuedAt.seconds)
        exp = claims.expires.map { LenientNumber(value: $0.seconds) }
        nbf = claims.notBefore.map { LenientNumber(value: $0.seconds) }
    }

    var claims: TokenClaims? {
        guard let user = sub ?? userId ?? id else { return nil }
        return TokenClaims(
            userID: user.value, login: login, role: role, expires: exp?.asSeconds, notBefore: nbf?.asSeconds)
    }
}

/// A whole number, however an issuer wrote it: `7`, `7.0` or `"7"`.
private struct LenientNumber: Codable {
    let value: Int64

    init(value: Int64) { self.value = value }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            value = number
        } else if let number = try? container.decode(Double.self), let whole = Int64(exactly: number.rounded(.down)) {
            value = whole
        } else if let digits = try? container.decode(String.self),
            let number = ASCII.decimal(digits.utf8, maximumDigits: 18)
        {
            value = Int64(number)
        } else {
            throw TokenError.malformed
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    var asSeconds: WallTime {
        let (milliseconds, overflow) = value.multipliedReportingOverflow(by: 1000)
        return WallTime(milliseconds: overflow ? (value < 0 ? .min : .max) : milliseconds)
    }
}
