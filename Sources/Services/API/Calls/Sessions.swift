import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// Sessions of document 004: who follows or takes part in a call.
extension API {
    func addSessions(to router: inout Router) {
        onCreation("/api/v1/calls/:id/sessions", .openSession, &router) { request throws(Failure) in
            try await openSession(request)
        }
        on(.get, "/api/v1/calls/sessions/active", .listSessions, &router) { request throws(Failure) in
            try await listSessions(request)
        }
    }

    private func openSession(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let key = try request.callKey("id")
        let record = try await liveRecord(key, for: request.caller)
        if let named = try request.text("callId", takesNumbers: true) {
            guard let other = CallKey(named), other == .id(record.id) || other == .uuid(record.uuid) else {
                throw .invalid("callId", "не совпадает с адресом")
            }
        }
        var entropy = loop.makeEntropy()
        let userID = try request.text("userId", takesNumbers: true) ?? request.caller.userID.map { String($0) }
        let session = CallSession(
            id: UUID(using: &entropy), callID: record.id, userID: userID, startTime: loop.wallTime)
        sessions.add(session)
        store.write(CallChange(record: nil, rows: [.session(session)]))
        // The call may have ended meanwhile, and its end was written without it.
        if await calls.liveRecord(.id(record.id)) == nil {
            let rows = sessions.close(ofCall: record.id, at: loop.wallTime)
            if !rows.isEmpty { store.write(CallChange(record: nil, rows: rows)) }
        }
        return .json(.created, ["success": true, "data": session.rendered(call: record.uuid)])
    }

    private func listSessions(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let sessions = try await stored { () throws(StoreError) in
            try await store.sessions(ofCall: nil, activeOnly: true)
        }
        var rendered = [JSONValue]()
        for session in sessions {
            guard let record = await calls.liveRecord(.id(session.callID)), await maySee(record, request.caller)
            else { continue }
            rendered.append(session.rendered(call: record.uuid))
        }
        return .json(.ok, ["success": true, "data": .array(rendered)])
    }
}
