import CallModel
import Media
import SDP
import SIP
import SIPEndpoint
import Wire

/// What joins one leg of the model to the world: its SIP session or page, its media leg and its offer/answer session.
///
/// An object, because it is asked for small things often and is large. Only the call that has the leg touches it, and
/// all calls live on one loop: that makes it safe to hand over from one to another.
final class LegLink: @unchecked Sendable {
    /// Another one when the leg goes over to another call.
    var id: LegID
    let party: Party
    let mediaID: MediaLegID
    var session: LocalSession
    /// Set once the media leg is open.
    @Sparse var transport: LocalTransport?
    var hasTransport: Bool { _transport.isPresent }
    var sip: SIPLegID?
    var participant: (any CallParticipant)?
    /// The caller hears it though it has not answered.
    var isHeardEarly = false
    /// By which the page's place can be taken again.
    var resumeToken: String?
    /// The page wants not to be heard.
    var isMuted = false
    /// The far end's latest description of its audio, whoever offered.
    @Sparse private(set) var remote: AudioStream?
    /// That was an offer.
    private var isRemoteOffered = false
    /// Its latest offer, when an answer of its came after.
    @Sparse private var earlierOffer: AudioStream?
    /// The far end's offer that still waits for our answer.
    @Sparse var pendingOffer: RemoteAudio?
    /// That offer is not the first of its session: it is answered by itself, not by answering the call.
    var isLaterOffer = false
    /// Whose offer waits for what this leg will say to ours.
    var answersFor: LegID?
    /// The far end began the session.
    var isInbound = false
    /// An inbound INVITE without a description: our offer goes into the 200.
    var awaitsOurOffer = false
    /// Our own offer that has not been answered yet.
    var isOffering = false
    /// What our latest offer was about.
    var offeredCodecs: [Codec] = []
    /// What the far end has shown not to know: it passed over it in an offer of ours, or refused it.
    var unknown: Set<Codec> = []
    /// What to offer once the offer that is out has been answered.
    var nextOffer: [Codec]?
    /// The far end does not know yet where our media leg is now.
    var needsOffer = false
    @Sparse var negotiated: NegotiatedAudio?
    /// What the media leg was told last.
    @Sparse var configured: RemoteMedia?
    /// SRTP by keys in the descriptions, where media is not a browser's.
    var encryption = SDESPolicy.off
    /// A device that was asked to pick up by itself.
    var isAutoAnswered = false
    /// A SIP client in a page, by the way it registered.
    var expectsWebRTC = false
    /// Where the far end's signalling comes from: behind a NAT its media does too, whatever its description says.
    var signallingHost: IPAddress?
    /// How often the two sides were brought back to one codec after one of them refused a change.
    var alignments = 0
    /// What we want to do: `sendonly` while we keep the leg on hold.
    var direction: MediaDirection = .sendrecv
    /// Our answer to an INVITE that waits for its 200; a 183 has brought it, and the 200 carries the same.
    var earlyAnswer: [UInt8]?
    /// An inbound INVITE got its 200, or a page its answer.
    var isAnswered = false

    var course = SignallingCourse()

    /// How digits come and go.
    var digits = LegDigits()
    /// When a browser's ICE and DTLS came up.
    var connectedAt: Instant?

    init(id: LegID, party: Party, mediaID: MediaLegID, sessionID: UInt64) {
        (self.id, self.party, self.mediaID) = (id, party, mediaID)
        session = LocalSession(id: sessionID)
    }

    /// What stays behind of a leg that goes over to another call: what was said, for the record, and no session.
    init(remainsOf link: LegLink) {
        (id, party, mediaID) = (link.id, link.party, MediaLegID(rawValue: 0))
        (session, transport) = (link.session, link.transport)
        (remote, isRemoteOffered, earlierOffer) = (link.remote, link.isRemoteOffered, link.earlierOffer)
        (negotiated, configured, encryption) = (link.negotiated, link.configured, link.encryption)
        (isInbound, isAnswered, expectsWebRTC) = (link.isInbound, link.isAnswered, link.expectsWebRTC)
        (signallingHost, direction, digits) = (link.signallingHost, link.direction, link.digits)
        course = link.course
    }

    /// Our answer to the INVITE is with the far end: in a 183, or in a 200.
    var hasOurAnswer: Bool { isAnswered || earlyAnswer != nil }

    /// All the far end said it understands in its latest offer; an answer of its repeats only what was asked.
    var offered: AudioStream? { isRemoteOffered ? remote : earlierOffer }

    /// The far end's latest description is an offer; nil: it has not said anything.
    func describe(byOffer stream: AudioStream?) {
        (remote, isRemoteOffered, earlierOffer) = (stream, stream != nil, nil)
    }

    /// The far end's latest description is an answer.
    func describe(byAnswer stream: AudioStream) {
        if isRemoteOffered { earlierOffer = remote }
        (remote, isRemoteOffered) = (stream, false)
    }

    /// The codecs the far end is known to understand.
    var understood: AudioStream? { pendingOffer?.stream ?? offered ?? remote }

    /// Whether the codec may be tried: an answer of the far end says what it chose, an offer all that it knows.
    func mayUnderstand(_ codec: Codec) -> Bool {
        guard let told = pendingOffer?.stream ?? offered else { return !unknown.contains(codec) }
        return told.codecs.contains { $0.codec == codec }
    }

    /// Remembers that of what we offered the far end passed over all that stood before its choice.
    func learn(from choice: Codec) {
        unknown.remove(choice)
        unknown.formUnion(offeredCodecs.prefix { $0 != choice })
    }

    /// What it speaks when its partner shares no codec with it: the one in use, or the best of its offer.
    var ownChoice: Codec? {
        let choice = pendingOffer.map { $0.stream.codecs(alsoIn: Codec.relayable).first } ?? negotiated?.codec
        return choice.flatMap { Codec.relayable.contains($0) ? $0 : nil }
    }
}
