package import Crypto
package import Wire

/// One audio stream as its owner describes it: where it listens, what it understands, and how it is secured.
///
/// Read from a remote offer or answer by `RemoteAudio`. Two equal streams need nothing done to the media.
package struct AudioStream: Hashable, Sendable {
    /// Where RTP goes; nil when the owner gave a name, the unspecified address or port 9, so that it is to be learned.
    package var rtp: SocketAddress?
    /// Where RTCP goes when it does not share the RTP port (RFC 3605, otherwise the next port).
    package var rtcp: SocketAddress?
    package var rtcpMux: Bool
    /// In the owner's order of preference; telephone-event, comfort noise and the like are left out.
    package var codecs: [PayloadFormat]
    package var telephoneEvents: [TelephoneEventFormat]
    /// Seen from the owner; an old-style hold by `c=0.0.0.0` is already in it.
    package var direction: MediaDirection
    /// Milliseconds of audio per packet, when asked for.
    package var packetTime: UInt16?
    /// Present on a browser's stream.
    package var ice: ICEDescription?
    package var fingerprints: [Fingerprint]
    /// Keys the owner sends under (RFC 4568), most preferred first; those alone that we can use.
    package var crypto: [CryptoAttribute] = []
    /// The owner's protocol is SRTP by such keys: without them there is no stream.
    package var requiresKeys = false
    package var setup: SetupRole?
    /// The identification tag (RFC 5888).
    package var mid: String?
    /// The tag is in a BUNDLE group (RFC 9143).
    package var isBundled: Bool

    package init(
        rtp: SocketAddress?, rtcp: SocketAddress? = nil, rtcpMux: Bool = false, codecs: [PayloadFormat],
        telephoneEvents: [TelephoneEventFormat] = [], direction: MediaDirection = .sendrecv, packetTime: UInt16? = nil,
        ice: ICEDescription? = nil, fingerprints: [Fingerprint] = [], setup: SetupRole? = nil, mid: String? = nil,
        isBundled: Bool = false
    ) {
        (self.rtp, self.rtcp, self.rtcpMux) = (rtp, rtcp, rtcpMux)
        (self.codecs, self.telephoneEvents) = (codecs, telephoneEvents)
        (self.direction, self.packetTime) = (direction, packetTime)
        (self.ice, self.fingerprints, self.setup) = (ice, fingerprints, setup)
        (self.mid, self.isBundled) = (mid, isBundled)
    }

    /// The owner does not want to hear us: it put the call on hold.
    package var isOnHold: Bool { !direction.receives }

    /// The stream is secured the way browsers do it.
    package var isBrowser: Bool { ice != nil && !fingerprints.isEmpty }

    /// The owner's codecs that are also in `others`, in the owner's order.
    package func codecs(alsoIn others: [Codec]) -> [Codec] {
        var shared: [Codec] = []
        for format in codecs where others.contains(format.codec) && !shared.contains(format.codec) {
            shared.append(format.codec)
        }
        return shared
    }

    /// The codec both can be relayed in, by this stream's order of preference; nil when they share none of ours.
    package func commonCodec(with other: AudioStream) -> Codec? {
        let relayable = other.codecs(alsoIn: Codec.relayable)
        return codecs(alsoIn: relayable).first
    }

    /// The digits' format that fits a codec: one in the codec's own clock if there is one, else the first.
    package func telephoneEvent(for codec: Codec) -> TelephoneEventFormat? {
        telephoneEvents.first { $0.clockRate == codec.clockRate } ?? telephoneEvents.first
    }

    /// Whether anything changed that the media must be told of; candidates alone do not count.
    package func differsInMedia(from other: AudioStream) -> Bool {
        var (left, right) = (self, other)
        left.ice?.candidates = []
        right.ice?.candidates = []
        return left != right
    }
}

/// The ICE half of a stream (RFC 8839).
package struct ICEDescription: Hashable, Sendable {
    package var usernameFragment: String
    package var password: String
    package var isLite: Bool
    package var candidates: [Candidate]

    package init(usernameFragment: String, password: String, isLite: Bool = false, candidates: [Candidate] = []) {
        (self.usernameFragment, self.password) = (usernameFragment, password)
        (self.isLite, self.candidates) = (isLite, candidates)
    }
}

/// Who starts the DTLS handshake (RFC 4145, RFC 8842).
package enum SetupRole: String, Hashable, Sendable {
    case active
    case passive
    case actpass
    case holdconn

    /// Our role in an answer: we wait, unless the other end waits too.
    package var answered: SetupRole { self == .passive ? .active : .passive }
}
