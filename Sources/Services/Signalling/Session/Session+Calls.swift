import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// Document 002: what people do with calls.
extension Session {
    func performCallCommand(_ message: ClientMessage) throws(Failure) -> Outcome? {
        switch message.name {
        case "answer-call": try answerCall(message)
        case "end-call": try endCall(message)
        case "hold-call": try holdCall(message)
        case "transfer-call": try transferCall(message)
        case "record-call": try recordCall(message)
        case "update-call-notes": return try updateNotes(message)
        case "get-active-calls":
            let list = hub.assumeIsolated { $0.activeList(for: participantID) }
            send(SignallingEvent("active-calls", list))
            return .done(list)
        case "get-call-status": return try callStatus(message)
        case "get-statistics": return try tellStatistics(message)
        case "initiate-outgoing-call": return .done(try originate(message))
        case "incoming-call": return .done(try makeUpCall(message))
        default: return nil
        }
        return .done
    }

    // MARK: - Which call

    /// The live call a client names by number or UUID.
    func liveCall(_ name: JSONValue) throws(Failure) -> CallRecord {
        let key = try callKey(name)
        guard let record = services.calls.assumeIsolated({ $0.liveRecord(key) }) else { throw .callNotFound }
        guard maySee(record) else { throw .forbidden }
        return record
    }

    func callKey(_ name: JSONValue) throws(Failure) -> CallKey {
        guard let key = CallKey(name.plainText) else { throw .invalid("callId", "must be a number or a UUID") }
        return key
    }

    private func liveCall(_ message: ClientMessage) throws(Failure) -> CallRecord {
        try liveCall(message.payload["callId"] ?? .null)
    }

    // MARK: - Commands

    private func answerCall(_ message: ClientMessage) throws(Failure) {
        let (record, userID) = (try liveCall(message), user?.id)
        switch message.text("action") {
        case "accept":
            let edit = try CustomerEdit(initial: message.payload["initialData"])
            _ = try services.calls.attempt { manager throws(CallError) in
                try manager.accept(record.key, userID: userID)
            }
            hub.assumeIsolated { $0.taken(record, by: userID, at: participantID) }
            keep(message.payload["initialData"], .initialData, record)
            self.edit(record.key, edit)
        case "reject":
            _ = try services.calls.attempt { manager throws(CallError) in
                try manager.decline(record.key, userID: userID)
            }
        default:
            throw .invalid("action", "must be accept or reject")
        }
    }

    private func edit(_ key: CallKey, _ edit: CustomerEdit) {
        let userID = user?.id
        guard !edit.isEmpty else { return }
        services.calls.assumeIsolated { _ = $0.edit(key, userID: userID) { edit.apply(to: &$0) } }
    }

    private func endCall(_ message: ClientMessage) throws(Failure) {
        let (record, userID) = (try liveCall(message), user?.id)
        let notes = message.payload["callData"]?["notes"]?.stringValue
        edit(record.key, try CustomerEdit(notes: notes, "callData.notes"))
        let seconds = message.payload["callData"]?["duration"]?.integerValue
            .flatMap { (0...Int64(Int32.max)).contains($0) ? Int($0) : nil }
        _ = try services.calls.attempt { manager throws(CallError) in
            try manager.hangUp(record.key, userID: userID, talked: seconds)
        }
        keep(message.payload["callData"], .callData, record)
    }

    /// What the client sent is repeated in the event that its command causes.
    private func keep(_ value: JSONValue?, _ kind: EventEcho, _ record: CallRecord) {
        hub.assumeIsolated { $0.keepEcho(value, kind, for: record.uuid) }
    }

    private func holdCall(_ message: ClientMessage) throws(Failure) {
        let (record, userID) = (try liveCall(message), user?.id)
        guard let on = (message.payload["isHold"] ?? message.payload["isOnHold"])?.boolValue else {
            throw .invalid("isHold", "required")
        }
        _ = try services.calls.attempt { manager throws(CallError) in
            try manager.hold(record.key, on, userID: userID)
        }
    }

    /// Beyond the documents: `{callId, action: start, stop, pause or resume}`, and with `start` whether there is to be a
    /// consent `tone`.
    private func recordCall(_ message: ClientMessage) throws(Failure) {
        let (record, userID) = (try liveCall(message), user?.id)
        guard let command = message.text("action").flatMap({ RecordingCommand(rawValue: $0) }) else {
            throw .invalid("action", "must be start, stop, pause or resume")
        }
        let tone = command == .start ? try message.flag("tone") : nil
        _ = try services.calls.attempt { manager throws(CallError) in
            try manager.record(record.key, command, tone: tone, userID: userID)
        }
    }

    private func transferCall(_ message: ClientMessage) throws(Failure) {
        let (record, userID) = (try liveCall(message), user?.id)
        let reason = message.text("transferReason")
        do throws(Failure) {
            let target = try transferTarget(message)
            _ = try services.calls.attempt { manager throws(CallError) in
                try manager.transfer(record.key, to: target, reason: reason, userID: userID)
            }
        } catch {
            send(SignallingEvent("transfer-error", ["message": .string(error.message), "callId": callID(record)]))
            throw error
        }
        let transfer = services.calls.assumeIsolated { $0.latestTransfer(of: record.key) }
        let payload = CallEventView.transferInitiated(
            record, targetUser: message.userID("targetUserId"), fromUser: userID, reason: reason,
            transfer: transfer ?? hub.assumeIsolated { $0.newUUID() })
        send(SignallingEvent("transfer-initiated", payload))
    }

    /// A user who is online, or (beyond the document) any number, or another call of the same user's.
    private func transferTarget(_ message: ClientMessage) throws(Failure) -> TransferTarget {
        if let other = message.payload["targetCallId"] { return .call(try liveCall(other).key) }
        if let id = message.userID("targetUserId") {
            guard services.roster.current.users[id] != nil else { throw .userNotFound }
            return .user(id)
        }
        guard let number = message.text("target"), PhoneNumber.isAcceptable(number) else {
            throw .invalid("targetUserId", "required")
        }
        return .number(number)
    }

    private func originate(_ message: ClientMessage) throws(Failure) -> JSONValue {
        guard let target = message.text("toNumber") ?? message.text("to") else {
            throw .invalid("toNumber", "required")
        }
        guard BuiltInNumber(dialled: target) != nil || PhoneNumber.isAcceptable(target) else {
            throw .invalidPhone("toNumber")
        }
        var request = CallRequest(caller: .page(userID: user?.id), target: target, source: .crm)
        if let from = message.text("fromNumber"), !from.isEmpty {
            guard mayCall(from: from) else { throw .forbidden }
            request.callerNumber = from
        }
        let wanted = request
        let record = try services.calls.attempt { manager throws(CallError) in try manager.originate(wanted) }
        let reply: JSONValue = [
            "success": true, "callId": callID(record), "uuid": .string(record.uuid.description),
            "fromNumber": .string(record.callerNumber), "toNumber": .string(record.receiverNumber),
        ]
        send(SignallingEvent("outgoing-call-initiated", reply))
        return reply
    }

    /// Whoever sees only their own calls is also shown to others only by a number of their own or of the house.
    private func mayCall(from number: String) -> Bool {
        guard !isOpen, let user, !user.role.seesAllCalls else { return true }
        return services.roster.current.mayShow(number, userID: user.id)
    }

    private func callID(_ record: CallRecord) -> JSONValue { .integer(record.id) }

    // MARK: - Calls that may be over

    private func updateNotes(_ message: ClientMessage) throws(Failure) -> Outcome {
        guard let notes = message.text("notes") else { throw .invalid("notes", "required") }
        let edit = try CustomerEdit(notes: notes, customer: message.payload["customerData"])
        let key = try callKey(message.payload["callId"] ?? .null)
        if let record = services.calls.assumeIsolated({ $0.liveRecord(key) }) {
            guard maySee(record) else { throw .forbidden }
            self.edit(record.key, edit)
            keep(message.payload["customerData"], .customerData, record)
            return .done
        }
        try change(key, edit, for: message)
        return .answered
    }

    private func callStatus(_ message: ClientMessage) throws(Failure) -> Outcome {
        let key = try callKey(message.payload["callId"] ?? .null)
        if let record = services.calls.assumeIsolated({ $0.liveRecord(key) }) {
            guard maySee(record) else { throw .forbidden }
            tellStatus(of: record, message)
        } else {
            try find(key, for: message) { session, record in session.tellStatus(of: record, message) }
        }
        return .answered
    }

    private func tellStatus(of record: CallRecord, _ message: ClientMessage) {
        let facts = CallFacts(record: record, roster: services.roster.current)
        let status: JSONValue = [
            "callId": message.payload["callId"] ?? .integer(record.id),
            "status": JSONValue(CallView.crm.status(of: record)), "call": CallView.crm.render(facts, .detail),
        ]
        send(SignallingEvent("call-status", status))
        succeed(message.reply, status)
    }

    /// Writes on a call that is over.
    private func change(_ key: CallKey, _ edit: CustomerEdit, for message: ClientMessage) throws(Failure) {
        let (store, calls, now, userID) = (services.callStore, services.calls, loop.wallTime, user?.id)
        try find(key, for: message) { session, before throws(Failure) in
            let event: @Sendable (CallRecord) -> CallEvent = { edited in
                let notice = CallEvent.Notice.edited(userID: userID, changesNotes: edited.notes != before.notes)
                return CallEvent(record: edited, notice: notice, offeredTo: [])
            }
            let edited: CallRecord?
            do throws(StoreError) {
                edited = try await store.edit(
                    key, rows: [], at: now, following: { calls.publications(of: event($0)) },
                    { edit.apply(to: &$0) })
            } catch {
                throw .storeUnavailable
            }
            guard let edited else { throw .callNotFound }
            await session.hub.publish(event(edited))
            session.succeed(message.reply, nil)
        }
    }

    /// Reads a call that is over.
    private func find(
        _ key: CallKey, for message: ClientMessage,
        then: @escaping @Sendable (isolated Session, CallRecord) async throws(Failure) -> Void
    ) throws(Failure) {
        try lookUp(for: message) { session throws(Failure) in
            guard let record = try await Self.read(key, from: session.services.callStore) else { throw .callNotFound }
            guard session.maySee(record) else { throw .forbidden }
            try await then(session, record)
        }
    }

    /// Asks the store, which must not hold up the loop.
    func lookUp(
        for message: ClientMessage, _ work: @escaping @Sendable (isolated Session) async throws(Failure) -> Void
    ) throws(Failure) {
        guard lookups < Self.maximumLookups else { throw .tooManyCommands }
        lookups += 1
        Task {
            defer { self.lookups -= 1 }
            do throws(Failure) {
                try await work(self)
            } catch {
                self.fail(message, error)
            }
        }
    }

    private static func read(
        _ key: CallKey, from store: any CallStore
    ) async throws(Failure) -> CallRecord? {
        do throws(StoreError) {
            return try await store.call(key)
        } catch {
            throw .storeUnavailable
        }
    }
}
