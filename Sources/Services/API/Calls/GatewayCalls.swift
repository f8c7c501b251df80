import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// `/api/v1/calls`: calls as documents 000 and 004 know them.
extension API {
    func addGatewayCalls(to router: inout Router) {
        on(.get, "/api/v1/calls", .listCalls, &router) { request throws(Failure) in try await list(request) }
        onCreation("/api/v1/calls", .makeCall, &router) { request throws(Failure) in try await create(request) }
        on(.get, "/api/v1/calls/:id", .showCall, &router) { request throws(Failure) in try await show(request) }
        on(.patch, "/api/v1/calls/:id/status", .changeStatus, &router) { request throws(Failure) in
            try await changeStatus(request)
        }
        on(.post, "/api/v1/calls/:id/end", .endCall, &router) { request throws(Failure) in try await end(request) }
        addSessions(to: &router)
    }

    // MARK: - Reading

    private func list(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let view = Dialect.view(of: request.http, template: request.parameters.template)
        let page = try request.page("page", default: 1)
        let limit = try request.limit(view == .records ? .records : .gateway)
        var query = CallQuery(page: page, size: limit)
        query.visibility = try visibility(request.caller)
        if let status = request.query("status") {
            // Another filter may have decided for the document that does not know the word.
            let other: CallView = view == .records ? .gateway : .records
            guard let conditions = view.conditions(forStatus: status) ?? other.conditions(forStatus: status) else {
                throw .invalid("status", "неизвестный статус")
            }
            query.states = conditions
        }
        query.hidesUnanswered = view == .records
        try addRecordsFilters(request, &query)
        try addGatewayFilters(request, &query)
        let wanted = query
        let found = try await stored { () throws(StoreError) in try await store.calls(matching: wanted) }
        let pagination = found.info(page: page, limit: limit).v1
        return try await list(found.items, view) { calls in
            ["success": true, "data": ["calls": .array(calls), "pagination": pagination]]
        }
    }

    /// Document 000's, which also narrow its statistics.
    func addRecordsFilters(_ request: APIRequest, _ query: inout CallQuery) throws(Failure) {
        query.operatorID = try request.queryID("operatorId")
        query.city = request.query("city")
        if let date = request.query("startDate") { query.startedFrom = try dates.lower(date, field: "startDate") }
        if let date = request.query("endDate") { query.startedThrough = try dates.upper(date, field: "endDate") }
        if let phone = request.query("phone") {
            let digits = phone.filter { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty else { throw .invalidPhone("phone") }
            query.clientDigits = digits
        }
    }

    private func addGatewayFilters(_ request: APIRequest, _ query: inout CallQuery) throws(Failure) {
        if let text = request.query("clientId") {
            guard let id = UUID(text) else { throw .invalid("clientId", "ожидается UUID") }
            query.clientID = id
        }
        if let text = request.query("direction") {
            // An internal call is shown as outgoing.
            query.directions = try direction(text) == .incoming ? [.incoming] : [.outgoing, .internal]
        }
        if let date = request.query("fromDate") { query.startedFrom = try dates.lower(date, field: "fromDate") }
        if let date = request.query("toDate") { query.startedThrough = try dates.upper(date, field: "toDate") }
    }

    /// What document 004 calls a call's direction.
    static let directions = [CallDirection.incoming, .outgoing].map(\.rawValue)

    private func direction(_ text: String) throws(Failure) -> CallDirection {
        guard let direction = CallDirection(rawValue: text), Self.directions.contains(text) else {
            throw .invalid("direction", Self.directions.joined(separator: " или "))
        }
        return direction
    }

    private func show(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let key = try request.callKey("id")
        let view = Dialect.view(
            of: request.http, template: request.parameters.template, identifier: request.parameters["id"])
        let record = try await record(key, for: request.caller)
        return .json(.ok, ["success": true, "data": try await render(record, view, .detail)])
            .tagged(for: request.http)
    }

    // MARK: - Making

    private func create(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let view = Dialect.view(of: request.http, template: request.parameters.template, body: request.body)
        return view == .records ? try await createRecord(request) : try await createCall(request, view)
    }

    private func createCall(_ request: APIRequest, _ view: CallView) async throws(Failure) -> HTTPResponse {
        guard let number = try request.text("phoneNumber"), !number.isEmpty else {
            throw .invalid("phoneNumber", "обязательное поле")
        }
        guard let word = try request.text("direction") else { throw .invalid("direction", "обязательное поле") }
        let direction = try direction(word)
        guard BuiltInNumber(dialled: number) != nil || PhoneNumber.isE164(number) else {
            throw .invalidPhone("phoneNumber")
        }
        let from = try self.number(request, "from")
        if let from, !mayShow(from, request.caller) { throw .forbidden }
        var wanted = CallRequest(
            caller: .page(userID: request.caller.userID), target: number, source: .webrtc, callerNumber: from)
        wanted.direction = direction
        wanted.allowsRoom = true
        if let text = try request.text("clientId") {
            guard let id = UUID(text) else { throw .invalid("clientId", "ожидается UUID") }
            wanted.clientID = id
        }
        let record = try await originate(wanted)
        return .json(.created, ["success": true, "data": try await render(record, view, .detail)])
    }

    /// A telephone number of the body, checked.
    func number(_ request: APIRequest, _ name: String) throws(Failure) -> String? {
        guard let text = try request.text(name, takesNumbers: true), !text.isEmpty else { return nil }
        guard BuiltInNumber(dialled: text) != nil || PhoneNumber.isAcceptable(text) else { throw .invalidPhone(name) }
        return text
    }

    func originate(_ wanted: CallRequest) async throws(Failure) -> CallRecord {
        try await command { () throws(CallError) in try await calls.originate(wanted) }
    }

    // MARK: - Changing

    private func changeStatus(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let key = try request.callKey("id")
        guard let word = try request.text("status") else { throw .invalid("status", "обязательное поле") }
        let outcome = try CallOutcome(request)
        let known = try await record(key, for: request.caller)
        let isLive = !known.state.isTerminal
        guard let state = CallView.gateway.state(forWritten: word, isLive: isLive) else {
            throw .invalid("status", "неизвестный статус")
        }
        let isSame = CallView.gateway.status(of: known) == word
        guard isLive || isSame else { throw .invalidState }
        let changed = try await write(outcome, to: known, by: request.caller) { () throws(CallError) in
            isSame ? nil : try await calls.setStatus(key, state)
        }
        return .json(.ok, ["success": true, "data": try await render(changed, .gateway, .detail)])
    }

    /// Repeating it changes nothing but what it brings along.
    private func end(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let key = try request.callKey("id")
        let outcome = try CallOutcome(request)
        let known = try await record(key, for: request.caller)
        let userID = request.caller.userID
        let changed = try await write(outcome, to: known, by: request.caller) { () throws(CallError) in
            known.state.isTerminal ? nil : try await calls.hangUp(key, userID: userID)
        }
        return .json(.ok, ["success": true, "data": try await render(changed, .gateway, .detail)])
    }

    /// Writes what the client knows of the call beside a change of its state.
    ///
    /// A duration counts only for a call whose media we never saw.
    private func write(
        _ outcome: CallOutcome, to known: CallRecord, by caller: Caller,
        _ change: () async throws(CallError) -> CallRecord?
    ) async throws(Failure) -> CallRecord {
        let isRoom = await calls.isRoom(known.key)
        var latest = known
        if !outcome.isEmpty, !known.state.isTerminal,
            let edited = await calls.edit(known.key, userID: caller.userID, { outcome.apply(to: &$0) })
        {
            latest = edited
        }
        latest = try await command(change) ?? latest
        guard latest.state.isTerminal else { return latest }
        let isLate = known.state.isTerminal && !outcome.isEmpty
        let duration = isRoom && latest.answeredAt != nil ? outcome.duration : nil
        guard isLate || duration != nil else { return latest }
        return try await self.change(latest, by: caller) { record in
            if isLate { outcome.apply(to: &record) }
            record.duration = duration ?? record.duration
        }
    }
}
