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

    func confer(_ id: LegID, in name: String) {
        guard let link = links[id] else { return }
        let entered = manager.assumeIsolated { $0.enter(name, self, leg: id) }
        guard let conference = entered else { return post(.incompatible(id)) }
        services.media.confer(link.mediaID, in: conference)
        hearNewLegs()
        streamLegs()
        watchQuality()
    }
}
