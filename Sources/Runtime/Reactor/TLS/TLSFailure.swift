/// Why a TLS connection came to nothing, or cannot be made, in words an operator can act on.
package enum TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// A certificate of the peer's chain is past its time.
    case expired
    case notYetValid
    /// Nobody we trust vouches for the peer's certificate.
    case unknownAuthority
    /// The certificate is not good for the name we wanted (RFC 5922).
    case nameMismatch(expected: String)
    /// Anything else that is wrong with the peer's certificate.
    case badCertificate(reason: String)
    /// The peer would have nothing to do with us: the alert it sent.
    case refusedByPeer(alert: String)
    /// What came is no TLS, or breaks its rules.
    case protocolViolation(reason: String)
    /// A certificate, key or list of authorities of ours cannot be used.
    case unusable(problem: String)

    package var description: String {
        switch self {
        case .expired: "the peer's certificate has expired"
        case .notYetValid: "the peer's certificate is not valid yet"
        case .unknownAuthority: "the peer's certificate is signed by nobody we trust"
        case .nameMismatch(let expected): "the peer's certificate is not for \(expected)"
        case .badCertificate(let reason): "the peer's certificate is not accepted: \(reason)"
        case .refusedByPeer(let alert): "the peer refused the connection: \(alert)"
        case .protocolViolation(let reason): "the peer does not speak TLS properly: \(reason)"
        case .unusable(let problem): problem
        }
    }
}
