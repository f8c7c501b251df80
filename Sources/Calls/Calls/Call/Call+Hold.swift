import CallModel
import Media
import SDP
import SIPEndpoint

/// Taking a party out of the conversation.
extension Call {
    /// Takes a leg out of the conversation; a SIP party that is kept waiting is told by a `sendonly` offer.
    func park(_ id: LegID, music: Bool) {
        guard let link = links[id], answerBeforeParking(link) else { return }
        services.media.play(music ? .music : .silence, to: link.mediaID)
        guard music, link.sip != nil, let codec = links[id]?.negotiated?.codec else { return }
        update(id) { $0.direction = .sendonly }
        reoffer(id, [codec])
    }

    /// Whoever takes the place of a party that waits, or comes back to it, is answered first; false when that cannot be done.
    private func answerBeforeParking(_ link: LegLink) -> Bool {
        let isBack = link.participant != nil && link.pendingOffer != nil && !link.isLaterOffer
        guard isBack || (!link.isAnswered && link.isInbound) else { return true }
        if link.awaitsOurOffer { return offerInAnswer(link.id, .pcma) }
        guard let codec = ownCodec(link), answer(link.id, with: codec, early: false) else {
            post(.incompatible(link.id))
            return false
        }
        return true
    }
}
