import CallModel
import Media
import Reactor
import SDP
import Wire

/// A call that waits in a queue.
extension Call {
    /// Answers whoever waits and lets them hear music.
    func entertain(_ id: LegID) {
        guard let link = link(id) else { return }
        // Their own phone was called by us (click-to-call): it talks already, and is told like anybody on hold.
        if link.negotiated != nil, link.pendingOffer == nil { return park(id, music: true) }
        guard let codec = ownCodec(link), adopt(id, codec) else { return post(.incompatible(id)) }
        services.media.play(.music, to: link.mediaID)
        watchQuality()
    }

    /// Keeps nothing of a leg that was only tried.
    func forget(_ id: LegID) {
        guard let link = links.removeValue(forKey: id) else { return }
        manager.assumeIsolated { $0.forget(link) }
    }

    nonisolated func tellQueue(_ queue: String, _ report: QueueReport) {
        let (manager, uuid) = (manager, uuid)
        loop.later { manager.assumeIsolated { $0.feedQueue(queue, report.input(uuid)) } }
    }

    /// Tells the queues when a user has more or less to do with this call than before.
    func reportEngagements() {
        let now = live.engagements
        guard now != engagements else { return }
        let changed = Set(now.keys).union(engagements.keys).filter { now[$0] != engagements[$0] }
        engagements = now
        let (manager, uuid) = (manager, uuid)
        let changes = changed.sorted().map { ($0, now[$0] ?? .free) }
        loop.later {
            manager.assumeIsolated { manager in
                for (user, engagement) in changes { manager.engaged(user, engagement, in: uuid) }
            }
        }
    }
}
