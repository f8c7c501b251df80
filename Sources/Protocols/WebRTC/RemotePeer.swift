package import Crypto
package import DTLS
package import ICE

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
    case transmit([UInt8], to: RemotePath)
    case event(BrowserLegEvent)
}

/// What happened on a leg; after `failed`, `closed` or `consentLost` nothing more comes.
package enum BrowserLegEvent: Sendable {
    /// What comes this way is the browser: later datagrams from there belong to this leg.
    ///
    /// Told with each authenticated check, so that an address another leg held can be claimed again.
    case validated(RemotePath)
    /// This path no longer belongs to the leg.
    case forgotten(RemotePath)
    /// Requests with this local ufrag no longer belong to the leg.
    case retired(ufrag: String)
    /// Media goes this way from now on.
    case selected(RemotePath)
    /// ICE and DTLS are up; again after a handshake with changed fingerprints.
    case connected(SRTPKeys, remote: RemotePath)
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
