/// Which way media flows, seen from whoever wrote the description (RFC 3264 section 5.1).
package enum MediaDirection: String, Hashable, Sendable, CaseIterable {
    case sendrecv
    case sendonly
    case recvonly
    case inactive

    package init(sends: Bool, receives: Bool) {
        switch (sends, receives) {
        case (true, true): self = .sendrecv
        case (true, false): self = .sendonly
        case (false, true): self = .recvonly
        case (false, false): self = .inactive
        }
    }

    package var sends: Bool { self == .sendrecv || self == .sendonly }
    package var receives: Bool { self == .sendrecv || self == .recvonly }

    /// The same flow seen from the other end.
    package var reversed: MediaDirection { MediaDirection(sends: receives, receives: sends) }

    /// What both allow.
    package static func & (left: MediaDirection, right: MediaDirection) -> MediaDirection {
        MediaDirection(sends: left.sends && right.sends, receives: left.receives && right.receives)
    }
}
