import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// `/api/calls` as document 002 has it: the list, one call, calls that a client reports, and what people write on them.
extension API {
    func addCRMCalls(to router: inout Router) {
        on(.get, "/api/calls", .listCRMCalls, &router) { request throws(Failure) in try await listCRM(request) }
        on(.get, "/api/calls/:id", .showCRMCall, &router) { request throws(Failure) in
            let record = try await record(try request.callKey("id"), for: request.caller)
            return try await detail(record).tagged(for: request.http)
        }
        onCreation("/api/calls", .reportCall, &router) { request throws(Failure) in try await report(request) }
        on(.put, "/api/calls/:id", .editCRMCall, &router) { request throws(Failure) in try await editCRM(request) }
        on(.put, "/api/calls/:id/notes", .rewriteNotes, &router) { request throws(Failure) in
            try await rewriteNotes(request)
        }
    }

    /// One call in full.
    func detail(_ record: CallRecord, _ status: HTTPStatus = .ok) async throws(Failure) -> HTTPResponse {
        .json(status, ["success": true, "data": try await render(record, .crm, .detail)])
    }

    // MARK: - The list

    private func listCRM(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let page = try request.page("page", default: 1)
        let limit = try request.limit(.crm)
        var query = CallQuery(page: page, size: limit)
        query.visibility = try visibility(request.caller, userID: try request.queryID("userId"))
        if let status = request.query("status") {
            guard let conditions = CallView.crm.conditions(forStatus: status) else {
                throw .invalid("status", "incoming, accepted, rejected, missed или completed")
            }
            query.states = conditions
        }
        query.search = try request.search("search")
        if let date = request.query("date_from") { query.startedFrom = try dates.lower(date, field: "date_from") }
        if let date = request.query("date_to") { query.startedThrough = try dates.upper(date, field: "date_to") }
        let wanted = query
        let found = try await stored { () throws(StoreError) in try await store.calls(matching: wanted) }
        let pagination = found.info(page: page, limit: limit).crm
        return try await list(found.items, .crm) { ["success": true, "data": .array($0), "pagination": pagination] }
    }

    // MARK: - Reported calls

    /// A call that has come to another exchange; the same one again, by its channel, is the call there is.
    private func report(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        try request.require("caller_number", "receiver_number")
        let caller = try number(request, "caller_number") ?? ""
        let receiver = try number(request, "receiver_number") ?? ""
        var call = ReportedCall(callerNumber: caller, receiverNumber: receiver)
        call.channelID = try request.text("channel_id").flatMap { $0.isEmpty ? nil : $0 }
        let people = roster.current
        call.assignedUserID = try await assignee(request, of: receiver, people)
        call.extension = call.assignedUserID.flatMap { people.extension(ofUser: $0) }
        call.callerCompany = try await company(request, of: caller)
        call.reporterID = request.caller.userID
        let wanted = call
        let (record, isNew, isOwn) = try await command { () throws(CallError) in try await calls.report(wanted) }
        guard await maySee(record, request.caller) || isOwn else { throw .forbidden }
        return try await detail(record, isNew ? .created : .ok)
    }

    /// The user the client names, or whoever the called number belongs to.
    private func assignee(
        _ request: APIRequest, of number: String, _ people: Roster
    ) async throws(Failure) -> Int64? {
        guard let id = try request.identifier("assigned_user_id") else {
            return people.owner(of: number)
        }
        if people.users[id] != nil { return id }
        let user = try await stored { () throws(StoreError) in try await users.user(id: id) }
        guard user != nil else { throw .userNotFound }
        return id
    }

    private func company(_ request: APIRequest, of number: String) async throws(Failure) -> Company? {
        guard let id = try request.identifier("caller_company_id") else {
            return await storedIfReachable { () throws(StoreError) in
                try await users.company(phone: PhoneNumber(number))
            }
        }
        let known = try await stored { () throws(StoreError) in try await users.companies(ids: [id]) }
        guard let company = known[id] else { throw .companyNotFound }
        return company
    }

    // MARK: - What people write

    private func editCRM(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let edit = try CRMEdit(request, dates: dates)
        let known = try await record(try request.callKey("id"), for: request.caller)
        var rows: [CallRow] = []
        if case .set(let text) = edit.notes, text != known.notes {
            rows.append(noteRow(text, on: known, by: request.caller, .crm))
        }
        return try await detail(try await change(known, by: request.caller, rows: rows) { edit.apply(to: &$0) })
    }

    /// Beyond the document, as its client asks: the notes alone.
    private func rewriteNotes(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let edit = try request.textEdit("notes", maximumLength: CRMEdit.maximumNotes)
        if case .keep = edit { throw .required(["notes"]) }
        let known = try await record(try request.callKey("id"), for: request.caller)
        var rows: [CallRow] = []
        if case .set(let text) = edit { rows.append(noteRow(text, on: known, by: request.caller, .crm)) }
        return try await detail(try await change(known, by: request.caller, rows: rows) { edit.apply(to: &$0.notes) })
    }
}
