package import CallModel
import Reactor
package import Wire

/// Calls that a vendor's exchange switches and tells us of: shown live like others, and changed by what it says alone.
extension CallManager {
    /// Makes a vendor's call live; `fill` writes what is known of it, `rows` makes the rows that go with it.
    package func mirror(
        _ direction: CallDirection, rows: (CallRecord) -> [CallRow], _ fill: (inout CallRecord) -> Void
    ) throws(CallError) -> CallRecord {
        guard rooms.count < Room.maximumRooms else { throw .capacityExceeded }
        let room = Room(record: makeRecord(direction, source: .mango, from: "", to: ""))
        var filled = room.record
        fill(&filled)
        add(.room(room))
        room.record = filled
        (room.record.state, room.record.createdAt) = (.initiated, loop.wallTime)
        // Its end is told with the others' ends, below.
        (room.record.answeredAt, room.record.endedAt, room.record.duration) = (nil, nil, nil)
        watchMirror(room)
        save(room, .life(.created), rows: rows(room.record))
        if filled.state != .initiated { progress(room, to: filled, rows: []) }
        return room.record
    }

    /// Brings a mirrored call up to date; nil when it is not live.
    package func mirror(
        _ uuid: UUID, rows: (CallRecord) -> [CallRow], _ fill: (inout CallRecord) -> Void
    ) -> CallRecord? {
        guard case .room(let room) = calls[uuid], room.isMirror else { return nil }
        var filled = room.record
        fill(&filled)
        progress(room, to: filled, rows: rows(room.record))
        return room.record
    }

    /// Goes through all steps from what was known to what is, and tells of each.
    private func progress(_ room: Room, to next: CallRecord, rows: [CallRow]) {
        let before = room.record
        let steps = steps(from: before, to: next)
        for (index, (state, notice)) in steps.enumerated() {
            let version = room.record.version
            if state.isTerminal { close(room) }
            if case .answered = notice { answerToll(ofVendorsCall: room.record.uuid) }
            room.record = next
            (room.record.state, room.record.version) = (state, version)
            if !state.isTerminal { (room.record.endedAt, room.record.duration) = (nil, nil) }
            save(room, .life(notice), rows: index == 0 ? rows : [])
        }
        guard steps.isEmpty, next != before || !rows.isEmpty else { return }
        room.record = next
        save(room, .edited(userID: nil, changesNotes: false), rows: rows)
    }

    private func steps(from before: CallRecord, to next: CallRecord) -> [(CallState, CallNotice)] {
        var steps: [(CallState, CallNotice)] = []
        if before.state == .initiated, next.ringingAt != nil, next.state != .initiated {
            steps.append((.ringing, .ringing))
        }
        if !before.state.isUp, next.answeredAt != nil { steps.append((.answered, .answered)) }
        if next.transferCount > before.transferCount {
            let people = (before.answeredByUserID, next.answeredByUserID)
            steps.append((.answered, .transferred(fromUserID: people.0, toUserID: people.1)))
        }
        if next.state == .held, before.state != .held { steps.append((.held, .held(true, userID: nil))) }
        if next.state == .answered, before.state == .held { steps.append((.answered, .held(false, userID: nil))) }
        if next.state.isTerminal { steps.append((next.state, .ended)) }
        return steps
    }

    private func close(_ room: Room) {
        let uuid = room.record.uuid
        if let timer = room.idleTimer { loop.cancel(timer) }
        for member in room.members { loop.later { member.deliver(.left, call: uuid) } }
        forget(room)
    }

    /// A call whose end we are never told of does not live for ever.
    private func watchMirror(_ room: Room) {
        let uuid = room.record.uuid
        room.idleTimer = loop.schedule(after: Room.longestTime) { [weak self] in
            self?.assumeIsolated { manager in
                guard case .room(let room) = manager.calls[uuid] else { return }
                manager.end(room, .completed, .signallingTimeout, at: room.record.updatedAt)
            }
        }
    }
}
