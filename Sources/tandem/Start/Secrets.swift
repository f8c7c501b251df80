import Crypto
import Store
import Wire

/// What the program makes for itself on its first start and keeps: the token secret and the HTTPS certificate.
struct Secrets {
    let tokenKey: TokenKey
    /// For HTTPS, when no certificate is configured.
    let certificate: Certificate

    static let secretName = "jwt_secret"

    /// Reads what the store has and makes what it lacks.
    init(store: SQLStore, configured: String?, hostName: String, addresses: [IPAddress], now: WallTime) async throws {
        tokenKey = try await Self.tokenKey(store, configured)
        certificate = try await Self.certificate(store, hostName, addresses, now)
    }

    private static func tokenKey(_ store: SQLStore, _ configured: String?) async throws -> TokenKey {
        if let configured { return try tokenKey(configured: configured) }
        if let kept = try await store.setting(secretName) { return try tokenKey(kept: kept) }
        var entropy = Entropy.system
        let secret = entropy.hex(32)
        try await store.setSetting(secretName, to: secret)
        return try tokenKey(kept: secret)
    }

    /// The key of `JWT_SECRET`.
    static func tokenKey(configured secret: String) throws(ConfigurationError) -> TokenKey {
        guard let key = TokenKey(secret: secret) else {
            throw ConfigurationError(
                variable: "JWT_SECRET", problem: "it cannot be used as a key", cure: "use 32 random bytes or more")
        }
        return key
    }

    /// The key of what a gateway keeps as `secretName`.
    static func tokenKey(kept secret: String) throws(ConfigurationError) -> TokenKey {
        guard let key = TokenKey(secret: secret) else {
            throw ConfigurationError(
                variable: "DATA_DIR", problem: "the secret in its store is damaged", cure: "set JWT_SECRET")
        }
        return key
    }

    /// A certificate that ends within this time, in milliseconds, is made anew.
    private static let leastLife: Int64 = 30 * 86_400_000

    private static func certificate(
        _ store: SQLStore, _ hostName: String, _ addresses: [IPAddress], _ now: WallTime
    ) async throws -> Certificate {
        let names = Certificate.localNames(hosts: [hostName], addresses: addresses)
        let made = try Certificate.selfSigned(commonName: hostName, names: names, now: now, days: 825)
        if let certificate = try await store.setting("https_certificate"),
            let key = try await store.setting("https_key"),
            let kept = try? Certificate(certificatePEM: certificate, privateKeyPEM: key),
            // Another SIP_DOMAIN or PUBLIC_IP may have come since; what no certificate can name is not missed.
            names.allSatisfy({ kept.names($0) || !made.names($0) }),
            kept.expires.map({ now.milliseconds + leastLife < $0.milliseconds }) ?? false
        {
            return kept
        }
        try await store.setSetting("https_certificate", to: made.certificatePEM)
        try await store.setSetting("https_key", to: made.privateKeyPEM)
        return made
    }
}
