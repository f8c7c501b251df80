import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// What clients of document 002 ask beyond the document: ends, states, outgoing calls, recordings, internal numbers.
extension API {
    func addCRMExtras(to router: inout Router) {
        let api = self
        router.on(.get, "/api/health", .crmHealth) { _, _ in await api.health() }
        on(.put, "/api/calls/:id/end", .endCRMCall, &router) { request throws(Failure) in try await endByCRM(request) }
        on(.get, "/api/calls/:id/status", .showCRMStatus, &router) { request throws(Failure) in
            try await showStatus(request)
        }
        on(.get, "/api/calls/:id/recording-status", .recordingStatus, &router) { request throws(Failure) in
            try await showRecordingStatus(request)
        }
        onCreation("/api/calls/outgoing", .callOut, &router) { request throws(Failure) in try await callOut(request) }
        on(.get, "/api/internal-numbers", .internalNumbers, &router) { _ throws(Failure) in
            .json(.ok, ["success": true, "data": .array(internalNumbers)])
        }
    }

    private func health() async -> HTTPResponse {
        let answers: Bool
        do throws(StoreError) {
            _ = try await users.setting("schema")
            answers = true
        } catch {
            answers = false
        }
        return .json(
            .ok,
            [
                "success": true, "message": "API is running", "timestamp": .string(loop.wallTime.iso8601()),
                "database": .string(answers ? "connected" : "disconnected"),
            ])
    }

    /// Ends a call; repeating it changes nothing.
    ///
    /// The client's duration counts for calls whose media were never here.
    private func endByCRM(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let duration = try request.count("duration")
        let notes = try request.textEdit("notes", maximumLength: CRMEdit.maximumNotes)
        let (caller, userID) = (request.caller, request.caller.userID)
        var latest = try await record(try request.callKey("id"), for: caller)
        let (key, wasLive) = (latest.key, !latest.state.isTerminal)
        if case .set(let text) = notes {
            let row = noteRow(text, on: latest, by: caller, .crm)
            latest = try await change(latest, by: caller, rows: [row]) { notes.apply(to: &$0.notes) }
        }
        if wasLive {
            latest = try await command { () throws(CallError) in
                try await calls.hangUp(key, userID: userID, talked: duration)
            }
        }
        return .json(
            .ok,
            [
                "success": true, "message": "Звонок завершен", "endedAt": .string(latest.endedAt?.iso8601() ?? ""),
                "duration": JSONValue(latest.duration ?? 0), "data": try await render(latest, .crm, .detail),
            ])
    }

    private func showStatus(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let record = try await record(try request.callKey("id"), for: request.caller)
        guard case .object(var data) = try await render(record, .crm, .active) else { throw .internalError }
        data.append("is_active", .bool(!record.state.isTerminal))
        return .json(.ok, ["success": true, "data": .object(data)])
    }

    private func showRecordingStatus(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let record = try await record(try request.callKey("id"), for: request.caller)
        let state: (status: String, reason: String?)
        switch (record.recordingURL, record.recordingProcessedAt) {
        case (nil, _): state = ("none", "Звонок не записывался")
        // What was recorded elsewhere has no file of ours that could still grow.
        case (_, nil) where record.recordingPath != nil: state = ("recording", "Запись ещё не завершена")
        default: state = ("available", nil)
        }
        let data: JSONValue = [
            "status": .string(state.status), "reason": JSONValue(state.reason),
            "hasRecording": .bool(state.status == "available"), "recording_url": JSONValue(record.recordingURL),
        ]
        return .json(.ok, ["success": true, "data": data])
    }

    /// Calls from the devices of an extension of the house, or from the user's page, shown by `fromNumber`.
    private func callOut(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        try request.require("toNumber")
        let (from, to) = (try number(request, "fromNumber"), try number(request, "toNumber") ?? "")
        let userID = try request.identifier("userId") ?? request.caller.userID
        if !request.caller.seesAllCalls, userID != request.caller.userID { throw .forbidden }
        let wanted: CallRequest
        if let from, roster.current.isExtension(from) {
            guard mayDial(from: from, request.caller) else { throw .forbidden }
            wanted = CallRequest(caller: .devices(extension: from), target: to, source: .crm)
        } else {
            if let from, !mayShow(from, request.caller) { throw .forbidden }
            wanted = CallRequest(caller: .page(userID: userID), target: to, source: .crm, callerNumber: from)
        }
        let record = try await originate(wanted)
        return .json(
            .ok,
            [
                "success": true, "callId": .integer(record.id), "uuid": .string(record.uuid.description),
                "message": "Исходящий звонок начат", "data": try await render(record, .crm, .detail),
            ])
    }

    /// Every extension of the house, with whose it is.
    private var internalNumbers: [JSONValue] {
        let people = roster.current
        let own = people.users.values.filter { $0.status == .active }.compactMap { $0.extension }
        let numbers = Set(own + people.accounts.filter(\.isEnabled).map(\.extension))
        return numbers.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }.map { number in
            let (user, account) = (people.user(extension: number), people.account(extension: number))
            let name = user?.displayName ?? account?.displayName
            return [
                "number": .string(number), "extension": .string(number), "name": JSONValue(name),
                "user_id": JSONValue(user?.id), "first_name": JSONValue(user?.firstName),
                "last_name": JSONValue(user?.lastName),
            ]
        }
    }
}

extension Roster {
    /// Whether the number is an extension of somebody or of an account.
    fileprivate func isExtension(_ number: String) -> Bool {
        user(extension: number) != nil || account(extension: number) != nil
    }
}
