import CallModel
import Media
import Reactor
import SDP
import SIPEndpoint
import Telemetry
import Wire

/// Offer, answer and what each leg hears.
///
/// A pair that agrees on one codec is relayed untouched, which is what everything here tries for: offers begin with what
/// the other side understands, and whoever offered to us is answered only when the other side's choice is known. Only a
/// pair that shares none is transcoded, each leg in its own best codec.
extension Call {
    /// The codecs a leg is offered: those of the party it is meant to talk to, in that party's order, then those that we
    /// can make of them.
    func codecsToOffer(for id: LegID) -> [Codec] {
        let others = live.legs.filter { $0.id != id && $0.state.isOpen && $0.side != live.legs[id]?.side }
        let talking = others.compactMap { links[$0.id] }
        for link in talking {
            if live.legs[id]?.side == .target, let negotiated = link.negotiated {
                return Self.completed(prefer(negotiated.codec, link))
            }
            if let understood = link.understood { return Self.completed(understood.codecs(alsoIn: Codec.relayable)) }
        }
        return Codec.relayable
    }

    /// Codecs with all others behind them that can be transcoded to them.
    static func completed(_ codecs: [Codec]) -> [Codec] {
        codecs.isEmpty ? [] : codecs + Codec.relayable.filter { !codecs.contains($0) }
    }

    /// The codec in use first, then what else the party understands.
    private func prefer(_ codec: Codec, _ link: LegLink) -> [Codec] {
        let understood = link.understood?.codecs(alsoIn: Codec.relayable) ?? []
        return [codec] + understood.filter { $0 != codec }
    }

    /// Lets a caller hear what comes before the answer; of several who send it, the one that did so last.
    ///
    /// A caller that is already up (click-to-call) follows to another codec; one that has our answer in a 183 cannot,
    /// and keeps what it hears.
    func bridgeEarly(_ caller: LegID, _ callee: LegID) {
        guard let wish = links[callee]?.negotiated?.codec, let link = links[caller] else { return ring(caller) }
        let codec = link.mayUnderstand(wish) ? wish : link.ownChoice ?? wish
        if !link.isInbound, link.sip != nil, link.negotiated?.codec != codec {
            reoffer(caller, [codec])
        } else if !answer(caller, with: codec, early: true) {
            return links[caller]?.hasOurAnswer == true ? () : ring(caller)
        }
        update(callee) { $0.isHeardEarly = true }
        join(caller, callee)
    }

    func bridge(_ first: LegID, _ second: LegID) {
        guard settle(first, second) else { return post(.incompatible(second)) }
        if let conference = conference(first, second) { return confer(conference.talker, in: conference.name) }
        if case .builtIn(let number)? = live.legs[second]?.party { return play(number, to: first) }
        if case .builtIn(let number)? = live.legs[first]?.party { return play(number, to: second) }
        join(first, second)
        recordJoined()
    }

    private func join(_ first: LegID, _ second: LegID) {
        guard let one = links[first], let other = links[second] else { return }
        services.media.bridge(one.mediaID, other.mediaID)
        streamLegs()
        if let from = one.negotiated?.codec, let to = other.negotiated?.codec, from != to {
            logger.info("transcoding", [LogField("between", "\(from)"), LogField("and", "\(to)")])
        }
        watchQuality()
    }

    private func play(_ number: BuiltInNumber, to id: LegID) {
        guard let mediaID = links[id]?.mediaID else { return }
        services.media.play(MediaSource(number), to: mediaID)
        streamLegs()
        watchQuality()
    }

    /// Makes both legs agree on one codec, answering whoever still waits.
    ///
    /// Legs that share none each take their own; false when one of those is a codec that can only be carried.
    private func settle(_ first: LegID, _ second: LegID) -> Bool {
        let common = commonCodec(first, second)
        return [first, second].allSatisfy { id in
            guard let codec = common ?? links[id]?.ownChoice else { return false }
            return adopt(id, codec)
        }
    }

    private func commonCodec(_ first: LegID, _ second: LegID) -> Codec? {
        let pair = [second, first].compactMap { links[$0] }
        if pair.contains(where: { live.legs[$0.id]?.party.isBuiltIn == true }) || pair.count < 2 {
            let link = pair.first { live.legs[$0.id]?.party.isBuiltIn != true }
            if let link, conference(first, second) != nil, let choice = link.ownChoice { return choice }
            return link.flatMap { $0.pendingOffer == nil ? $0.negotiated?.codec : nil } ?? ownCodec(link)
        }
        let settled = pair.filter { $0.pendingOffer == nil }
        let spoken = settled.compactMap { $0.negotiated?.codec }
        if let codec = spoken.first(where: { codec in pair.allSatisfy { $0.mayUnderstand(codec) } }) { return codec }
        let remotes = [first, second].compactMap { links[$0]?.understood }
        // A side that wants our offer has said nothing yet.
        guard remotes.count == 2 else { return ownCodec(links[first] ?? links[second]) }
        if let shared = remotes[0].commonCodec(with: remotes[1]) { return shared }
        // An answer names what was chosen: whoever gave one may know more, and is asked.
        let asked = settled.first { $0.offered == nil && $0.negotiated != nil }
        let offer = pair.first { $0.pendingOffer != nil }?.pendingOffer?.stream
        return asked.flatMap { asked in
            offer?.codecs(alsoIn: Codec.relayable).first(where: asked.mayUnderstand)
        }
    }

    /// What whoever hears us alone is answered with: G.711, which costs us least, or what else they know.
    func ownCodec(_ link: LegLink?) -> Codec? {
        guard let stream = link?.understood else { return .pcma }
        return stream.codecs(alsoIn: [.pcma, .pcmu]).first ?? stream.codecs(alsoIn: Codec.relayable).first
    }

    func adopt(_ id: LegID, _ codec: Codec) -> Bool {
        guard let leg = live.legs[id], let link = link(id) else { return false }
        if leg.party.isBuiltIn { return true }
        if link.awaitsOurOffer { return offerInAnswer(id, codec) }
        if link.pendingOffer != nil {
            if answer(id, with: codec, early: false) { return true }
            guard link.isLaterOffer else { return false }
            refuseOffer(id)
        }
        guard let negotiated = link.negotiated else { return false }
        if link.isInbound, !link.isAnswered, let answer = link.earlyAnswer { accept(id, answer) }
        let isOfferNeeded = negotiated.codec != codec || link.direction != .sendrecv || link.needsOffer
        update(id) {
            $0.direction = .sendrecv
            $0.needsOffer = false
            $0.alignments = 0
        }
        if isOfferNeeded { reoffer(id, [codec]) }
        return true
    }

    /// Answers the far end's offer with one codec and configures the leg; false when it does not know the codec.
    func answer(_ id: LegID, with codec: Codec, early: Bool) -> Bool {
        guard let offer = links[id]?.pendingOffer, openMedia(id), let transport = links[id]?.transport else {
            return links[id]?.negotiated?.codec == codec
        }
        var made: LocalAnswer?
        update(id) { link in
            let direction = link.direction
            made = link.session.answer(
                LocalAudioAnswer(
                    transport: transport, to: offer, codec: codec, direction: direction, encryption: link.encryption))
            guard let made else { return }
            link.describe(byOffer: offer.stream)
            (link.pendingOffer, link.negotiated) = (nil, made.negotiated)
            if !link.isLaterOffer { link.earlyAnswer = made.body }
        }
        guard let made else { return false }
        configure(id)
        deliver(made.body, to: id, early: early)
        return true
    }

    private func deliver(_ body: [UInt8], to id: LegID, early: Bool) {
        guard let link = links[id] else { return }
        defer { update(id) { $0.isLaterOffer = false } }
        if let participant = link.participant {
            let (uuid, sdp) = (uuid, String(decoding: body, as: UTF8.self))
            trace?.end(.offer(id), at: loop.now)
            update(id) { ($0.isAnswered, $0.earlyAnswer) = (true, nil) }
            loop.later { participant.deliver(.answer(sdp: sdp, from: "gateway"), call: uuid) }
        } else if let sip = link.sip {
            if link.isAnswered || link.isLaterOffer {
                services.sip.assumeIsolated { $0.answerOffer(sip, sdp: body) }
            } else if early {
                services.sip.assumeIsolated { $0.ring(sip, answer: body) }
            } else {
                accept(id, body)
            }
        }
    }

    private func accept(_ id: LegID, _ body: [UInt8]) {
        guard let sip = links[id]?.sip else { return }
        let now = loop.now
        update(id) { ($0.isAnswered, $0.earlyAnswer, $0.course.unacknowledgedSince) = (true, nil, now) }
        trace?.end(.invite(id), at: now, [LogField("sip.status", 200)])
        services.sip.assumeIsolated { $0.accept(sip, answer: body) }
    }

    /// The 200 to an INVITE without a description carries our offer.
    func offerInAnswer(_ id: LegID, _ codec: Codec) -> Bool {
        guard openMedia(id), let transport = links[id]?.transport else { return false }
        var body: [UInt8] = []
        update(id) {
            let codecs = Self.completed([codec])
            body = $0.session.offer(
                LocalAudioOffer(
                    transport: transport, codecs: codecs, direction: $0.direction, encryption: $0.encryption))
            $0.isOffering = true
            $0.offeredCodecs = codecs
            $0.awaitsOurOffer = false
        }
        accept(id, body)
        return true
    }

    /// Tells the media what was agreed with the far end.
    func configure(_ id: LegID) {
        guard let link = links[id], var stream = link.remote, let negotiated = link.negotiated else { return }
        if let host = link.signallingHost, let rtp = stream.rtp, rtp.ip.isPrivate, !host.isPrivate,
            host.family == rtp.ip.family
        {
            stream.rtp = SocketAddress(ip: host, port: rtp.port)
            stream.rtcp = stream.rtcp.map { SocketAddress(ip: host, port: $0.port) }
        }
        let media = RemoteMedia(stream, negotiated: negotiated)
        // A refresh of the session says what was said before: nothing is touched.
        guard media != link.configured else { return }
        update(id) { $0.configured = media }
        services.media.configure(link.mediaID, media)
        chooseDigits(id)
    }
}

extension MediaSource {
    init(_ number: BuiltInNumber) {
        switch number {
        case .echo: self = .echo
        case .milliwatt: self = .milliwatt
        case .delay: self = .delay
        case .music: self = .music
        }
    }
}
