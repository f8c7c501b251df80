import CallModel
import Media
import SDP

/// Announcements into a call.
extension Call {
    /// An announcement that is being heard.
    struct Play {
        let order: PlayOrder
        /// Who has not heard its end yet.
        var listeners: Set<LegID>
        var isWhole = true
    }

    /// Lets the order's audience hear a sound in place of each other, until it ends.
    ///
    /// A caller who still waits for an answer hears it as early media. Throws `.invalidState` when nobody of the audience
    /// can hear anything.
    func play(_ sound: Sound, _ order: PlayOrder) throws(CallError) {
        let listeners = audience(order.audience)
        guard !listeners.isEmpty else { throw .invalidState }
        lastAnnouncement += 1
        let id = AnnouncementID(rawValue: lastAnnouncement)
        plays[id] = Play(order: order, listeners: Set(listeners))
        let announcement = Announcement(id: id, sound: sound, loops: order.loops)
        for leg in listeners {
            if let link = links[leg] { services.media.announce(announcement, to: link.mediaID) }
        }
    }

    /// Ends all announcements; the events tell of it when they have ended.
    func stopPlaying() {
        for leg in Set(plays.values.flatMap(\.listeners)) {
            if let link = links[leg] { services.media.stopAnnouncement(to: link.mediaID) }
        }
    }

    private func audience(_ audience: PlayOrder.Audience) -> [LegID] {
        let legs = live.legs
        return legs.filter { leg in
            guard leg.state.isOpen, !leg.party.isBuiltIn else { return false }
            switch (audience, leg.side) {
            case (.caller, .caller), (.both, .caller), (.callee, .callee), (.both, .callee): return canHear(leg.id)
            default: return false
            }
        }.map(\.id)
    }

    /// Whether a leg's media is up; that of a phone whose call nobody has taken is brought up by a 183.
    private func canHear(_ id: LegID) -> Bool {
        guard let link = links[id] else { return false }
        if link.hasOurAnswer { return true }
        guard link.isInbound, link.sip != nil, link.pendingOffer != nil, let codec = ownCodec(link) else {
            return false
        }
        return answer(id, with: codec, early: true)
    }

    /// A leg hears an announcement no longer.
    func announced(_ id: AnnouncementID, on leg: LegID, isWhole: Bool) {
        guard var play = plays[id], play.listeners.remove(leg) != nil else { return }
        play.isWhole = play.isWhole && isWhole
        plays[id] = play.listeners.isEmpty ? nil : play
        guard play.listeners.isEmpty else { return }
        let played = PlayedSound(order: play.order, isWhole: play.isWhole)
        manager.announce(CallEvent(record: live.record, notice: .played(played), offeredTo: offeredTo))
    }

    /// A leg that has gone hears nothing more.
    func endAnnouncements(on leg: LegID) {
        for id in plays.keys where plays[id]?.listeners.contains(leg) == true {
            announced(id, on: leg, isWhole: false)
        }
    }
}
