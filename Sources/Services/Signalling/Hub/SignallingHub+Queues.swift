import CallModel
import CallViews
package import Calls
import Directory
import Telemetry
import Wire

/// What happens to queues, for those who work in them and those who wait.
extension SignallingHub {
    nonisolated package func queueChanged(_ event: QueueEvent) { assumeIsolated { $0.publish(event) } }

    private func publish(_ event: QueueEvent) {
        guard hasListeners else { return journal.skip() }
        switch event {
        case .updated(let status): publish(status)
        case .moved(let place):
            let room = Audience([RoomName.call(place.record.uuid)], open: .none)
            send(SignallingEvent("queue:position", QueueView.position(place)), to: room)
        case .removed(let queue):
            send(SignallingEvent("queue:removed", ["queue": .string(queue)]), to: Audience([RoomName.operators]))
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
        send(SignallingEvent("queue:updated", full.render(status)), to: Audience([RoomName.directors]))
        send(SignallingEvent("queue:updated", masked.render(status)), to: others)
    }
}
