import CallModel
import CallViews
package import Calls
import Telemetry
import Wire

/// What happens in conferences, for those who are in them and for the operators.
extension SignallingHub {
    nonisolated package func conferenceChanged(_ event: ConferenceEvent) { assumeIsolated { $0.publish(event) } }

    private func publish(_ event: ConferenceEvent) {
        let seeingAll = sessions(in: [RoomName.directors])
        let people = (event.status.participants + [event.participant]).compactMap(\.userID)
        let rooms = people.map { RoomName.user($0) } + [RoomName.operators]
        let others = sessions(in: rooms, orOpen: false).subtracting(seeingAll)
        let (full, masked) = (ConferenceView { $0 }, ConferenceView { maskedNumber($0) })
        for (receivers, view) in [(seeingAll, full), (others, masked)] where !receivers.isEmpty {
            send(SignallingEvent(event.change.eventName, view.render(event)), to: receivers)
        }
    }
}
