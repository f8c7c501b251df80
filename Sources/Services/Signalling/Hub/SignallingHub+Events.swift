import CallModel
import CallViews
package import Calls
import Directory
import Wire

/// What happens to calls, told in the words of documents 002, 003 and 004 to those it concerns.
extension SignallingHub: CallObserver {
    nonisolated package func callChanged(_ event: CallEvent) { assumeIsolated { $0.publish(event) } }

    nonisolated package func upstreamChanged(registered: Bool, detail: String) {
        assumeIsolated { $0.publishUpstream(registered, detail) }
    }

    nonisolated package func registrationChanged(account: String, userID: Int64?, isRegistered: Bool) {
        assumeIsolated { $0.phoneChanged(account: account, userID: userID, isRegistered: isRegistered) }
    }

    private func publishUpstream(_ registered: Bool, _ detail: String) {
        let was = isUpstreamRegistered
        isUpstreamRegistered = registered
        guard hasListeners else { return journal.skip() }
        if registered, !was { sendHere(SignallingEvent("sip:connected"), to: .everybody) }
        if !registered, was { sendHere(SignallingEvent("sip:disconnected"), to: .everybody) }
        if !registered, !detail.isEmpty {
            sendHere(SignallingEvent("sip:error", ["error": .string(detail)]), to: .everybody)
        }
    }

    /// Tells one event to its receivers, in each document's words.
    func publish(_ event: CallEvent) {
        let changesLists = changesLists(event)
        guard hasListeners else {
            journal.skip()
            return forget(event.snapshot.record.uuid)
        }
        let involved = involved(event)
        let sessions = involved.receivers(in: self)
        let news = CallNews(
            event: event, facts: facts(event.record), involved: involved, receivers: receivers(sessions))
        switch event.notice {
        case .edited(let userID, let changesNotes): edited(news, userID, changesNotes)
        case .filed(let isNew): filed(news, isNew)
        case .life(let notice): live(news, notice)
        case .recording(let state, let userID):
            tell(news, "call-recording-changed", CallEventView.recordingChanged(event.record, state, userID: userID))
        case .recorded:
            tell(news, "call-updated", CallView.crm.render(news.facts, .detail))
            tell(news, "call:updated")
        case .played(let played): tell(news, "play:ended", CallEventView.playEnded(news.facts, played))
        case .stream(let status):
            // As REST demands of those who ask for streams.
            var directing = news.involved
            directing.mustSeeAll = true
            send(SignallingEvent("stream:changed", CallEventView.streamChanged(news.facts, status)), to: directing)
        }
        publishMango(event)
        if changesLists { markDirty(sessions) }
    }

    /// Whether lists of live calls may have changed: what is done about a call that was over before is in none of them.
    private func changesLists(_ event: CallEvent) -> Bool {
        guard event.snapshot.record.endedAt != nil else {
            liveCalls.insert(event.snapshot.record.uuid)
            return true
        }
        let wasLive = liveCalls.remove(event.snapshot.record.uuid) != nil
        if case .life = event.notice { return true }
        return wasLive
    }

    private func live(_ news: CallNews, _ notice: CallNotice) {
        let record = news.record
        switch notice {
        case .created:
            // A call for a queue is shown to the members it is offered to, one after the other.
            let isForAll = record.direction == .incoming && news.event.queue == nil
            if isForAll { announce(news, to: assignees(record)) }
            tell(news, "call:new")
        case .offered(let userID): announce(news, to: offerees(userID))
        case .ringing:
            tell(news, "call:ringing")
            tellRoom(record)
        case .answered:
            let data = takeEcho(record.uuid, .initialData)
            let payload = CallEventView.callAnswered(
                record, .accept, userID: record.answeredByUserID, initialData: data)
            tell(news, "call-answered", payload)
            tell(news, "call:answered")
            tellRoom(record)
        case .rejected(let userID):
            tell(news, "call-answered", CallEventView.callAnswered(record, .reject, userID: userID))
        case .held(let on, let userID):
            tell(news, "call-hold-changed", CallEventView.holdChanged(record, userID: userID))
            tell(news, on ? "call:held" : "call:resumed")
        case .transferRequested(let from, let to, _, let reason): transferRequested(news, from, to, reason)
        case .transferred(let from, let to):
            tell(news, "call-transferred", CallEventView.callTransferred(record, fromUser: from, toUser: to))
            tell(news, "call:transferred")
        case .transferFailed(let from): transferFailed(record, from)
        case .withdrawn(let userID): withdrawn(record, userID)
        case .ended: ended(news)
        }
    }

    // MARK: - Each event

    /// Shows an incoming call to sessions that have not been shown it.
    private func announce(_ news: CallNews, to audience: Audience) {
        let fresh = audience.receivers(in: self).subtracting(announced[news.record.uuid] ?? [])
        announced[news.record.uuid, default: []].formUnion(fresh)
        let event = SignallingEvent("incoming-call", CallEventView.incomingCall(news.facts))
        send(event, to: audience, receivers: receivers(fresh))
    }

    /// An event of document 003, whose payload is always the call.
    private func tell(_ news: CallNews, _ name: String) { tell(news, name, CallEventView.pbx(news.facts)) }

    /// An event for everybody who is involved.
    private func tell(_ news: CallNews, _ name: String, _ payload: JSONValue) {
        send(SignallingEvent(name, payload), to: news.involved, receivers: news.receivers)
    }

    /// Members of the call's room follow its status.
    private func tellRoom(_ record: CallRecord) {
        let status: JSONObject = [
            "callId": .string(record.uuid.description), "status": JSONValue(CallView.gateway.status(of: record)),
        ]
        send(SignallingEvent("call-status", status), to: Audience([RoomName.call(record.uuid)], open: .none))
    }

    private func transferRequested(_ news: CallNews, _ from: Int64?, _ to: Int64?, _ reason: String?) {
        guard let to else { return }
        let payload = CallEventView.incomingTransfer(news.facts, fromUser: from, reason: reason)
        send(SignallingEvent("incoming-transfer", payload), to: Audience([RoomName.user(to)], open: .none))
    }

    private func transferFailed(_ record: CallRecord, _ from: Int64?) {
        let payload: JSONValue = ["message": "Перевод не удался", "callId": .integer(record.id)]
        let audience = from.map { Audience([RoomName.user($0)], open: .none) } ?? Audience()
        send(SignallingEvent("transfer-error", payload), to: audience)
    }

    private func withdrawn(_ record: CallRecord, _ userID: Int64) {
        let audience = Audience([RoomName.user(userID)], open: .none)
        // A queue may offer them the call again.
        announced[record.uuid]?.subtract(audience.receivers(in: self))
        send(withdrawal(record), to: audience)
    }

    /// A page took the call: the other pages that were shown it for the same user stop ringing at once.
    func taken(_ record: CallRecord, by userID: Int64?, at session: String) {
        var shown = userID.map { Audience([RoomName.user($0)], open: .none) } ?? shownTo(record.uuid)
        shown.except = session
        send(withdrawal(record), to: shown)
    }

    /// Whoever stops ringing while the call goes on does so because somebody else has it.
    private func withdrawal(_ record: CallRecord) -> SignallingEvent {
        let reason = record.state.isTerminal ? JSONValue(record.endReason?.rawValue) : "answered_elsewhere"
        let payload: JSONValue = [
            "callId": .integer(record.id), "uuid": .string(record.uuid.description), "reason": reason,
        ]
        return SignallingEvent("call-withdrawn", payload)
    }

    private func ended(_ news: CallNews) {
        let record = news.record
        let data = takeEcho(record.uuid, .callData)
        let userID = record.answeredByUserID ?? record.assignedUserID
        tell(news, "call-ended", CallEventView.callEnded(record, userID: userID, callData: data))
        if record.state == .failed { tell(news, "call:failed") }
        if record.state == .cancelled { tell(news, "call:cancelled") }
        tell(news, "call:ended")
        tellRoom(record)
        forget(record.uuid)
    }

    /// Nobody is there to be shown it, or it is over.
    private func forget(_ uuid: UUID) {
        announced[uuid] = nil
        echoes[uuid] = nil
    }

    /// Whoever sent customer data with the notes has them shown to others, whether the notes changed or not.
    private func edited(_ news: CallNews, _ userID: Int64?, _ changesNotes: Bool) {
        let data = takeEcho(news.record.uuid, .customerData)
        if changesNotes || data != nil {
            let payload = CallEventView.notesUpdated(news.record, userID: userID, customerData: data)
            tell(news, "call-notes-updated", payload)
        }
        tell(news, "call:updated")
    }

    /// Document 000's broadcasts, which carry the call as its REST interface answers it.
    private func filed(_ news: CallNews, _ isNew: Bool) {
        tell(news, isNew ? "call-new" : "call-updated", CallView.records.render(news.facts, .detail))
        // Of a change everybody hears by the event of what changed.
        if isNew { tell(news, "call:new") }
    }

    // MARK: - Receivers

    func facts(_ record: CallRecord) -> CallFacts { CallFacts(record: record, roster: services.roster.current) }

    /// The people of the call, whoever was offered it, and all operators.
    private func involved(_ event: CallEvent) -> Audience {
        let record = event.record
        let people = [record.assignedUserID, record.answeredByUserID].compactMap(\.self) + event.offeredTo
        var audience = shownTo(record.uuid)
        audience.open = .all
        audience.rooms.formUnion(people.map(RoomName.user) + [RoomName.operators])
        if let id = record.operatorID { audience.rooms.insert(RoomName.operator(id)) }
        return audience
    }

    /// The sessions that were shown a call, and the others of their users.
    private func shownTo(_ uuid: UUID) -> Audience {
        let sessions = announced[uuid] ?? []
        let shown = sessions.compactMap { members[$0] }
        let isShownToNobody = shown.contains { $0.isOpen && $0.user == nil }
        var audience = Audience(
            shown.compactMap(\.user).map { RoomName.user($0.id) }, open: isShownToNobody ? .nobodys : .none)
        audience.sessions = sessions
        return audience
    }

    /// The user's own sessions and those of nobody in particular; an open session that said whose it is gets its own.
    private func offerees(_ userID: Int64) -> Audience { Audience([RoomName.user(userID)], open: .nobodys) }

    /// The assigned user if a page of theirs is open, else the operators.
    private func assignees(_ record: CallRecord) -> Audience {
        if let id = record.assignedUserID, isOnline(id) { return Audience([RoomName.user(id)]) }
        return Audience([RoomName.operators])
    }

    // MARK: - What clients sent with a command and others are shown

    func keepEcho(_ value: JSONValue?, _ kind: EventEcho, for uuid: UUID) {
        if let value { echoes[uuid, default: [:]][kind] = value }
    }

    private func takeEcho(_ uuid: UUID, _ kind: EventEcho) -> JSONValue? {
        let value = echoes[uuid]?.removeValue(forKey: kind)
        if echoes[uuid]?.isEmpty == true { echoes[uuid] = nil }
        return value
    }
}

/// A part of a command that is repeated in the event it causes.
enum EventEcho: Hashable, Sendable {
    case initialData
    case callData
    case customerData
}

/// One event on its way to its receivers.
private struct CallNews {
    let event: CallEvent
    let facts: CallFacts
    let involved: Audience
    /// The sessions of `involved`.
    let receivers: Receivers

    var record: CallRecord { event.record }
}
