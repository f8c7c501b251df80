import SIP
import Wire

/// How we name ourselves to a peer.
extension SIPEndpoint {
    /// The address a peer reaches us at: `PUBLIC_IP` for the Internet, and our own address within a private network.
    func advertised(facing peer: IPAddress) -> SocketAddress { advertised(facing: peer, localAddresses, port: 5060) }

    /// The address a peer reaches us at over the transport it is reached by, and in its own family of addresses.
    func advertised(facing flow: Flow) -> SocketAddress {
        guard flow.transport == .tls, !secureAddresses.isEmpty else { return advertised(facing: flow.remote.ip) }
        return advertised(facing: flow.remote.ip, secureAddresses, port: 5061)
    }

    private func advertised(facing peer: IPAddress, _ listeners: [SocketAddress], port: UInt16) -> SocketAddress {
        let listener =
            listeners.first { $0.ip.isIPv4 == peer.isIPv4 } ?? listeners.first
            ?? SocketAddress(ip: .anyIPv4, port: port)
        if let publicAddress = configuration.publicAddress, !peer.isPrivate, publicAddress.isIPv4 == peer.isIPv4 {
            return SocketAddress(ip: publicAddress, port: listener.port)
        }
        let ip = listener.ip.isUnspecified ? ownAddress(facing: peer) : listener.ip
        return SocketAddress(ip: ip, port: listener.port)
    }

    /// Asking the system costs more than a message; its answer is good for a while.
    private func ownAddress(facing peer: IPAddress) -> IPAddress {
        if let known = ownAddresses[peer], known.until > now { return known.address }
        let found = configuration.addressFacing(peer)
        ownAddresses[peer] = (found, now + .seconds(10))
        return found
    }

    func contact(user: String?, facing flow: Flow) -> NameAddress {
        var uri = SIPURI(user: user, address: advertised(facing: flow))
        switch flow.transport {
        case .tcp: uri.parameters.set("transport", "tcp")
        case .tls: uri.parameters.set("transport", "tls")
        // One name for both (RFC 7118 section 5.2.2).
        case .ws, .wss: uri.parameters.set("transport", "ws")
        default: break
        }
        return NameAddress(uri: uri)
    }

    func peer(
        _ flow: Flow, user: String?, isSymmetric: Bool, allowsTCP: Bool = false, credentials: SIPCredentials? = nil,
        account: String? = nil
    ) -> SessionPeer {
        SessionPeer(
            flow: flow, isSymmetric: isSymmetric, allowsTCP: allowsTCP,
            sentBy: advertised(facing: flow), contact: contact(user: user, facing: flow),
            credentials: credentials, account: account)
    }
}
