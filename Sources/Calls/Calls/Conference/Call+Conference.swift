import CallModel
import Media
import Telemetry
import Wire

/// A party that talks to a conference.
extension Call {
    /// The conference this call leads to, with the leg of whoever talks there.
    func conference(_ first: LegID, _ second: LegID) -> (name: String, talker: LegID)? {
        if case .conference(let name)? = live.legs[second]?.party { return (name, first) }
        if case .conference(let name)? = live.legs[first]?.party { return (name, second) }
        return nil
    }

    /// Sees to it that a leg is, or will be, on the conference's worker; false when it cannot be any more.
    func shareWorker(_ id: LegID, with name: String) -> Bool {
        let group = manager.assumeIsolated { $0.mediaGroup(ofConference: name) }
        guard let group, group != links[id]?.mediaGroup else { return true }
        guard let link = links[id], link.mediaGroup != nil else {
            mediaGroup = group
            return true
        }
        return link.sip != nil && relocate(id, to: group)
    }

    func confer(_ id: LegID, in name: String) {
        guard let link = links[id], let group = link.mediaGroup else { return }
        let entered = manager.assumeIsolated { $0.enter(name, self, leg: id, mediaGroup: group) }
        guard let conference = entered else { return post(.incompatible(id)) }
        services.media.confer(link.mediaID, in: conference)
        hearNewLegs()
        streamLegs()
        watchQuality()
    }
}
