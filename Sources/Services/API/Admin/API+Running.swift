import CallModel
import CallViews
import Calls
import Directory
import Web
package import Wire

/// What operators ask of a running gateway: `/api/v1/admin/status`, `calls`, `trunk-states` and `registrations`.
extension API {
    func addRunning(_ admin: AdminServices, to router: inout Router) {
        onAdmin(.get, "calls", .listLatestCalls, &router) { request throws(Failure) in try await latest(request) }
        guard let running = admin.running else { return }
        onAdmin(.get, "status", .showStatus, &router) { _ in .json(.ok, Self.data(await running.status())) }
        onAdmin(.get, "trunk-states", .listTrunkStates, &router) { _ in Self.list(await running.trunks()) }
        onAdmin(.get, "registrations", .listRegistrations, &router) { _ in Self.list(await running.registrations()) }
    }

    private static func list(_ items: [JSONValue]) -> HTTPResponse {
        .json(.ok, ["success": true, "data": .array(items)])
    }

    /// Those that live, oldest first, and those that ended last, newest first.
    private func latest(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        var query = CallQuery(page: 1, size: try request.limit(.latest))
        query.isLive = false
        let wanted = query
        let live = await calls.liveRecords()
        let found = try await stored { () throws(StoreError) in try await store.calls(matching: wanted) }
        // Some may have ended since the first look.
        let known = Set(live.map(\.uuid))
        let ended = found.items.filter { !known.contains($0.uuid) }
        return .json(
            .ok,
            Self.data(["live": .array(live.map(\.operatorView)), "ended": .array(ended.map(\.operatorView))]))
    }
}

/// What is seen of the running gateway; all of it from memory.
package struct RunningServices: Sendable {
    package let status: @Sendable () async -> JSONObject
    /// How each trunk fares.
    package let trunks: @Sendable () async -> [JSONValue]
    /// Every device that is registered.
    package let registrations: @Sendable () async -> [JSONValue]

    package init(
        status: @escaping @Sendable () async -> JSONObject, trunks: @escaping @Sendable () async -> [JSONValue],
        registrations: @escaping @Sendable () async -> [JSONValue]
    ) {
        (self.status, self.trunks, self.registrations) = (status, trunks, registrations)
    }
}

extension CallRecord {
    /// What an operator is shown of a call in a list.
    fileprivate var operatorView: JSONValue {
        [
            "id": .string("\(uuid)"), "numericId": .integer(id), "state": .string(state.rawValue),
            "direction": .string(direction.rawValue), "from": .string(callerNumber), "to": .string(receiverNumber),
            "startedAt": .string(startedAt.iso8601()), "answeredAt": JSONValue(answeredAt?.iso8601()),
            "endedAt": JSONValue(endedAt?.iso8601()), "duration": JSONValue(duration),
            "endReason": JSONValue(endReason?.rawValue),
        ]
    }
}
