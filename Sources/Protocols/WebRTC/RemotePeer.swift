package import Crypto
package import DTLS
package import ICE
package import Wire

/// What a browser's session description says about its transport.
package struct RemotePeer: Equatable, Sendable {
    package let credentials: ICECredentials
    package let fingerprints: [Fingerprint]
    /// Our own part in the handshake: the client when the browser said `a=setup:passive`, else the server.
    package let role: DTLSRole

    package init(credentials: ICECredentials, fingerprints: [Fingerprint], role: DTLSRole = .server) {
        (self.credentials, self.fingerprints, self.role) = (credentials, fingerprints, role)
    }
}

/// What a leg wants done, in the order in which it wants it.
package enum BrowserLegOutput: Sendable {
    case transmit([UInt8], to: SocketAddress)
    case event(BrowserLegEvent)
}

/// What happened on a leg; after `failed`, `closed` or `consentLost` nothing more comes.
package enum BrowserLegEvent: Sendable {
    /// This address has proved that it is the browser: later datagrams from it belong to this leg.
    ///
    /// Told with each authenticated check, so that an address another leg held can be claimed again.
    case validated(SocketAddress)
    /// This address no longer belongs to the leg.
    case forgotten(SocketAddress)
    /// Requests with this local ufrag no longer belong to the leg.
    case retired(ufrag: String)
    /// Media goes to this address from now on.
    case selected(SocketAddress)
    /// ICE and DTLS are up; again after a handshake with changed fingerprints.
    case connected(SRTPKeys, remote: SocketAddress)
    case failed(BrowserLegFailure)
    /// The browser said close_notify.
    case closed
    /// The browser stopped checking the path (RFC 7675).
    case consentLost
}

/// Why a leg never came up.
package enum BrowserLegFailure: Error, Hashable, Sendable {
    /// No nomination within `ICELiteAgent.connectTimeout` of the browser's description.
    case noConnectivity
    case handshake(DTLSError)
}
