import CallModel
import CallViews
package import Calls
import Telemetry
import Wire

/// What happens in conferences, for those who are in them and for the operators.
extension SignallingHub {
    nonisolated package func conferenceChanged(_ event: ConferenceEvent) { assumeIsolated { $0.publish(event) } }

    private func publish(_ event: ConferenceEvent) {
        guard hasListeners else { return journal.skip() }
        let people = (event.status.participants + [event.participant]).compactMap(\.userID)
        var others = Audience(people.map { RoomName.user($0) } + [RoomName.operators], open: .none)
        others.otherThan = RoomName.directors
        let (full, masked) = (ConferenceView { $0 }, ConferenceView { maskedNumber($0) })
        send(SignallingEvent(event.change.eventName, full.render(event)), to: Audience([RoomName.directors]))
        send(SignallingEvent(event.change.eventName, masked.render(event)), to: others)
    }
}
