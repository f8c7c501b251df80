import CallModel
import CallViews
import Calls
import Directory
import Telemetry
import Web
import Wire

/// `/api/v1/queues`: who waits and who takes calls, and people who come, go and rest.
extension API {
    func addQueues(to router: inout Router) {
        on(.get, "/api/v1/queues", .listQueues, &router) { request throws(Failure) in await listQueues(request) }
        on(.get, "/api/v1/queues/:name", .showQueue, &router) { request throws(Failure) in
            try await showQueue(named: request.parameters["name"], to: request.caller)
        }
        on(.post, "/api/v1/queues/:name/members", .joinQueue, &router) { request throws(Failure) in
            try await addMember(request)
        }
        on(.put, "/api/v1/queues/:name/members/:userId", .pauseInQueue, &router) { request throws(Failure) in
            try await pauseMember(request)
        }
        on(.delete, "/api/v1/queues/:name/members/:userId", .leaveQueue, &router) { request throws(Failure) in
            try await removeMember(request)
        }
    }

    private func listQueues(_ request: APIRequest) async -> HTTPResponse {
        let view = queueView(for: request.caller)
        return .json(
            .ok, ["success": true, "data": .array(await calls.queueStatuses().map { view.render($0) })])
    }

    private func showQueue(
        named name: String, to caller: Caller, _ status: HTTPStatus = .ok
    ) async throws(Failure) -> HTTPResponse {
        guard let queue = await calls.queueStatuses().first(where: { $0.queue.name == name }) else {
            throw .queueNotFound
        }
        return .json(status, ["success": true, "data": queueView(for: caller).render(queue)])
    }

    /// Whoever does not see every call sees of those who wait only that they do.
    private func queueView(for caller: Caller) -> QueueView {
        let showsAll = caller.seesAllCalls
        return QueueView(roster: roster.current) { record in
            showsAll ? record.callerNumber : maskedNumber(record.callerNumber)
        }
    }

    // MARK: - Members

    private func addMember(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let (name, given) = (request.parameters["name"], try request.count("userId").map(Int64.init))
        guard let userID = given ?? request.caller.userID else { throw .missing(["userId"]) }
        try mayChange(userID, request.caller)
        try await command { () throws(CallError) in try await calls.joinQueue(name, userID: userID) }
        return try await showQueue(named: name, to: request.caller, .created)
    }

    private func pauseMember(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let (name, userID) = (request.parameters["name"], try memberID(request))
        guard let isPaused = try request.flag("paused") else { throw .missing(["paused"]) }
        let reason = try request.text("reason")
        try mayChange(userID, request.caller)
        try await command { () throws(CallError) in
            try await calls.pauseInQueue(name, userID: userID, isPaused, reason: reason)
        }
        return try await showQueue(named: name, to: request.caller)
    }

    private func removeMember(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let (name, userID) = (request.parameters["name"], try memberID(request))
        try mayChange(userID, request.caller)
        try await command { () throws(CallError) in try await calls.leaveQueue(name, userID: userID) }
        return try await showQueue(named: name, to: request.caller)
    }

    private func memberID(_ request: APIRequest) throws(Failure) -> Int64 {
        guard let id = ASCII.decimal(request.parameters["userId"].utf8, maximumDigits: 18) else {
            throw .invalid("userId", "ожидается число")
        }
        return Int64(id)
    }

    /// Everybody decides for themselves, and those who direct for all.
    private func mayChange(_ userID: Int64, _ caller: Caller) throws(Failure) {
        guard caller.seesAllCalls || caller.userID == userID else { throw .forbidden }
    }
}
