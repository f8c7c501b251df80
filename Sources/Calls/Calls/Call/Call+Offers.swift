import CallModel
import Media
import Reactor
import SDP
import SIPEndpoint
import Wire

/// Every offer after the first, ours and the far ends'.
extension Call {
    /// Offers the far end codecs in the direction we want now; while an offer is out the next one waits for it.
    func reoffer(_ id: LegID, _ codecs: [Codec]) {
        guard let link = links[id], let transport = link.transport else { return }
        // A page that is away is offered what is needed when it is back.
        guard link.sip != nil || link.participant != nil else { return update(id) { $0.needsOffer = true } }
        guard !link.isOffering else { return update(id) { $0.nextOffer = codecs } }
        var body: [UInt8] = []
        update(id) {
            body = $0.session.offer(
                LocalAudioOffer(
                    transport: transport, codecs: codecs, direction: $0.direction, encryption: $0.encryption))
            $0.isOffering = true
            $0.offeredCodecs = codecs
            $0.nextOffer = nil
        }
        if let sip = link.sip {
            services.sip.assumeIsolated { $0.offer(sip, sdp: body) }
        } else if let participant = link.participant {
            let (uuid, sdp) = (uuid, String(decoding: body, as: UTF8.self))
            loop.later { participant.deliver(.offer(sdp: sdp, from: "gateway"), call: uuid) }
        }
    }

    /// Our offer did not get through as it was: it is made anew from what holds now.
    func repeatOffer(_ id: LegID) {
        guard let link = links[id] else { return }
        let codecs = link.nextOffer ?? link.offeredCodecs
        update(id) { $0.isOffering = false }
        if !codecs.isEmpty { reoffer(id, codecs) }
    }

    /// The far end answered our offer; false when its answer cannot be used.
    @discardableResult
    func take(answer body: [UInt8]?, on id: LegID) -> Bool {
        guard let link = links[id], let body else { return links[id]?.negotiated != nil }
        guard let remote = try? RemoteAudio(parsing: body), remote.stream.isBrowser == link.speaksWebRTC else {
            return false
        }
        var isTaken = false
        update(id) {
            guard let negotiated = $0.session.negotiated(from: remote) else { return }
            $0.learn(from: negotiated.codec)
            $0.describe(byAnswer: remote.stream)
            ($0.negotiated, isTaken) = (negotiated, true)
        }
        if isTaken { configure(id) }
        return isTaken
    }

    /// The far end's answer to a later offer of ours, or its refusal (nil): the session goes on either way.
    func offerSettled(_ id: LegID, _ answer: [UInt8]?) {
        let wasOnHold = links[id]?.remote?.isOnHold ?? false
        update(id) { $0.isOffering = false }
        let isTaken = answer.map { take(answer: $0, on: id) } ?? false
        if !isTaken {
            update(id) { link in link.unknown.formUnion(link.offeredCodecs.filter { $0 != link.negotiated?.codec }) }
        }
        if let codecs = links[id]?.nextOffer { return reoffer(id, codecs) }
        if isTaken { noteHold(id, wasOnHold: wasOnHold) }
        if let waiting = links[id]?.answersFor { return settleWaiting(waiting, behind: id, isTaken: isTaken) }
        if !isTaken { alignPeer(of: id) }
    }

    /// An answer can put us on hold, too: we wanted to be heard, and the far end does not listen.
    private func noteHold(_ id: LegID, wasOnHold: Bool) {
        guard let link = links[id], let remote = link.remote, link.direction.sends,
            remote.isOnHold != wasOnHold
        else { return }
        perform(.hold(remote.isOnHold, by: .leg(id)))
    }

    /// The leg keeps its codec; if its partner has changed to another meanwhile, the partner is asked to come back, and
    /// where it cannot the two are transcoded.
    private func alignPeer(of id: LegID) {
        guard let peer = live.peer(of: id), let codec = links[id]?.negotiated?.codec, let link = links[peer],
            let other = link.negotiated?.codec, other != codec, !live.record.isOnHold, link.alignments < 2,
            link.mayUnderstand(codec)
        else { return }
        update(peer) { $0.alignments += 1 }
        reoffer(peer, [codec])
    }

    // MARK: - The far ends'

    /// A re-INVITE, an UPDATE or a page's new offer.
    func reoffered(_ id: LegID, _ body: [UInt8]?) {
        guard let body else { return offerOnRequest(id) }
        guard let link = links[id], let offer = try? RemoteAudio(parsing: body),
            offer.stream.isBrowser == link.speaksWebRTC
        else { return refuseOffer(id) }
        update(id) {
            $0.pendingOffer = offer
            $0.isLaterOffer = true
        }
        if let codec = codecAtOnce(for: offer.stream, link) { return answerLater(id, codec) }
        askPeer(of: id, offer.stream)
    }

    /// The codec in use if the new offer still has it; when nobody else is concerned, any of it.
    private func codecAtOnce(for stream: AudioStream, _ link: LegLink) -> Codec? {
        if let codec = link.negotiated?.codec, stream.codecs.contains(where: { $0.codec == codec }) { return codec }
        let hasPartner = live.peer(of: link.id).flatMap { links[$0]?.negotiated } != nil
        guard !hasPartner || live.record.isOnHold else { return nil }
        return stream.codecs(alsoIn: Codec.relayable).first
    }

    /// Answers a later offer, and lets the machine know when it puts the call on hold or takes it back.
    private func answerLater(_ id: LegID, _ codec: Codec) {
        guard let offer = links[id]?.pendingOffer else { return }
        restartICEIfAsked(id, offer.stream)
        let wasOnHold = links[id]?.remote?.isOnHold ?? false
        guard answer(id, with: codec, early: false) else { return refuseOffer(id) }
        if offer.stream.isOnHold != wasOnHold { perform(.hold(offer.stream.isOnHold, by: .leg(id))) }
    }

    /// The offer has left the codec both speak: the partner is offered what is in it, and decides.
    ///
    /// A partner that knows nothing of it stays as it is.
    private func askPeer(of id: LegID, _ stream: AudioStream) {
        guard let peer = live.peer(of: id), let link = links[peer], link.sip != nil || link.participant != nil else {
            return refuseOffer(id)
        }
        let codecs = stream.codecs(alsoIn: Codec.relayable).filter(link.mayUnderstand)
        guard !codecs.isEmpty else { return answerAlone(id) }
        update(peer) { $0.answersFor = id }
        reoffer(peer, codecs)
    }

    /// Answers a later offer with the best codec in it, whatever the partner speaks; a codec that can only be carried is
    /// refused.
    private func answerAlone(_ id: LegID) {
        guard let codec = links[id]?.ownChoice else { return refuseOffer(id) }
        answerLater(id, codec)
    }

    private func settleWaiting(_ id: LegID, behind peer: LegID, isTaken: Bool) {
        update(peer) { $0.answersFor = nil }
        guard links[id]?.pendingOffer != nil, live.legs[id]?.state.isOpen == true else { return }
        guard isTaken, let codec = links[peer]?.negotiated?.codec else { return answerAlone(id) }
        answerLater(id, codec)
        // The session may have given the offer up meanwhile; the two must not part.
        if links[id]?.negotiated?.codec != codec { alignPeer(of: id) }
    }

    /// A page that lost its path offers fresh ICE credentials and is answered with fresh ones of ours (RFC 8445 section
    /// 9).
    private func restartICEIfAsked(_ id: LegID, _ stream: AudioStream) {
        guard let link = links[id], let fragment = stream.ice?.usernameFragment,
            let before = link.remote?.ice?.usernameFragment, fragment != before,
            let opened = services.media.restartICE(link.mediaID)
        else { return }
        update(id) { $0.transport = .browser(BrowserDescription(opened)) }
    }

    /// Refuses a later offer; the session stays as it was.
    func refuseOffer(_ id: LegID) {
        update(id) {
            $0.pendingOffer = nil
            $0.isLaterOffer = false
        }
        if let sip = links[id]?.sip {
            services.sip.assumeIsolated { $0.rejectOffer(sip, status: 488) }
        } else if let participant = links[id]?.participant {
            let uuid = uuid
            loop.later { participant.deliver(.failed(.badDescription), call: uuid) }
        }
    }

    /// A re-INVITE without a description asks for our offer.
    private func offerOnRequest(_ id: LegID) {
        guard let link = links[id], let sip = link.sip, let transport = link.transport,
            let codec = link.negotiated?.codec
        else { return refuseOffer(id) }
        var body: [UInt8] = []
        update(id) {
            body = $0.session.offer(
                LocalAudioOffer(
                    transport: transport, codecs: [codec], direction: $0.direction, encryption: $0.encryption))
            $0.isOffering = true
            $0.offeredCodecs = [codec]
        }
        services.sip.assumeIsolated { $0.answerOffer(sip, sdp: body) }
    }
}
