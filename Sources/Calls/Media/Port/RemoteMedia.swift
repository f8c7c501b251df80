package import Crypto
package import SDP
package import Wire

/// The far end of a leg, as its description told us.
package enum RemoteMedia: Hashable, Sendable {
    /// RTP, or SRTP when `stream` has keys.
    ///
    /// `rtp` is nil when the description gave no usable address: nothing is sent and nothing accepted. Packets are
    /// taken from `rtp`'s host alone, from the first port of it that sends (symmetric RTP) what the keys open. `rtcp` is nil when RTCP
    /// shares the RTP port (`mux`) or is not wanted.
    case sip(rtp: SocketAddress?, rtcp: SocketAddress?, mux: Bool, stream: NegotiatedAudio)
    /// ICE, DTLS and SRTP; the addresses are learned from authenticated connectivity checks.
    case browser(
        usernameFragment: String, password: String, fingerprints: [Fingerprint], setup: SetupRole,
        stream: NegotiatedAudio)

    package var stream: NegotiatedAudio {
        switch self {
        case .sip(_, _, _, let stream): stream
        case .browser(_, _, _, _, let stream): stream
        }
    }
}

extension RemoteMedia {
    /// What a negotiated stream of the peer's description comes to: `stream` is the peer's, `negotiated` what we agreed.
    package init(_ stream: AudioStream, negotiated: NegotiatedAudio) {
        if let ice = stream.ice, !stream.fingerprints.isEmpty {
            self = .browser(
                usernameFragment: ice.usernameFragment, password: ice.password, fingerprints: stream.fingerprints,
                setup: stream.setup ?? .actpass, stream: negotiated)
        } else {
            self = .sip(rtp: stream.rtp, rtcp: stream.rtcp, mux: stream.rtcpMux, stream: negotiated)
        }
    }
}

/// What our description of a browser leg must say.
package struct BrowserTransport: Hashable, Sendable {
    package let usernameFragment: String
    package let password: String
    /// SHA-256 of our certificate.
    package let fingerprint: Fingerprint
    /// Where the leg's worker listens; the port is the same for all its browsers.
    package let candidates: [SocketAddress]

    package init(usernameFragment: String, password: String, fingerprint: Fingerprint, candidates: [SocketAddress]) {
        (self.usernameFragment, self.password) = (usernameFragment, password)
        (self.fingerprint, self.candidates) = (fingerprint, candidates)
    }
}
