import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/calls/active` and `/api/calls/logs`: live calls for documents 002 and 003 at once, and history for 003.
extension API {
    func addPBXLists(to router: inout Router) {
        on(.get, "/api/calls/active", .activeCalls, &router) { request throws(Failure) in try await listActive(request)
        }
        on(.get, "/api/calls/logs", .logs, &router) { request throws(Failure) in try await listLogs(request) }
        on(.get, "/api/calls/logs/phone/:number", .logsOfNumber, &router) { request throws(Failure) in
            try await listLogsOfNumber(request)
        }
    }

    /// The same calls in the same order, in two renderings (contract §1.6).
    private func listActive(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let userID = try request.queryID("userId")
        let visibility = try visibility(request.caller, userID: userID)
        let facts = try await facts(await visibleLiveRecords(visibility))
        return await rendered(facts.count) {
            .json(
                .ok,
                [
                    "success": true,
                    "data": .array(facts.map { CallView.crm.render($0, .active) }),
                    "calls": .array(facts.map { CallView.pbx.render($0, .active) }),
                ])
        }
    }

    /// The live calls that a list with this visibility shows, oldest first.
    func visibleLiveRecords(_ visibility: CallQuery.Visibility) async -> [CallRecord] {
        var visible: [CallRecord] = []
        for record in await calls.liveRecords() where await isVisible(record, visibility) { visible.append(record) }
        return visible
    }

    private func isVisible(_ record: CallRecord, _ visibility: CallQuery.Visibility) async -> Bool {
        switch visibility {
        case .all: return true
        case .user(let id, let isOperator):
            if record.assignedUserID == id || record.answeredByUserID == id { return true }
            if isOperator, record.operatorID == id { return true }
            return await calls.isParticipant(userID: id, in: record.key)
        }
    }

    private func listLogs(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let limit = try request.limit(.logs)
        let offset = try request.queryCount("offset") ?? 0
        var query = CallQuery(limit: limit, offset: Int(offset))
        query.visibility = try visibility(request.caller)
        let wanted = query
        let page = try await stored { () throws(StoreError) in try await store.calls(matching: wanted) }
        return try await list(page.items, .pbx) { logs in
            [
                "success": true, "logs": .array(logs), "total": JSONValue(page.total), "limit": JSONValue(limit),
                "offset": .integer(offset),
            ]
        }
    }

    private func listLogsOfNumber(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        var query = CallQuery(limit: 1000)
        query.countsTotal = false
        query.visibility = try visibility(request.caller)
        query.number = try request.number(inPath: "number")
        let wanted = query
        let page = try await stored { () throws(StoreError) in try await store.calls(matching: wanted) }
        return try await list(page.items, .pbx) { ["success": true, "logs": .array($0)] }
    }
}
