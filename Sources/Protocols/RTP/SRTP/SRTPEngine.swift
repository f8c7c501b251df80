/// Why a packet or a key was refused.
///
/// Nothing changed but, at most, a counter of the caller.
package enum SRTPError: Error, Hashable, Sendable {
    /// Not a whole packet of its kind, or too short to bear a tag.
    case malformed
    /// The buffer cannot hold the protected packet.
    case noRoom
    case authenticationFailed
    /// The index came before, or is older than the window.
    case replayed
    /// The session already knows as many SSRCs as it may.
    case tooManySources
    /// The index space of the key is used up.
    case keyExhausted
    /// A key or salt of the wrong length.
    case invalidKey
    /// The library refused for a reason of its own.
    case library
}

/// Which way a session's packets go.
package enum SRTPDirection: Hashable, Sendable {
    case outbound
    case inbound
}

/// Protection of one direction of a session (RFC 3711, RFC 7714).
///
/// Works in place: the buffer's count is its capacity, `length` the bytes used, and the answer the bytes used
/// afterwards. Authentication comes before any change of state. Packets that repeat an index are refused in both
/// directions: sending one twice with different contents would give the keystream away.
package protocol SRTPEngine: ~Copyable {
    init(_ profile: ProtectionProfile, _ key: SRTPMasterKey, _ direction: SRTPDirection) throws(SRTPError)

    borrowing func protect(_ packet: UnsafeMutableRawBufferPointer, length: Int) throws(SRTPError) -> Int
    borrowing func unprotect(_ packet: UnsafeMutableRawBufferPointer, length: Int) throws(SRTPError) -> Int
    borrowing func protectControl(_ packet: UnsafeMutableRawBufferPointer, length: Int) throws(SRTPError) -> Int
    borrowing func unprotectControl(_ packet: UnsafeMutableRawBufferPointer, length: Int) throws(SRTPError) -> Int
}

/// Limits that both engines share.
package enum SRTPLimits {
    /// SSRCs in one direction of one session.
    package static let sources = 16
    /// Packets a late one may be behind the newest.
    package static let window = 128
}
