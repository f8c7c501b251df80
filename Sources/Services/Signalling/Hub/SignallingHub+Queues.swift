import CallModel
import CallViews
package import Calls
import Directory
import Telemetry
import Wire

/// What happens to queues, for those who work in them and those who wait; each node has callers of its own in them.
extension SignallingHub {
    nonisolated package func queueChanged(_ event: QueueEvent) { assumeIsolated { $0.publish(event) } }

    private func publish(_ event: QueueEvent) {
        guard hasListeners else { return journal.skip() }
        switch event {
        case .updated(let status): publish(status)
        case .moved(let place):
            let room = Audience([RoomName.call(place.record.uuid)], open: .none)
            sendHere(SignallingEvent("queue:position", QueueView.position(place)), to: room)
        case .removed(let queue):
            sendHere(SignallingEvent("queue:removed", ["queue": .string(queue)]), to: Audience([RoomName.operators]))
        case .ended: break
        }
    }

    /// Callers' numbers are shown in full to those who see every call.
    private func publish(_ status: QueueStatus) {
        let rooms = status.members.map { RoomName.user($0.userID) } + [RoomName.operators]
        var others = Audience(rooms, open: .none)
        others.otherThan = RoomName.directors
        let roster = services.roster.current
        let full = QueueView(roster: roster) { $0.callerNumber }
        let masked = QueueView(roster: roster) { maskedNumber($0.callerNumber) }
        sendHere(SignallingEvent("queue:updated", full.render(status)), to: Audience([RoomName.directors]))
        sendHere(SignallingEvent("queue:updated", masked.render(status)), to: others)
    }
}
