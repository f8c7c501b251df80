package import Directory
package import Reactor
package import SIP
package import Wire

/// Where the endpoint listens with UDP, TCP and TLS, the trunks it begins with, and what it grants to whom.
package struct SIPEndpointConfiguration: Sendable {
    /// UDP and TCP on each.
    ///
    /// A machine that cannot listen on `[::]` is no error where IPv4 is listened on, too.
    package var listen: [SocketAddress]
    /// TLS on each, when there is an identity.
    package var tlsListen: [SocketAddress] = []
    /// The certificate shown to TLS clients.
    package var identity: TLSIdentity?
    /// The address peers outside our own network reach us at (`PUBLIC_IP`).
    package var publicAddress: IPAddress?
    /// The address of ours that faces a peer; used where a listener is bound to no address of its own.
    package var addressFacing: @Sendable (IPAddress) -> IPAddress
    /// The ways to the telephone network at first; `setTrunks` changes them.
    package var trunks: [Trunk]
    /// What Server and User-Agent say.
    package var productName: String
    /// Sessions at once, past which an INVITE is answered 503; 0 for as many as come.
    package var maximumSessions: Int
    /// Seconds a refused caller is told to wait.
    package var retryAfter: UInt32
    /// How long a server may be silent to an INVITE or a REGISTER while there is another to try.
    package var serverPatience: Duration = .seconds(4)
    package var timers: TimerValues
    package var transactions: TransactionLimits
    package var registrar: RegistrarLimits
    package var transport: TransportLimits
    package var sources: SourceLimits
    /// Bytes of the latest messages of calls that are kept for diagnosis; 0 keeps none.
    package var traceBytes = 32 << 20
    /// The field by which INVITEs carry the trace of their call (W3C `traceparent`); nil: they do not.
    package var traceHeader: String?
    /// What stands behind the `@` of callers that are shown (`SIP_DOMAIN`); nil: our address.
    package var domain: String?

    package init(
        listen: [SocketAddress] = [SocketAddress(ip: .anyIPv4, port: 5060)], publicAddress: IPAddress? = nil,
        trunks: [Trunk] = [], productName: String = "Tandem", maximumSessions: Int = 0, retryAfter: UInt32 = 10,
        timers: TimerValues = TimerValues(), transactions: TransactionLimits = TransactionLimits(),
        registrar: RegistrarLimits = RegistrarLimits(), transport: TransportLimits = TransportLimits(),
        sources: SourceLimits = SourceLimits(),
        addressFacing: @escaping @Sendable (IPAddress) -> IPAddress = LocalAddress.facing
    ) {
        self.listen = listen
        self.publicAddress = publicAddress
        self.addressFacing = addressFacing
        self.trunks = trunks
        self.productName = productName
        self.maximumSessions = maximumSessions
        self.retryAfter = retryAfter
        self.timers = timers
        self.transactions = transactions
        self.registrar = registrar
        self.transport = transport
        self.sources = sources
    }
}

/// Who may register and call: `SIP_USERS` and the store's accounts, as they are now.
package protocol SIPAccountDirectory: Sendable {
    /// The account with that name of digest authentication; nil when there is none.
    func sipAccount(username: String) -> SIPAccount?
}

/// What keeps the endpoint from starting.
package enum SIPEndpointError: Error, Sendable {
    case cannotListen(SocketAddress, transport: String, NetworkError)
    /// The certificate for TLS cannot be used.
    case badIdentity(TLSFailure)
}
