package import CallModel
import Directory
import Media
import Reactor
import SIPEndpoint
import Telemetry
import Wire

/// Conferences as pages and the API see them.
extension CallManager {
    /// All rooms, those without members included.
    package func conferenceStatuses() -> [ConferenceStatus] { services.conferenceRooms.map(status) }

    package func conferenceStatus(_ name: String) throws(CallError) -> ConferenceStatus { status(try room(name)) }

    /// Calls somebody who is to take part; whoever answers is in the conference.
    package func callIntoConference(_ name: String, _ number: String, userID: Int64?) throws(CallError) -> CallRecord {
        let room = try room(name)
        guard !isDraining else { throw .draining }
        guard !isFull, hasPlace(name) else { throw .capacityExceeded }
        guard let route = route(number) else { throw .extensionNotFound }
        guard !route.parties.isEmpty, !route.parties.contains(where: \.isBuiltIn) else { throw .nobodyThere(.to) }
        var record = makeRecord(route.direction, source: .crm, from: room.number, to: number)
        record.assignedUserID = userID
        record.operatorID = route.userID ?? userID
        record.extension = route.extension
        let plan = CallPlan(callers: [.conference(name)], callerState: .ready, callees: route.parties)
        let account = userID.flatMap(services.roster.current.extension(ofUser:))
        let identity = CallerIdentity(displayName: name, user: room.number, account: account)
        let setup = CallSetup(target: dialledUser(number), identity: identity)
        let call = Call(manager: self, services: services, record: record, plan: plan, setup: setup)
        add(.call(call))
        call.assumeIsolated { $0.perform(.begin) }
        return call.assumeIsolated { $0.record }
    }

    /// Repeating it changes nothing.
    package func muteParticipant(_ name: String, _ key: CallKey, _ on: Bool) throws(CallError) -> ConferenceStatus {
        let (room, member) = (try room(name), try member(key, of: name))
        member.call.assumeIsolated { $0.setMuted(on, member.leg) }
        announce(.muted(on), member, in: room)
        return status(room)
    }

    /// Ends the participant's call.
    package func removeParticipant(_ name: String, _ key: CallKey) throws(CallError) -> ConferenceStatus {
        let (room, member) = (try room(name), try member(key, of: name))
        member.call.assumeIsolated { $0.perform(.hangUp(userID: nil)) }
        return status(room)
    }

    private func room(_ name: String) throws(CallError) -> ConferenceRoom {
        guard let room = services.conferenceRooms.first(where: { $0.name == name }) else { throw .conferenceNotFound }
        return room
    }

    private func member(_ key: CallKey, of name: String) throws(CallError) -> Conference.Member {
        guard let member = conferences[name]?.member(try call(key)) else { throw .callNotFound }
        return member
    }

    private func status(_ room: ConferenceRoom) -> ConferenceStatus {
        let conference = conferences[room.name]
        return ConferenceStatus(
            room: room, participants: conference?.members.map(participant) ?? [],
            isRecorded: conference?.recording != nil)
    }

    private func participant(_ member: Conference.Member) -> ConferenceParticipant {
        member.call.assumeIsolated { call in
            let (record, link) = (call.record, call.links[member.leg])
            let isCaller = call.live.legs[member.leg]?.side == .caller
            return ConferenceParticipant(
                record: record, number: isCaller ? record.callerNumber : record.receiverNumber,
                userID: link?.party.userID, joinedAt: member.joinedAt, isMuted: link?.isMuted ?? false,
                isSpeaking: member.isSpeaking)
        }
    }

    private func announce(_ change: ConferenceEvent.Change, _ member: Conference.Member, in room: ConferenceRoom) {
        let event = ConferenceEvent(status: status(room), change: change, participant: participant(member))
        tell { $0.conferenceChanged(event) }
    }
}

// Members come and go.
extension CallManager {
    /// A call's leg is about to talk to a conference; nil when it is full.
    func enter(_ name: String, _ call: Call, leg: LegID) -> ConferenceID? {
        guard let room = try? room(name), conferences[name]?.member(call) != nil || hasPlace(name) else { return nil }
        var conference = conferences[name] ?? makeConference()
        let isNew = conference.enter(call, leg, at: loop.wallTime)
        conferences[name] = conference
        if let member = conference.member(call) { entered(member, room, isNew: isNew) }
        return conference.id
    }

    private func entered(_ member: Conference.Member, _ room: ConferenceRoom, isNew: Bool) {
        if isNew { announce(.joined, member, in: room) }
        recordEntered(member, of: room.name)
    }

    /// A call leads to the conference no longer, or is over.
    func leaveConference(_ call: Call) {
        for name in conferences.keys {
            guard let member = conferences[name]?.leave(call) else { continue }
            endRecord(member, of: name)
            if conferences[name]?.members.isEmpty == true { conferences[name] = nil }
            if let room = try? room(name) { announce(.left, member, in: room) }
        }
    }

    func noteSpeaking(_ call: Call, _ isSpeaking: Bool) {
        for name in conferences.keys {
            guard let member = conferences[name]?.note(call, isSpeaking: isSpeaking), let room = try? room(name) else {
                continue
            }
            announce(.speaking(isSpeaking), member, in: room)
        }
    }

    private func makeConference() -> Conference { Conference(id: makeConferenceID()) }

    func makeConferenceID() -> ConferenceID {
        lastConferenceID += 1
        return ConferenceID(rawValue: lastConferenceID)
    }

    func hasPlace(_ name: String) -> Bool {
        conferences[name].map { $0.members.count < ConferenceRoom.maximumMembers } ?? true
    }
}
