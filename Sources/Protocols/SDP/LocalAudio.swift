package import Crypto
package import Wire

/// Where our end of a stream is, in the flavour the other end speaks.
package enum LocalTransport: Hashable, Sendable {
    /// RTP for SIP, plain or secured by keys in the description. RTCP is announced only when it is not on the next port.
    case rtp(SocketAddress, rtcp: SocketAddress? = nil)
    /// DTLS-SRTP for browsers; we are ICE-lite.
    case browser(BrowserDescription)
}

/// What a browser must know of our end.
package struct BrowserDescription: Hashable, Sendable {
    package var usernameFragment: String
    package var password: String
    package var fingerprint: Fingerprint
    /// Where our worker listens, best first.
    package var addresses: [SocketAddress]
    /// Announced when the media says in advance which source it will use.
    package var ssrc: UInt32?
    package var cname: String

    package init(
        usernameFragment: String, password: String, fingerprint: Fingerprint, addresses: [SocketAddress],
        ssrc: UInt32? = nil, cname: String = "tandem"
    ) {
        (self.usernameFragment, self.password, self.fingerprint) = (usernameFragment, password, fingerprint)
        (self.addresses, self.ssrc, self.cname) = (addresses, ssrc, cname)
    }
}

/// An offer of one audio stream, for `LocalSession.offer`.
package struct LocalAudioOffer: Hashable, Sendable {
    package var transport: LocalTransport
    /// In order of preference, which is the order of whoever we offer on behalf of.
    package var codecs: [Codec]
    /// Seen from us.
    package var direction: MediaDirection
    /// For `.rtp` alone.
    package var encryption: SDESPolicy

    package init(
        transport: LocalTransport, codecs: [Codec] = Codec.relayable, direction: MediaDirection = .sendrecv,
        encryption: SDESPolicy = .off
    ) {
        (self.transport, self.codecs, self.direction) = (transport, codecs, direction)
        self.encryption = encryption
    }
}

/// An answer to a remote offer, for `LocalSession.answer`.
package struct LocalAudioAnswer: Hashable, Sendable {
    package var transport: LocalTransport
    package var offer: RemoteAudio
    /// The one codec of the answer; it must be among the offered.
    package var codec: Codec
    /// What we want, seen from us; the offer limits it.
    package var direction: MediaDirection
    /// For `.rtp` alone; an offer with keys is answered with keys whatever it says.
    package var encryption: SDESPolicy

    package init(
        transport: LocalTransport, to offer: RemoteAudio, codec: Codec, direction: MediaDirection = .sendrecv,
        encryption: SDESPolicy = .off
    ) {
        (self.transport, self.offer, self.codec, self.direction) = (transport, offer, codec, direction)
        self.encryption = encryption
    }
}

/// What answering an offer gives: the body to send and what both ends now agree on.
package struct LocalAnswer: Hashable, Sendable {
    package let body: [UInt8]
    package let negotiated: NegotiatedAudio
}
