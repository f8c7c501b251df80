/// What a locator waits for.
enum LocatorStage: Sendable {
    case pointers
    /// `fallback` is the transport the name itself is reached by, should there be no such service.
    case services([ServiceCandidate], fallback: SIPTransport)
    case addresses([HostCandidate])
}

/// A service whose SRV records are wanted.
struct ServiceCandidate: Sendable {
    let transport: SIPTransport
    let name: String

    init(transport: SIPTransport, name: String) { (self.transport, self.name) = (transport, name) }

    /// The service under which a domain announces a transport; nil for those that have none.
    init?(_ transport: SIPTransport, of domain: String) {
        let prefix: String
        switch transport {
        case .udp: prefix = "_sip._udp."
        case .tcp: prefix = "_sip._tcp."
        case .tls: prefix = "_sips._tcp."
        case .sctp, .ws, .wss, .other: return nil
        }
        self.init(transport: transport, name: prefix + domain)
    }
}

/// A server whose addresses are wanted.
struct HostCandidate: Sendable {
    /// Which of the services it belongs to: two may have the same transport.
    let service: Int
    let transport: SIPTransport
    let record: (priority: UInt16, weight: UInt16, port: UInt16)
    let name: String
}

extension SIPTransport {
    /// The transport of a NAPTR service field (RFC 3263 4.1); nil for other services.
    init?(naptrService: String) {
        switch naptrService.uppercased() {
        case "SIP+D2U": self = .udp
        case "SIP+D2T": self = .tcp
        case "SIPS+D2T": self = .tls
        default: return nil
        }
    }

    /// What a `sips:` URI makes of its transport parameter: TCP means TLS over TCP.
    var secured: SIPTransport {
        switch self {
        case .tcp: .tls
        case .ws: .wss
        default: self
        }
    }
}
