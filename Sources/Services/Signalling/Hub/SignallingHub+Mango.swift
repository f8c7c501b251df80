import CallModel
import CallViews
import Calls
package import Wire

/// What document 001's pages are told of calls of the Mango Office exchange, and what others have broadcast.
extension SignallingHub {
    /// `mango-new-call` and `mango-call-updated`, to the operators.
    func publishMango(_ event: CallEvent) {
        guard event.snapshot.record.source == .mango else { return }
        let call = CallView.records.render(facts(event.record), .detail)
        let receivers = Audience([RoomName.operators])
        switch event.notice {
        case .life(.created): send(SignallingEvent("mango-new-call", ["call": call]), to: receivers)
        case .life(.offered), .life(.withdrawn), .life(.rejected), .recording, .played, .stream: break
        case .life, .edited, .filed, .recorded:
            let payload: JSONObject = ["callId": .integer(event.snapshot.record.id), "call": call]
            send(SignallingEvent("mango-call-updated", payload), to: receivers)
        }
    }

    /// Sends an event of somebody else's to those in the rooms named; rooms that no client can be in are left out.
    package func relay(_ name: String, _ payload: JSONObject, rooms: [String]) {
        send(SignallingEvent(name, payload), to: Audience(rooms.compactMap(RoomName.named)))
    }
}
