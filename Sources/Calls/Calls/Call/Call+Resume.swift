import CallModel
import Crypto
import Media
import Reactor
import SDP
import Telemetry
import Wire

/// Pages that come back: after a reload or a crash, or over another network.
extension Call {
    /// Whether a page that goes away may come back.
    var keepsPlaces: Bool { services.timing.resuming > .zero }

    func resumption(of participant: any CallParticipant) -> Resumption? {
        leg(of: participant).flatMap { links[$0]?.resumeToken }.map {
            Resumption(token: $0, timeout: services.timing.resuming)
        }
    }

    /// Gives a page the place of a leg that talks or is being transferred; it keeps its media connection if it can and wants to.
    func resume(
        _ participant: any CallParticipant, token: String?, keepsMedia: Bool
    ) -> Result<ResumedCall, CallError> {
        guard keepsPlaces else { return .failure(.invalidState) }
        guard let link = place(token: token, userID: participant.participantUserID), let token = link.resumeToken else {
            return .failure(.forbidden)
        }
        guard live.keepsPlace(link.id) else { return .failure(.invalidState) }
        let isKept = keepsMedia && link.hasTransport && !live.lacksMedia(link.id)
        replace(link.participant, on: link.id, by: participant)
        if !isKept { renewMedia(link.id) }
        perform(.rejoined(link.id, keepsMedia: isKept))
        logger.info("a page is back", [LogField("leg", link.id), LogField("keepsMedia", isKept)])
        return .success(
            ResumedCall(
                record: record, resumption: Resumption(token: token, timeout: services.timing.resuming),
                keepsMedia: isKept, isMuted: link.isMuted))
    }

    /// Whose place is asked for: that of the token, or without one that of the user.
    private func place(token: String?, userID: Int64?) -> LegLink? {
        let pages = links.values.filter { $0.party.isBrowser && live.legs[$0.id]?.state.isOpen == true }
        guard let token else { return userID.flatMap { id in pages.first { $0.party.userID == id } } }
        let given = Array(token.utf8)
        return pages.first { link in link.resumeToken.map { equalInConstantTime(Array($0.utf8), given) } ?? false }
    }

    private func replace(
        _ former: (any CallParticipant)?, on id: LegID, by participant: any CallParticipant
    ) {
        update(id) { $0.participant = participant }
        watchQuality()
        guard let former, former.participantID != participant.participantID else { return }
        manager.assumeIsolated { $0.forget(participant: former) }
        abandonOffer(id)
        let uuid = uuid
        loop.later { former.deliver(.replaced, call: uuid) }
    }

    /// The connection of a leg's media is gone; a page that is there is told, for it can make another.
    func mediaGone(_ id: LegID, _ departure: LegDeparture) {
        perform(.gone(id, departure))
        guard live.lacksMedia(id), let participant = links[id]?.participant else { return }
        let uuid = uuid
        loop.later { participant.deliver(.mediaLost, call: uuid) }
    }

    /// Whether a page's later offer is for another connection, by another DTLS association (RFC 8842 section 4).
    func beginsAnew(_ id: LegID, _ stream: AudioStream) -> Bool {
        guard keepsPlaces, live.keepsPlace(id), let link = links[id] else { return false }
        return !link.hasTransport || live.lacksMedia(id) || link.remote?.fingerprints != stream.fingerprints
    }

    /// Makes ready for another connection of a page: a fresh media leg.
    func renewMedia(_ id: LegID) {
        abandonOffer(id)
        guard let link = links[id], link.hasTransport else { return }
        services.media.close(link.mediaID)
        if let connectedAt = link.connectedAt { manager.announce(.disconnected(after: loop.now - connectedAt)) }
        let mediaID = manager.assumeIsolated { $0.replaceMedia(link.mediaID, call: self, leg: id) }
        let fresh = LegLink(id: id, party: link.party, mediaID: mediaID, sessionID: entropy.next())
        fresh.participant = link.participant
        fresh.resumeToken = link.resumeToken
        fresh.isMuted = link.isMuted
        fresh.isAnswered = link.isAnswered
        links[id] = fresh
    }

    /// Nobody is there to answer our offer: it is made anew when somebody is, and whoever waits for the answer is
    /// refused.
    func abandonOffer(_ id: LegID) {
        guard let link = links[id], link.sip == nil, link.isOffering else { return }
        let waiting = link.answersFor
        update(id) {
            ($0.isOffering, $0.nextOffer, $0.answersFor, $0.needsOffer) = (false, nil, nil, true)
        }
        if let waiting, links[waiting]?.pendingOffer != nil { refuseOffer(waiting) }
    }
}
