package import RTP
package import Wire

/// SRTP packets that were not opened, by why.
package struct SRTPFailures: Hashable, Sendable {
    /// Forged, damaged, or sealed with another key than was agreed on.
    package var authentication: UInt64 = 0
    /// They came twice, or too late to tell.
    package var replayed: UInt64 = 0
    /// They came while there were no keys: before the handshake's end or after the path's.
    package var withoutKey: UInt64 = 0
    /// No whole packets, more sources than a session may have, a used-up key.
    package var other: UInt64 = 0

    package init() {}

    package var total: UInt64 { authentication &+ replayed &+ withoutKey &+ other }

    /// Counts a refusal; nil: there was no session to refuse it.
    package mutating func count(_ error: SRTPError?) {
        switch error {
        case nil: withoutKey &+= 1
        case .authenticationFailed: authentication &+= 1
        case .replayed: replayed &+= 1
        case .malformed, .noRoom, .tooManySources, .keyExhausted, .invalidKey, .library: other &+= 1
        }
    }
}

/// Where packets came from that a leg wants nothing to do with.
package struct RefusedSources: Hashable, Sendable {
    package struct Source: Hashable, Sendable {
        package let address: SocketAddress
        package fileprivate(set) var packets: UInt64
    }

    /// The first few, each by address.
    package private(set) var sources: [Source] = []
    /// From all of them, remembered or not.
    package private(set) var packets: UInt64 = 0

    /// Addresses remembered: who floods a port must not fill memory.
    package static let limit = 4

    package init() {}

    package mutating func count(_ address: SocketAddress) {
        packets &+= 1
        if let index = sources.firstIndex(where: { $0.address == address }) {
            sources[index].packets &+= 1
        } else if sources.count < Self.limit {
            sources.append(Source(address: address, packets: 1))
        }
    }
}
