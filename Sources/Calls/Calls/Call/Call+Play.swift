import CallModel
import Media
import SDP

/// Counts what was asked for the ears of each side, so that a sound long in coming is not heard after a later order.
struct PlayTurns {
    private var caller = 0
    private var callee = 0

    /// Whatever was asked for this audience before is too late from now on.
    mutating func advance(_ audience: PlayOrder.Audience) {
        if audience != .callee { caller += 1 }
        if audience != .caller { callee += 1 }
    }

    /// Whether nothing has been asked for this audience since then.
    func isCurrent(_ then: PlayTurns, for audience: PlayOrder.Audience) -> Bool {
        (audience == .callee || caller == then.caller) && (audience == .caller || callee == then.callee)
    }
}

/// Announcements into a call.
extension Call {
    /// An announcement that is being heard.
    struct Play {
        let order: PlayOrder
        /// Who has not heard its end yet.
        var listeners: Set<LegID>
        var isWhole = true
    }

    /// Notes that a sound is to come for an audience; answers what `play` wants to know of that.
    func awaitSound(for audience: PlayOrder.Audience) -> PlayTurns {
        playTurns.advance(audience)
        return playTurns
    }

    /// Lets the order's audience hear a sound in place of each other, until it ends.
    ///
    /// A caller who still waits for an answer hears it as early media. Throws `.invalidState` when nobody of the audience
    /// can hear anything, or when it was to hear something else, or nothing, since the sound was awaited.
    func play(_ sound: Sound, _ order: PlayOrder, awaitedSince turns: PlayTurns) throws(CallError) {
        guard playTurns.isCurrent(turns, for: order.audience) else { throw .invalidState }
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

    /// Ends all announcements, also those whose sound is still to come; the events tell of it when they have ended.
    func stopPlaying() {
        playTurns.advance(.both)
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
        tell(.played(played))
    }

    /// A leg that has gone hears nothing more.
    func endAnnouncements(on leg: LegID) {
        for id in plays.keys where plays[id]?.listeners.contains(leg) == true {
            announced(id, on: leg, isWhole: false)
        }
    }
}
