package import CallModel
import Telemetry
import Wire

/// Browsers that join calls and rooms.
extension CallManager {
    /// Gives a browser its place in a call or room; a second join leaves the first.
    package func join(_ key: CallKey, _ participant: any CallParticipant) throws(CallError) -> JoinedCall {
        guard let entry = entry(key) else { throw .callNotFound }
        let uuid = entry.record.uuid
        let former = places[participant.participantID]
        guard former != uuid else { return joined(entry, participant, []) }
        var others: [String] = []
        switch entry {
        case .call(let call):
            if let error = call.assumeIsolated({ $0.join(participant) }) { throw error }
        case .room(let room):
            guard !room.isMirror else { throw .invalidState }
            guard room.members.count < Room.maximumMembers else { throw .capacityExceeded }
            others = room.members.map(\.participantID)
            enter(room, participant)
        }
        if former != nil { leave(participant) }
        places[participant.participantID] = uuid
        return joined(entry, participant, others)
    }

    private func joined(_ entry: LiveEntry, _ participant: any CallParticipant, _ others: [String]) -> JoinedCall {
        var joined = JoinedCall(record: entry.record, participants: others)
        if case .call(let call) = entry { joined.resumption = call.assumeIsolated { $0.resumption(of: participant) } }
        return joined
    }

    /// Gives a page the place in a call that it or another page had while two talk; whoever has it still is put out.
    ///
    /// The holder of the token may take it, and the user whose leg it is.
    package func resume(
        _ key: CallKey, _ participant: any CallParticipant, token: String?, keepsMedia: Bool
    ) throws(CallError) -> ResumedCall {
        let call = try call(key)
        let former = places[participant.participantID]
        let resumed = try call.assumeIsolated { $0.resume(participant, token: token, keepsMedia: keepsMedia) }.get()
        if former != call.uuid { leave(participant) }
        places[participant.participantID] = call.uuid
        return resumed
    }

    /// The browser hung up or left the room.
    package func leave(_ participant: any CallParticipant) { leave(participant, .hungUp) }

    /// The browser's signalling connection is gone.
    package func disconnected(_ participant: any CallParticipant) { leave(participant, .disconnected) }

    private func leave(_ participant: any CallParticipant, _ departure: LegDeparture) {
        guard let uuid = places.removeValue(forKey: participant.participantID) else { return }
        switch calls[uuid] {
        case .call(let call): call.assumeIsolated { $0.leave(participant, departure) }
        case .room(let room):
            close(participant, in: room.bridge)
            room.remove(participant)
            watch(room)
        case nil: break
        }
    }

    package func offer(_ key: CallKey, from participant: any CallParticipant, sdp: String) throws(CallError) {
        switch try place(of: participant, in: key) {
        case .call(let call): if let error = call.assumeIsolated({ $0.offer(sdp, from: participant) }) { throw error }
        case .room(let room):
            if let bridge = bridge(of: room) { return try bridgeOffer(sdp, from: participant, in: room, bridge) }
            relayOffer(sdp, from: participant, in: room)
        }
    }

    package func answer(_ key: CallKey, from participant: any CallParticipant, sdp: String) throws(CallError) {
        switch try place(of: participant, in: key) {
        case .call(let call): if let error = call.assumeIsolated({ $0.answer(sdp, from: participant) }) { throw error }
        case .room(let room):
            if let bridge = bridge(of: room) { return try bridgeAnswer(sdp, from: participant, bridge) }
            relay(.answer(sdp: sdp, from: participant.participantID), from: participant, in: room)
        }
    }

    /// Trickled candidates matter in rooms only whose members negotiate with each other: towards us a browser finds the way by its own checks (ICE-lite).
    package func candidate(_ key: CallKey, from participant: any CallParticipant, _ candidate: ICECandidateMessage)
        throws(CallError)
    {
        guard case .room(let room) = try place(of: participant, in: key), bridge(of: room) == nil else { return }
        relay(.candidate(candidate, from: participant.participantID), from: participant, in: room)
    }

    package func mute(_ on: Bool, from participant: any CallParticipant) {
        switch places[participant.participantID].flatMap({ calls[$0] }) {
        case .call(let call): call.assumeIsolated { $0.mute(on, from: participant) }
        case .room(let room): setMuted(on, participant, in: room.bridge)
        case nil: break
        }
    }

    package func sendDigits(_ digits: String, from participant: any CallParticipant) {
        guard case .call(let call) = places[participant.participantID].flatMap({ calls[$0] }) else { return }
        call.assumeIsolated { $0.sendDigits(digits, from: participant) }
    }

    private func place(of participant: any CallParticipant, in key: CallKey) throws(CallError) -> LiveEntry {
        guard let entry = entry(key) else { throw .callNotFound }
        guard places[participant.participantID] == entry.record.uuid else { throw .notJoined }
        return entry
    }
}
