import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// What document 000 alone has on `/api/v1/calls`: statistics, calls of a number, records written by hand.
extension API {
    /// The newest calls of a number that are answered.
    static let callsOfNumber = 50

    func addRecordCalls(to router: inout Router) {
        on(.get, "/api/v1/calls/stats", .recordsStatistics, &router) { request throws(Failure) in
            try await recordStatistics(request)
        }
        on(.get, "/api/v1/calls/by-phone/:phone", .callsByPhone, &router) { request throws(Failure) in
            try await listByPhone(request)
        }
        on(.put, "/api/v1/calls/:id", .correctCall, &router) { request throws(Failure) in try await correct(request) }
        on(.get, "/api/v1/recordings/call/:id/download", .recordingLink, &router) { request throws(Failure) in
            try await recordingLink(request)
        }
        let loop = loop
        router.on(.get, "/api/v1/calls/health", .recordsHealth) { _, _ in
            let timestamp = JSONValue.string(loop.wallTime.iso8601())
            return .json(.ok, ["success": true, "message": "Calls module is healthy", "timestamp": timestamp])
        }
    }

    // MARK: - Reading

    private func recordStatistics(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        var query = CallQuery()
        query.hidesUnanswered = true
        query.visibility = try visibility(request.caller)
        try addRecordsFilters(request, &query)
        let figures = try await figures(of: query)
        return .json(.ok, ["success": true, "data": figures.records])
    }

    private func listByPhone(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        var query = CallQuery(limit: Self.callsOfNumber)
        (query.countsTotal, query.hidesUnanswered) = (false, true)
        query.visibility = try visibility(request.caller)
        query.clientNumber = try request.number(inPath: "phone")
        let wanted = query
        let page = try await stored { () throws(StoreError) in try await store.calls(matching: wanted) }
        return try await list(page.items, .records) { ["success": true, "data": .array($0)] }
    }

    /// Where the recording of a call can be had.
    private func recordingLink(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let record = try await record(try request.callKey("id"), for: request.caller)
        if let path = record.objectPath {
            return .json(.ok, ["success": true, "url": .string(try await link(to: path))])
        }
        guard let url = record.recordingURL, !url.hasPrefix("s3://") else { throw .recordingNotFound }
        return .json(.ok, ["success": true, "url": .string(request.absolute(url))])
    }

    /// A link to a recording that is kept elsewhere, if it still is there.
    private func link(to path: String) async throws(Failure) -> String {
        guard let storedRecordings else { throw .recordingNotFound }
        guard let isThere = await storedRecordings.has(path) else { throw .recordingStoreUnavailable }
        guard isThere else { throw .recordingNotFound }
        return storedRecordings.link(path)
    }

    // MARK: - Writing

    /// `POST /api/v1/calls` in document 000's words: a call that is over, and of which nobody here knew.
    func createRecord(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        try mayWriteRecords(request.caller, .admin, .operator)
        let now = loop.wallTime
        let form = try RecordForm(request, dates: dates, now: now)
        let author = request.caller.userID.flatMap { roster.current.users[$0]?.id }
        let calls = calls
        let record = try await file(callID: form.callID, at: now) {
            var draft = await calls.recordElsewhere(
                .incoming, source: .manual, from: form.phoneClient, to: form.phoneAts, at: form.startedAt)
            form.fill(&draft, operatorID: author)
            return draft
        }
        let data = try await render(record, .records, .detail)
        return .json(.created, ["success": true, "message": "Call created successfully", "data": data])
    }

    /// Stores a record under its own id, or else under the next that nobody has of this moment.
    ///
    /// Each attempt has a number of its own: those of rows that were put there by SQL are found taken.
    private func file(
        callID: String?, at moment: WallTime, _ draft: @Sendable () async -> CallRecord
    ) async throws(Failure) -> CallRecord {
        for _ in 0..<100 {
            var record = await draft()
            (record.createdAt, record.updatedAt) = (moment, moment)
            record.callID = callID ?? "MANUAL-\(newestRecord.next(at: moment))"
            do throws(StoreError) {
                let event = CallEvent(record: record, notice: .filed(isNew: true), offeredTo: [])
                try await store.add(record, rows: calls.publications(of: event))
                calls.announce(event)
                return record
            } catch {
                guard case .conflict(let column) = error else { throw .storeUnavailable }
                if callID != nil, column == "calls.call_id" { throw .duplicateCallID }
            }
        }
        throw .duplicateCallID
    }

    private func correct(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let key = try request.callKey("id")
        try mayWriteRecords(request.caller, .admin, .director, .operator)
        let edit = try RecordEdit(request)
        let known = try await record(key, for: request.caller)
        let rows = edit.note.map { [noteRow($0, on: known, by: request.caller, .crm)] } ?? []
        // First what may be refused: a refusal leaves everything as it was.
        if !known.state.isTerminal, let word = edit.status, word != CallView.records.status(of: known),
            let state = CallView.records.state(forWritten: word, isLive: true)
        {
            _ = try await command { () throws(CallError) in try await calls.setStatus(key, state) }
        }
        let changed = try await change(known, by: request.caller, rows: rows) { edit.apply(to: &$0) }
        if changed.version != known.version {
            calls.announce(CallEvent(record: changed, notice: .filed(isNew: false), offeredTo: []))
        }
        let data = try await render(changed, .records, .detail)
        return .json(.ok, ["success": true, "message": "Call updated successfully", "data": data])
    }

    private func mayWriteRecords(_ caller: Caller, _ roles: User.Role...) throws(Failure) {
        if case .user(_, let role) = caller, !roles.contains(role) { throw .forbidden }
    }
}

extension APIRequest {
    /// An address of ours with the host the client asked for; any other as it is.
    func absolute(_ url: String) -> String {
        guard url.hasPrefix("/"), !http.host.isEmpty else { return url }
        return "\(http.isTLS ? "https" : "http")://\(http.host)\(url)"
    }
}

extension Failure {
    fileprivate static let recordingStoreUnavailable = Failure(
        .serviceUnavailable, "DEPENDENCY_UNAVAILABLE", "Хранилище записей недоступно")
    static let duplicateCallID = Failure(
        .conflict, "DUPLICATE_CALL_ID", "Звонок с таким callId уже есть", details: ["callId": "уже используется"])
}
