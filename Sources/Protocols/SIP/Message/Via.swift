package import Wire

/// One hop of a Via (RFC 3261 20.42, `rport` by RFC 3581).
package struct Via: Hashable, Sendable {
    package static let magicCookie = "z9hG4bK"

    package var transport: SIPTransport
    /// The sent-by host: a name, an IPv4 address, or an IPv6 address in brackets.
    package var host: String
    package var port: UInt16?
    package var parameters = SIPParameters()

    package init(transport: SIPTransport, host: String, port: UInt16? = nil, branch: String) {
        (self.transport, self.host, self.port) = (transport, host, port)
        parameters.append(SIPParameters.Parameter(name: "branch", value: branch))
    }

    package init(transport: SIPTransport, sentBy: SocketAddress, branch: String) {
        self.init(transport: transport, host: sentBy.hostText, port: sentBy.port, branch: branch)
    }

    init(transport: SIPTransport, host: String, port: UInt16?, parameters: SIPParameters) {
        (self.transport, self.host, self.port, self.parameters) = (transport, host, port, parameters)
    }

    /// Reads one hop; nil when it is malformed.
    package init?(_ text: String) {
        guard let value = Via.parse(text.utf8.span) else { return nil }
        self = value
    }

    package var branch: String? {
        get { parameters["branch"] }
        set { parameters["branch"] = newValue }
    }

    /// The branch when it is unique by RFC 3261: the magic cookie and something after it.
    package var uniqueBranch: String? {
        guard let branch, branch.utf8.count > Via.magicCookie.utf8.count,
            ASCII.equalIgnoringCase(branch.utf8.span.extracting(first: 7), Via.magicCookie.utf8.span)
        else { return nil }
        return branch
    }

    package var received: String? {
        get { parameters["received"] }
        set { parameters["received"] = newValue }
    }

    /// Whether `rport` stands there, with a value or without.
    package var wantsResponsePort: Bool { parameters.contains("rport") }

    /// The value of `rport`; setting nil removes the parameter (use `requestResponsePort` for the bare one).
    package var rport: UInt16? {
        get { parameters["rport"].flatMap(Decimal.exactly).flatMap(UInt16.init(exactly:)) }
        set { parameters["rport"] = newValue.map(String.init) }
    }

    /// Adds the bare `rport` of a request.
    package mutating func requestResponsePort() { parameters.set("rport") }

    package var maddr: String? { parameters["maddr"] }

    /// The port with the transport's default filled in.
    package var effectivePort: UInt16 { port ?? transport.defaultPort }

    /// The sent-by as written: `host` or `host:port`.
    package var sentBy: String { port.map { "\(host):\($0)" } ?? host }
}
