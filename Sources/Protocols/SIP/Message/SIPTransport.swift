/// The transport named in a Via or in a URI's `transport` parameter; compared without case.
package enum SIPTransport: Hashable, Sendable, CustomStringConvertible {
    case udp
    case tcp
    case tls
    case sctp
    case ws
    case wss
    /// In upper case.
    case other(String)

    package init(_ text: String) {
        let upper = text.uppercased()
        self = Self.named.first { $0.rawValue == upper } ?? .other(upper)
    }

    init(token bytes: Span<UInt8>) {
        let word = PackedWord(bytes, ignoringCase: true)
        self = Self.words.first { $0.word == word }?.transport ?? .other(text(bytes).uppercased())
    }

    /// The form of a Via, in upper case.
    package var rawValue: String {
        switch self {
        case .udp: "UDP"
        case .tcp: "TCP"
        case .tls: "TLS"
        case .sctp: "SCTP"
        case .ws: "WS"
        case .wss: "WSS"
        case .other(let text): text
        }
    }

    package var description: String { rawValue }

    /// Whether requests need no retransmission over it.
    package var isReliable: Bool { self != .udp }

    /// The port a host without one is reached at (RFC 3261 19.1.2, RFC 7118).
    package var defaultPort: UInt16 {
        switch self {
        case .tls: 5061
        case .ws: 80
        case .wss: 443
        default: 5060
        }
    }

    private static let named: [SIPTransport] = [.udp, .tcp, .tls, .ws, .wss, .sctp]

    private static let words = named.compactMap { transport in
        PackedWord(transport.rawValue.utf8.span, ignoringCase: true).map { (word: $0, transport: transport) }
    }
}
