import CallModel
import Media
import SDP
import SIPEndpoint

/// Taking a party out of the conversation.
extension Call {
    /// Takes a leg out of the conversation; a SIP party that is kept waiting is told by a `sendonly` offer.
    ///
    /// Music is made in G.711: a party that speaks something else is offered G.711 for the time if it knows it.
    func park(_ id: LegID, music: Bool) {
        guard let link = links[id], answerBeforeParking(link) else { return }
        services.media.play(music ? .music : .silence, to: link.mediaID)
        guard music, let codec = links[id]?.negotiated?.codec else { return }
        let hearable = ownCodec(link) ?? codec
        let isSpeakable = Codec.ours.contains(codec)
        guard link.sip != nil || !isSpeakable else { return }
        update(id) {
            if link.sip != nil { $0.direction = .sendonly }
            $0.codecBeforeHold = isSpeakable ? nil : codec
        }
        reoffer(id, [isSpeakable ? codec : hearable])
    }

    /// Whoever takes the place of a party that waits is answered first; false when that cannot be done.
    private func answerBeforeParking(_ link: LegLink) -> Bool {
        guard !link.isAnswered, link.isInbound else { return true }
        if link.awaitsOurOffer { return offerInAnswer(link.id, .pcma) }
        let codec = ownCodec(link) ?? link.pendingOffer?.stream.codecs(alsoIn: Codec.relayable).first
        guard let codec, answer(link.id, with: codec, early: false) else {
            post(.incompatible(link.id))
            return false
        }
        return true
    }
}
