import CallModel
import Media
import Reactor
import SDP
import Telemetry
import Wire

/// Pages that take part in the call.
extension Call {
    /// Gives a page its place: the leg of its user, or any browser leg for a page without an account.
    func join(_ participant: any CallParticipant) -> CallError? {
        guard live.phase != .over else { return .alreadyEnded }
        let userID = participant.participantUserID
        let free = live.legs.filter { leg in
            guard leg.state.isOpen, leg.party.isBrowser, links[leg.id]?.participant == nil else { return false }
            // The place of a page that is away is taken with its token (`resume`).
            guard !live.keepsPlace(leg.id) else { return false }
            return leg.party == .visitor || userID == nil || leg.party.userID == userID
        }
        guard let leg = free.first(where: { $0.party.userID == userID }) ?? free.first else { return .invalidState }
        let token = keepsPlaces ? links[leg.id]?.resumeToken ?? entropy.hex(32) : nil
        update(leg.id) {
            $0.participant = participant
            $0.resumeToken = token
        }
        return nil
    }

    func leave(_ participant: any CallParticipant, _ departure: LegDeparture) {
        guard let id = leg(of: participant) else { return }
        update(id) { $0.participant = nil }
        abandonOffer(id)
        perform(.gone(id, departure))
    }

    func offer(_ sdp: String, from participant: any CallParticipant) -> CallError? {
        guard let id = leg(of: participant) else { return .notJoined }
        let body = Array(sdp.utf8)
        let isAnswered = links[id]?.isAnswered == true
        guard let offer = try? RemoteAudio(parsing: body), offer.stream.isBrowser,
            !isAnswered || beginsAnew(id, offer.stream)
        else {
            guard isAnswered else { return .badDescription }
            reoffered(id, body)
            return nil
        }
        if isAnswered { renewMedia(id) }
        trace?.begin(.offer(id), .server, at: loop.now, legAttributes(id))
        update(id) {
            $0.describe(byOffer: offer.stream)
            $0.pendingOffer = offer
        }
        post(isAnswered ? .reconnected(id) : .offered(id))
        return nil
    }

    func answer(_ sdp: String, from participant: any CallParticipant) -> CallError? {
        guard let id = leg(of: participant) else { return .notJoined }
        guard links[id]?.isOffering == true else { return .invalidState }
        offerSettled(id, Array(sdp.utf8))
        return nil
    }

    func mute(_ on: Bool, from participant: any CallParticipant) {
        if let id = leg(of: participant) { setMuted(on, id) }
    }

    /// Whether a leg is heard; what it says goes nowhere meanwhile.
    func setMuted(_ on: Bool, _ id: LegID) {
        guard let link = links[id] else { return }
        services.media.setMuted(link.mediaID, on)
        update(id) { $0.isMuted = on }
        live.noteMuted(on)
    }

    func sendDigits(_ digits: String, from participant: any CallParticipant) {
        guard let id = leg(of: participant), let peer = live.peer(of: id) else { return }
        send(digits, to: peer)
    }

    func isParticipant(_ userID: Int64) -> Bool {
        live.legs.contains { $0.party.userID == userID } || offeredTo.contains(userID)
    }

    func leg(of participant: any CallParticipant) -> LegID? {
        links.values.first { $0.participant?.participantID == participant.participantID }?.id
    }
}
