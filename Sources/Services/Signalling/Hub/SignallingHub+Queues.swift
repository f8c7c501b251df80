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
        switch event {
        case .updated(let status): publish(status)
        case .moved(let place):
            let receivers = sessions(in: [RoomName.call(place.record.uuid)], orOpen: false)
            send(SignallingEvent("queue:position", QueueView.position(place)), to: receivers)
        case .removed(let queue):
            send(SignallingEvent("queue:removed", ["queue": .string(queue)]), to: sessions(in: [RoomName.operators]))
        case .ended: break
        }
    }

    /// Callers' numbers are shown in full to those who see every call.
    private func publish(_ status: QueueStatus) {
        let seeingAll = sessions(in: [RoomName.directors])
        let rooms = status.members.map { RoomName.user($0.userID) } + [RoomName.operators]
        let others = sessions(in: rooms, orOpen: false).subtracting(seeingAll)
        let roster = services.roster.current
        let full = QueueView(roster: roster) { $0.callerNumber }
        let masked = QueueView(roster: roster) { maskedNumber($0.callerNumber) }
        if !seeingAll.isEmpty { send(SignallingEvent("queue:updated", full.render(status)), to: seeingAll) }
        if !others.isEmpty { send(SignallingEvent("queue:updated", masked.render(status)), to: others) }
    }
}
