import CallModel
import CallViews
import Calls
package import Directory
import Web
package import Wire

/// What operators ask of a running gateway: `/api/v1/admin/status`, `calls`, `trunk-states` and `registrations`.
extension API {
    func addRunning(_ admin: AdminServices, to router: inout Router) {
        onAdmin(.get, "calls", .listLatestCalls, &router) { request throws(Failure) in try await latest(request) }
        guard let running = admin.running else { return }
        onAdmin(.get, "status", .showStatus, &router) { _ in .json(.ok, Self.data(await running.status())) }
        onAdmin(.get, "trunk-states", .listTrunkStates, &router) { _ in
            let states = await running.trunks()
            return await list(states.count) { states.map(\.json) }
        }
        onAdmin(.get, "registrations", .listRegistrations, &router) { _ in
            let devices = await running.registrations()
            return await list(devices.count) { devices.map(\.json) }
        }
    }

    private func list(_ count: Int, _ items: @escaping @Sendable () -> [JSONValue]) async -> HTTPResponse {
        await rendered(count) { .json(.ok, ["success": true, "data": .array(items())]) }
    }

    /// Those that live, oldest first, and those that ended last, newest first; of the former so many at most, and how many
    /// there are.
    private func latest(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        var query = CallQuery(page: 1, size: try request.limit(.latest))
        query.isLive = false
        let wanted = query
        let live = await calls.liveRecords()
        let found = try await stored { () throws(StoreError) in try await store.calls(matching: wanted) }
        // Some may have ended since the first look.
        let known = Set(live.map(\.uuid))
        let ended = found.items.filter { !known.contains($0.uuid) }
        let shown = live.prefix(PageLimit.latest.maximum)
        return await rendered(shown.count + ended.count) {
            .json(
                .ok,
                Self.data([
                    "live": .array(shown.map(\.operatorView)), "liveCount": JSONValue(live.count),
                    "ended": .array(ended.map(\.operatorView)),
                ]))
        }
    }
}

/// What is seen of the running gateway; all of it from memory.
package struct RunningServices: Sendable {
    package let status: @Sendable () async -> JSONObject
    /// How each trunk fares.
    package let trunks: @Sendable () async -> [TrunkState]
    /// Every device that is registered.
    package let registrations: @Sendable () async -> [RegisteredDevice]

    package init(
        status: @escaping @Sendable () async -> JSONObject, trunks: @escaping @Sendable () async -> [TrunkState],
        registrations: @escaping @Sendable () async -> [RegisteredDevice]
    ) {
        (self.status, self.trunks, self.registrations) = (status, trunks, registrations)
    }
}

/// How a trunk fares.
package struct TrunkState: Sendable {
    private let name: String
    private let isRegistered: Bool?
    private let isReachable: Bool?
    private let channels: Int
    private let detail: String

    package init(name: String, isRegistered: Bool?, isReachable: Bool?, channels: Int, detail: String) {
        (self.name, self.isRegistered, self.isReachable) = (name, isRegistered, isReachable)
        (self.channels, self.detail) = (channels, detail)
    }

    package var json: JSONValue {
        [
            "name": .string(name), "isRegistered": JSONValue(isRegistered), "isReachable": JSONValue(isReachable),
            "channels": JSONValue(channels), "detail": .string(detail),
        ]
    }
}

/// A device under one of its account's contacts.
package struct RegisteredDevice: Sendable {
    private let account: SIPAccount
    private let contact: String
    private let transport: String
    private let address: String
    private let expiresIn: Int64

    /// `contact` is a SIP URI, `address` where it is reached, `expiresIn` in seconds.
    package init(account: SIPAccount, contact: String, transport: String, address: String, expiresIn: Int64) {
        (self.account, self.contact) = (account, contact)
        (self.transport, self.address, self.expiresIn) = (transport, address, expiresIn)
    }

    fileprivate var json: JSONValue {
        [
            "account": .string(account.username), "extension": .string(account.extension),
            "name": .string(account.displayName), "userId": JSONValue(account.userID), "contact": .string(contact),
            "transport": .string(transport), "address": .string(address), "expiresIn": .integer(expiresIn),
        ]
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
