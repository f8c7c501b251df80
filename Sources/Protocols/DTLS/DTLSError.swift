/// Why there is no DTLS association.
package enum DTLSError: Error, Hashable, Sendable {
    /// The peer's certificate is not the one its session description announced.
    case fingerprintMismatch
    /// The peer sent a fatal alert (RFC 5246 section 7.2).
    case refusedByPeer(alert: UInt8)
    /// The handshake ended without a common SRTP profile.
    case noSRTPProfile
    /// The peer broke the protocol, or has no cipher or version in common with us.
    case protocolViolation
    /// The handshake took longer than `DTLSConnection.handshakeTimeout`.
    case timedOut
    /// OpenSSL refused something that depends on no peer: out of memory, or built without it.
    case unavailable
}
