import Crypto
import Store
import Wire

/// What the program makes for itself on its first start and keeps: the token secret and the HTTPS certificate.
struct Secrets {
    let tokenKey: TokenKey
    /// For HTTPS, when no certificate is configured.
    let certificate: Certificate

    private static let secretName = "jwt_secret"

    /// Reads what the store has and makes what it lacks.
    init(store: SQLStore, configured: String?, hostName: String, addresses: [IPAddress], now: WallTime) async throws {
        var entropy = Entropy.system
        tokenKey = try await Self.tokenKey(store, configured, &entropy)
        certificate = try await Self.certificate(store, hostName, addresses, now)
    }

    private static func tokenKey(_ store: SQLStore, _ configured: String?, _ entropy: inout Entropy) async throws
        -> TokenKey
    {
        if let configured {
            guard let key = TokenKey(secret: configured) else {
                throw ConfigurationError(
                    variable: "JWT_SECRET", problem: "it cannot be used as a key", cure: "use 32 random bytes or more")
            }
            return key
        }
        let secret: String
        if let kept = try await store.setting(secretName) {
            secret = kept
        } else {
            secret = entropy.hex(32)
            try await store.setSetting(secretName, to: secret)
        }
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
        if let certificate = try await store.setting("https_certificate"),
            let key = try await store.setting("https_key"),
            let kept = try? Certificate(certificatePEM: certificate, privateKeyPEM: key),
            kept.expires.map({ now.milliseconds + leastLife < $0.milliseconds }) ?? false
        {
            return kept
        }
        let names = Certificate.localNames(hosts: [hostName], addresses: addresses)
        let made = try Certificate.selfSigned(commonName: hostName, names: names, now: now, days: 825)
        try await store.setSetting("https_certificate", to: made.certificatePEM)
        try await store.setSetting("https_key", to: made.privateKeyPEM)
        return made
    }
}
