import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// Rooms a client enters by itself.
extension Session {
    func performRoomCommand(_ message: ClientMessage) throws(Failure) -> Outcome? {
        switch message.name {
        case "join-room":
            let room = try room(message.payload["room"] ?? message.payload)
            try enter(room)
            return answer(room, "Joined room \(room)", message)
        case "leave-room":
            let room = try room(message.payload["room"] ?? message.payload)
            hub.assumeIsolated { $0.leave(room, participantID) }
            return answer(room, "Left room \(room)", message)
        case "join-operator":
            let id = message.payload.integerValue ?? message.userID("operatorId")
            let text = id.map(String.init) ?? message.payload.stringValue ?? ""
            try enter(try room(.string("operator:\(text)")))
            return .done
        default:
            return nil
        }
    }

    /// The acknowledgement of the earlier systems, whose fields stand beside `success`.
    private func answer(_ room: String, _ text: String, _ message: ClientMessage) -> Outcome {
        channel.reply(message.reply, ["success": true, "room": .string(room), "message": .string(text)])
        return .answered
    }

    private func room(_ value: JSONValue) throws(Failure) -> String {
        guard let text = value.stringValue, let room = RoomName.named(text) else {
            throw .invalid("room", "must match ^[a-z0-9:_-]{1,100}$")
        }
        guard room.hasPrefix("call-"), let key = CallKey(String(room.dropFirst("call-".count))) else { return room }
        guard let record = services.calls.assumeIsolated({ $0.liveRecord(key) }), maySee(record) else {
            throw .callNotFound
        }
        return RoomName.call(record.uuid)
    }

    /// Enters a room; those of other people, and of roles above the user's own, are closed.
    private func enter(_ room: String) throws(Failure) {
        let seesAll = isOpen || user?.role.seesAllCalls == true
        if let owner = RoomName.owner(room), owner != user?.id, !seesAll { throw .forbidden }
        if room == RoomName.directors, !seesAll { throw .forbidden }
        if room == RoomName.operators, !seesAll, user?.role != .operator { throw .forbidden }
        let participantID = participantID
        let isFull = hub.assumeIsolated { hub in
            guard (hub.members[participantID]?.rooms.count ?? 0) < RoomName.maximumPerSession else { return true }
            hub.join(room, participantID)
            return false
        }
        if isFull { throw .invalid("room", "too many rooms") }
    }

    func maySee(_ record: CallRecord) -> Bool {
        let (user, isOpen) = (user, isOpen)
        return hub.assumeIsolated { $0.mayUse(record, user, isOpen: isOpen) }
    }
}
