import Reactor

/// How TLS is spoken to each domain: what was set for it, and else by the system's authorities.
struct OutboundTLS {
    private var settings: [String: TLSClientSettings] = [:]
    private var contexts: [String: TLSContext] = [:]

    mutating func set(_ settings: TLSClientSettings, for domain: String) {
        self.settings[domain] = settings
        contexts[domain] = nil
    }

    /// Forgets what was set, and sets all this instead.
    mutating func replace(_ settings: [String: TLSClientSettings]) {
        self.settings = settings
        contexts = [:]
    }

    mutating func context(for domain: String) throws(TLSFailure) -> TLSContext {
        if let context = contexts[domain] { return context }
        let context = try TLSContext(client: settings[domain] ?? TLSClientSettings(serverName: domain))
        // Without settings anybody's name may come here, so that only what was set is kept.
        if settings[domain] != nil { contexts[domain] = context }
        return context
    }
}
