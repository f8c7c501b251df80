import CallModel
import CallViews
import Calls
import Reactor
import Wire

/// What a client missed while its connection was broken.
extension SignallingHub {
    /// How long events are kept for clients to come back once the last one is gone.
    static let patience = EventJournal.maximumAge

    /// Whether somebody is there to be told of something, or may come back for it.
    var hasListeners: Bool {
        !members.isEmpty || otherNodes != nil || emptySince.map { loop.now - $0 <= Self.patience } ?? false
    }

    /// Tells a session what has happened since the event that its client saw last, or that nobody can tell it.
    ///
    /// The rooms decide that the session is in now; an empty name is that of a client that has seen no event yet.
    func replay(since lastEventID: String, to id: String) {
        guard !lastEventID.isEmpty, let member = members[id], member.isAdmitted else { return }
        do throws(EventJournal.Gap) {
            var shown = ShownCalls()
            let missed = try journal.events(since: lastEventID, member.style, at: loop.now) { event, audience in
                audience.includes(id, member) && shown.isNew(event)
            }
            for event in missed { member.channel.send(event) }
            // Those that still ring are not shown again by the greeting.
            for uuid in shown.uuids where announced[uuid] != nil { announced[uuid]?.insert(id) }
            let count = JSONValue(missed.count)
            show(SignallingEvent("events-replayed", ["lastEventId": .string(lastEventID), "count": count]), to: [id])
        } catch {
            let payload: JSONValue = [
                "lastEventId": .string(String(lastEventID.prefix(64))), "reason": .string(error.rawValue),
            ]
            show(SignallingEvent("events-missed", payload), to: [id])
        }
    }
}

/// The calls that a replay shows: each once, unless it was withdrawn in between, though different people were offered it.
private struct ShownCalls {
    private(set) var uuids: Set<UUID> = []

    mutating func isNew(_ event: SignallingEvent) -> Bool {
        guard let uuid = event.payload?["uuid"]?.stringValue.flatMap({ UUID($0) }) else { return true }
        switch event.name {
        case "incoming-call": return uuids.insert(uuid).inserted
        case "call-withdrawn":
            uuids.remove(uuid)
            return true
        default: return true
        }
    }
}
