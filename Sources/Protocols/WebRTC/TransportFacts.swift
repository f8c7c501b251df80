package import DTLS
package import Wire

/// How far a browser's transport came, for whoever asks why nothing is heard.
package struct TransportFacts: Hashable, Sendable {
    /// Where the handshake stands.
    package enum Handshake: String, Hashable, Sendable {
        /// Neither side has begun it.
        case waiting
        case underWay
        case connected
        case failed
        /// The browser said close_notify, or we did.
        case closed
    }

    /// Authenticated connectivity checks, and when the first and the last came.
    package var checks: UInt64 = 0
    package var firstCheckAt: Instant?
    package var lastCheckAt: Instant?
    /// Addresses whose checks were right, the latest last; at most `ICELiteAgent.maximumValidated`.
    package var validated: [SocketAddress] = []
    /// The remote side of the selected pair.
    package var selected: SocketAddress?
    /// The selected path is a TCP connection (RFC 6544).
    package var isOverTCP = false
    /// The browser stopped checking the path.
    package var isConsentLost = false

    package var handshake = Handshake.waiting
    package var connectedAt: Instant?
    /// Our part in the handshake; nil before the browser's description came.
    package var role: DTLSRole?
    package var failure: DTLSError?
    /// The fatal alert we sent (RFC 8446 section 6).
    package var sentAlert: UInt8?

    package init() {}

    /// Notes an authenticated check.
    mutating func noteCheck(at now: Instant) {
        checks &+= 1
        firstCheckAt = firstCheckAt ?? now
        lastCheckAt = now
    }
}
