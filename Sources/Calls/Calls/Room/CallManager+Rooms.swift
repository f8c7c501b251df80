package import CallModel
import Reactor
import Wire

/// Rooms: made by document 004's clients where no phone is involved.
extension CallManager {
    func openRoom(_ request: CallRequest) throws(CallError) -> CallRecord {
        guard rooms.count < Room.maximumRooms else { throw .capacityExceeded }
        let direction = request.direction ?? .outgoing
        let number = request.callerNumber ?? "tandem"
        let (from, to) = direction == .incoming ? (request.target, number) : (number, request.target)
        var record = makeRecord(direction, source: .webrtc, from: from, to: to)
        record.clientID = request.clientID
        if case .page(let userID) = request.caller { record.assignedUserID = userID }
        let room = Room(record: record)
        add(.room(room))
        watch(room)
        save(room, .life(.created))
        return room.record
    }

    /// Whether a call lives that only browsers join: what a client says of it, nobody here can know better.
    package func isRoom(_ key: CallKey) -> Bool {
        if case .room = entry(key) { true } else { false }
    }

    /// A state told by the client (`PATCH …/status`); a call that we switch ourselves cannot be told.
    package func setStatus(_ key: CallKey, _ state: CallState) throws(CallError) -> CallRecord {
        switch entry(key) {
        case .room(let room): return try move(room, to: state)
        case .call(let call):
            let record = call.assumeIsolated { $0.record }
            if record.state == state { return record }
            guard state.isTerminal else { throw .invalidState }
            return try hangUp(key, userID: nil)
        case nil: throw .callNotFound
        }
    }

    func move(_ room: Room, to state: CallState) throws(CallError) -> CallRecord {
        if room.record.state == state { return room.record }
        guard !room.isMirror else { throw .invalidState }
        guard room.record.state.canMove(to: state) else { throw .invalidState }
        if state.isTerminal { return end(room, state, .commandHangup) }
        guard room.transfer == nil else { throw .invalidState }
        room.noteHold(false, at: loop.wallTime)
        room.record.state = state
        if state == .ringing { room.record.ringingAt = loop.wallTime }
        if state == .answered, room.record.answeredAt == nil { room.record.answeredAt = loop.wallTime }
        watch(room)
        save(room, .life(state == .ringing ? .ringing : .answered))
        return room.record
    }

    /// Ends a room; one that was never answered did not take place.
    ///
    /// `moment`: when it was over, if that is not now. `seconds`: how long they talked, if somebody knows better than we.
    @discardableResult
    func end(
        _ room: Room, _ state: CallState, _ reason: EndReason, at moment: WallTime? = nil, talked seconds: Int? = nil
    ) -> CallRecord {
        let wasAnswered = room.record.answeredAt != nil
        let moment = moment ?? loop.wallTime
        room.noteHold(false, at: moment)
        room.record.state = state == .completed && !wasAnswered ? .noAnswer : state
        room.record.endReason = reason
        room.record.endedAt = moment
        let talked = room.record.answeredAt.map { max(0, moment.milliseconds - $0.milliseconds) } ?? 0
        room.record.duration = wasAnswered ? seconds ?? Int((talked + 500) / 1000) : 0
        let uuid = room.record.uuid
        for timer in [room.idleTimer, room.transfer?.timer].compactMap(\.self) { loop.cancel(timer) }
        for member in room.members { loop.later { member.deliver(.left, call: uuid) } }
        forget(room)
        save(room, .life(.ended))
        return room.record
    }

    func edit(
        _ room: Room, userID: Int64?, rows: [CallRow], _ change: (inout CallRecord) -> Void
    ) -> CallRecord {
        let before = room.record
        var edited = LiveCall(
            record: before, plan: CallPlan(callers: [], callerState: .awaited, callees: []), now: loop.now)
        edited.edit(change)
        room.record = edited.record
        let notice = CallEvent.Notice.edited(userID: userID, changesNotes: room.record.notes != before.notes)
        save(room, notice, rows: rows + room.record.tagRows(since: before))
        return room.record
    }

    func save(_ room: Room, _ notice: CallEvent.Notice, rows: [CallRow] = []) {
        room.record.version += 1
        room.record.updatedAt = loop.wallTime
        let event = room.event(notice)
        let all = rows + transferRows(room, notice) + services.publish(event)
        services.store.write(CallChange(record: room.record, rows: all))
        announce(event)
    }

    /// Arms the ending of a room that stays empty; whatever its client forgets, it does not live for ever.
    func watch(_ room: Room) {
        if let timer = room.idleTimer { loop.cancel(timer) }
        room.idleTimer = nil
        guard room.members.isEmpty else { return }
        let patience = room.record.answeredAt == nil ? Room.emptyTime : Room.longestTime
        let uuid = room.record.uuid
        room.idleTimer = loop.schedule(after: patience) { [weak self] in self?.assumeIsolated { $0.endIdle(uuid) } }
    }

    private func endIdle(_ uuid: UUID) {
        guard case .room(let room) = calls[uuid] else { return }
        // Nobody said when it was over: talk is counted up to the last that was heard of it.
        end(room, .completed, .neverJoined, at: room.record.updatedAt)
    }

    // MARK: - Members

    func enter(_ room: Room, _ participant: any CallParticipant) {
        room.add(participant)
        watch(room)
        if bridge(of: room) != nil { offerLater(in: room) }
        guard let kept = room.keptOffer else { return }
        let (uuid, candidates) = (room.record.uuid, room.keptCandidates)
        (room.keptOffer, room.keptCandidates) = (nil, [])
        loop.later {
            participant.deliver(.offer(sdp: kept.sdp, from: kept.from), call: uuid)
            for candidate in candidates { participant.deliver(.candidate(candidate, from: kept.from), call: uuid) }
        }
    }

    func relayOffer(_ sdp: String, from participant: any CallParticipant, in room: Room) {
        guard !room.others(than: participant).isEmpty else {
            room.keptOffer = (sdp, participant.participantID)
            return
        }
        relay(.offer(sdp: sdp, from: participant.participantID), from: participant, in: room)
    }

    func relay(_ message: ParticipantMessage, from participant: any CallParticipant, in room: Room) {
        let others = room.others(than: participant)
        if others.isEmpty, case .candidate(let candidate, _) = message,
            room.keptOffer?.from == participant.participantID,
            room.keptCandidates.count < Room.maximumKeptCandidates
        {
            room.keptCandidates.append(candidate)
        }
        let uuid = room.record.uuid
        for other in others { loop.later { other.deliver(message, call: uuid) } }
    }
}
