package import Wire

/// Where a session's requests go, and how we name ourselves on the way.
package struct SessionPeer: Sendable {
    /// Where the first request went or came from.
    package var flow: Flow
    /// Send everything over `flow`, whatever Contact and Record-Route say: the peer is behind a NAT.
    package var isSymmetric: Bool
    /// A request too large for a datagram may go over TCP to the same address (RFC 3261 section 18.1.1).
    package var allowsTCP: Bool
    /// The sent-by of our Vias: the address the peer reaches us at.
    package var sentBy: SocketAddress
    package var contact: NameAddress
    /// What challenges may be answered with.
    @Sparse package var credentials: SIPCredentials?
    package var options: SessionOptions
    /// The account of ours whose device this is: where it registers next, its calls find it, too.
    package var account: String?

    package init(
        flow: Flow, isSymmetric: Bool, allowsTCP: Bool = false, sentBy: SocketAddress, contact: NameAddress,
        credentials: SIPCredentials? = nil, options: SessionOptions = SessionOptions(), account: String? = nil
    ) {
        self.flow = flow
        self.isSymmetric = isSymmetric
        self.allowsTCP = allowsTCP
        self.sentBy = sentBy
        self.contact = contact
        self.credentials = credentials
        self.options = options
        self.account = account
    }

    /// Whether the connection of a device is gone, so that only its next one will do.
    var isAdrift: Bool { account != nil && flow.transport != .udp && flow.connection == 0 }

    /// The flow of a request whose next hop is `uri`.
    ///
    /// A host that is a name is reached the way the session began, and so is everybody behind a WebSocket. Over TLS
    /// nobody else than the one it began with is spoken to, wherever that one moved.
    func flow(to uri: SIPURI) -> Flow {
        guard !isSymmetric, uri.isSIP, let ip = uri.address, flow.transport != .ws, flow.transport != .wss else {
            return flow
        }
        // A session that began in TLS is not led out of it.
        let transport = flow.transport == .tls || uri.scheme == .sips ? .tls : uri.transport ?? flow.transport
        guard transport == .udp || transport == .tcp || transport == .tls else { return flow }
        let remote = SocketAddress(ip: ip, port: uri.port ?? transport.defaultPort)
        let isNear = transport.isReliable && ip == flow.remote.ip
        if transport == flow.transport, remote == flow.remote || isNear { return flow }
        let domain = transport == .tls ? flow.domain ?? ip.description : nil
        return Flow(transport: transport, remote: remote, domain: domain)
    }
}

/// What every message of a user agent says about it.
///
/// Its header fields are made once and shared by all messages.
package struct UserAgentProfile: Sendable {
    package let name: String
    private let supportedField: SIPHeaders.Field
    /// With the tag of reliable provisional responses.
    private let supportedReliablyField: SIPHeaders.Field
    private let allowField: SIPHeaders.Field
    private let userAgentField: SIPHeaders.Field
    private let serverField: SIPHeaders.Field

    package init(name: String, allowed: [SIPMethod], supported: [String]) {
        self.name = name
        let tags = supported + SessionOptions.supportedTags.filter { !supported.contains($0) }
        supportedField = SIPHeaders.Field(.supported, tags.joined(separator: ", "))
        supportedReliablyField = SIPHeaders.Field(
            .supported, ([OptionTag.reliable] + tags).joined(separator: ", "))
        allowField = SIPHeaders.Field(.allow, allowed.map(\.rawValue).joined(separator: ", "))
        userAgentField = SIPHeaders.Field(.userAgent, name)
        serverField = SIPHeaders.Field(.server, name)
    }

    /// Adds what a request or a 2xx that makes or changes a session says.
    func describe(_ headers: inout SIPHeaders, isResponse: Bool, options: SessionOptions) {
        headers.set(allowField)
        headers.set(options.reliable == .off ? supportedField : supportedReliablyField)
        headers.set(isResponse ? serverField : userAgentField)
    }
}
