import CallModel
import Calls
import Reactor
package import Wire

/// The nodes beside this one, as far as sockets are concerned.
package struct OtherNodes: Sendable {
    /// Tells their sockets what those of this node are told.
    let tell: @Sendable (JSONValue) -> Void
    /// A user's first socket was opened here, or the last one closed.
    let setOnline: @Sendable (Bool, Int64) -> Void

    package init(
        tell: @escaping @Sendable (JSONValue) -> Void, setOnline: @escaping @Sendable (Bool, Int64) -> Void
    ) {
        (self.tell, self.setOnline) = (tell, setOnline)
    }
}

/// What happens at other nodes, for the sockets of this one.
extension SignallingHub {
    /// From now on sockets of other nodes are told, too.
    package func join(_ nodes: OtherNodes) { otherNodes = nodes }

    /// Tells this node's sockets what another node's were told.
    package func hear(_ message: JSONValue) {
        guard let (event, audience) = SignallingEvent.reading(message) else { return }
        sendHere(event, to: audience, receivers: newReceivers(of: event, audience).map { receivers($0) })
    }

    /// A call of another node that is offered again is shown to those who have not been shown it; nil: all receive it.
    private func newReceivers(of event: SignallingEvent, _ audience: Audience) -> Set<String>? {
        guard let uuid = event.payload?["uuid"]?.stringValue.flatMap({ UUID($0) }) else { return nil }
        switch event.name {
        case "incoming-call":
            let fresh = audience.receivers(in: self).subtracting(announcedElsewhere[uuid] ?? [])
            // The node that had these calls may have died before it told of their end.
            if announcedElsewhere.count >= Self.maximumAnnouncedElsewhere { announcedElsewhere = [:] }
            announcedElsewhere[uuid, default: []].formUnion(fresh)
            return fresh
        case "call-withdrawn": announcedElsewhere[uuid]?.subtract(audience.receivers(in: self))
        case "call-ended": announcedElsewhere[uuid] = nil
        default: break
        }
        return nil
    }

    /// Whoever has a page at any node is online at each.
    package func setUsersElsewhere(_ users: Set<Int64>) {
        let changed = usersElsewhere.symmetricDifference(users).map { ($0, isReachable($0)) }
        usersElsewhere = users
        tellPresence(of: changed[...])
    }

    /// Some each turn: a node that comes or goes changes it for thousands at once.
    private func tellPresence(of changed: ArraySlice<(Int64, Bool)>) {
        for (userID, was) in changed.prefix(Self.presencesPerTurn) { tellPresence(of: userID, was) }
        let rest = changed.dropFirst(Self.presencesPerTurn)
        if !rest.isEmpty { loop.later { [self] in assumeIsolated { $0.tellPresence(of: rest) } } }
    }
}

extension SignallingEvent {
    /// The event as other nodes read it; sessions are unknown to them, and rooms are the same everywhere.
    func message(to audience: Audience) -> JSONValue {
        var object: JSONObject = [
            "name": .string(name), "payload": payload ?? .null, "rooms": JSONValue(audience.rooms.sorted()),
            "open": .string(audience.open.rawValue),
        ]
        object.appendIfPresent("otherThan", JSONValue(audience.otherThan))
        if audience.mustSeeAll { object.append("mustSeeAll", true) }
        return .object(object)
    }

    /// What another node has written; nil when it is none of ours.
    static func reading(_ message: JSONValue) -> (SignallingEvent, Audience)? {
        guard let name = message["name"]?.stringValue, let rooms = message["rooms"]?.arrayValue,
            let open = message["open"]?.stringValue.flatMap(Audience.OpenSessions.init(rawValue:))
        else { return nil }
        var audience = Audience(rooms.compactMap(\.stringValue), open: open)
        audience.otherThan = message["otherThan"]?.stringValue
        audience.mustSeeAll = message["mustSeeAll"] == true
        let payload = message["payload"].flatMap { $0.isNull ? nil : $0 }
        return (SignallingEvent(name, payload), audience)
    }
}
