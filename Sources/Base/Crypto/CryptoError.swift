/// What can go wrong with keys and certificates.
package enum CryptoError: Error, Sendable {
    /// The text is not a PEM certificate with its private key.
    case unreadablePEM
    /// The private key does not belong to the certificate.
    case keyMismatch
    /// OpenSSL refused an operation that needs no input from outside: out of memory, or built without it.
    case unavailable(operation: String)
}
