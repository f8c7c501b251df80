package import Wire

/// An ICE candidate (RFC 8839 section 5.1): the text after `a=` in a description, or a trickled candidate's text.
package struct Candidate: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        case host
        case serverReflexive = "srflx"
        case peerReflexive = "prflx"
        case relayed = "relay"
    }

    package let foundation: String
    package let component: UInt16
    /// Lowercase: `udp` or `tcp`.
    package let transport: String
    package let priority: UInt32
    /// An address, or a name such as `….local` that only its owner's network can resolve.
    package let host: String
    package let port: UInt16
    package let kind: Kind
    /// Who opens a TCP connection (RFC 6544 section 4.5): `active`, `passive` or `so`; nil for UDP.
    package let tcpType: String?

    package init(
        foundation: String, component: UInt16 = 1, transport: String = "udp", priority: UInt32, host: String,
        port: UInt16, kind: Kind = .host, tcpType: String? = nil
    ) {
        (self.foundation, self.component, self.transport) = (foundation, component, transport)
        (self.priority, self.host, self.port, self.kind, self.tcpType) = (priority, host, port, kind, tcpType)
    }

    /// A host candidate of ours; the earlier in the list, the higher its priority (RFC 8445 section 5.1.2).
    package init(host address: SocketAddress, position: Int) {
        let localPreference = UInt32(clamping: max(0, 65535 - position))
        self.init(
            foundation: "\(position + 1)", priority: 126 << 24 | localPreference << 8 | 255,
            host: address.ip.description, port: address.port)
    }

    /// The same address for peers whose network lets no UDP pass: they connect to it (RFC 6544).
    ///
    /// Below every UDP candidate, since what is lost delays all that follows; 90 is what browsers give such candidates,
    /// and 4 the direction preference of those who wait for connections (RFC 6544 section 4.2).
    package init(passive address: SocketAddress, position: Int) {
        let localPreference = 4 << 13 | UInt32(clamping: max(0, 8191 - position))
        self.init(
            foundation: "tcp\(position + 1)", transport: "tcp", priority: 90 << 24 | localPreference << 8 | 255,
            host: address.ip.description, port: address.port, tcpType: "passive")
    }

    /// Reads `candidate:1 1 udp 2130706431 192.0.2.1 30000 typ host …`, with or without a leading `a=`.
    package init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        if rest.hasPrefix("a=") { rest = rest.dropFirst(2) }
        guard rest.hasPrefix("candidate:") else { return nil }
        let parts = ASCII.split(rest.dropFirst("candidate:".count), at: ASCII.space, maxSplits: 8)
        guard parts.count >= 8, parts[6] == "typ", let kind = Kind(rawValue: String(parts[7])),
            let component = ASCII.decimal(parts[1].utf8, maximumDigits: 3),
            let priority = ASCII.decimal(parts[3].utf8), priority <= UInt32.max,
            let port = ASCII.decimal(parts[5].utf8, maximumDigits: 5), port <= 65535
        else { return nil }
        self.init(
            foundation: String(parts[0]), component: UInt16(component), transport: parts[2].lowercased(),
            priority: UInt32(priority), host: String(parts[4]), port: UInt16(port), kind: kind,
            tcpType: parts.count > 8 ? Self.value(of: "tcptype", in: parts[8]) : nil)
    }

    /// One of the pairs of name and value at the end.
    private static func value(of name: String, in extensions: Substring) -> String? {
        let words = ASCII.split(extensions, at: ASCII.space)
        let names = stride(from: 0, to: words.count - 1, by: 2)
        return names.first { words[$0] == name }.map { String(words[$0 + 1]) }
    }

    /// The address, when the host is one.
    package var address: SocketAddress? { SocketAddress(host: host, port: port) }

    package var description: String {
        "candidate:\(foundation) \(component) \(transport) \(priority) \(host) \(port) typ \(kind.rawValue)"
            + (tcpType.map { " tcptype \($0)" } ?? "")
    }
}
