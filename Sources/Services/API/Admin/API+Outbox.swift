import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// `/api/v1/admin/outbox`: what waits to reach servers of others, and what was given up.
extension API {
    func addOutbox(_ admin: AdminServices, to router: inout Router) {
        guard let outbox = admin.outbox else { return }
        onAdmin(.get, "outbox", .listOutbox, &router) { request throws(Failure) in try await list(request, outbox) }
        onAdmin(.post, "outbox/:id/retry", .retryOutboxItem, &router) { request throws(Failure) in
            let (id, now) = (try Self.itemID(request), loop.wallTime)
            let item = try await stored { () throws(StoreError) in try await outbox.items.retryItem(id: id, at: now) }
            guard let item else { throw .notFound }
            await outbox.hurry(item.orderingKey)
            return .json(.ok, Self.data(item.json))
        }
        onAdmin(.delete, "outbox/:id", .removeOutboxItem, &router) { request throws(Failure) in
            let id = try Self.itemID(request)
            guard try await stored({ () throws(StoreError) in try await outbox.items.removeItem(id: id) }) else {
                throw .notFound
            }
            return .json(.ok, ["success": true])
        }
    }

    private func list(_ request: APIRequest, _ outbox: OutboxServices) async throws(Failure) -> HTTPResponse {
        let page = try request.page("page", default: 1)
        let limit = try request.page("limit", default: PageLimit.outbox.usual, maximum: PageLimit.outbox.maximum)
        let states = OutboxItem.State.allCases.map(\.rawValue)
        let state = request.query("state").map { OutboxItem.State(rawValue: $0) }
        if case .some(nil) = state { throw .invalid("state", "ожидается одно из: \(states.joined(separator: ", "))") }
        let (wanted, kind) = (state ?? nil, request.query("kind"))
        let (offset, overflow) = (page - 1).multipliedReportingOverflow(by: limit)
        let found = try await stored { () throws(StoreError) in
            try await outbox.items.items(state: wanted, kind: kind, limit: limit, offset: overflow ? .max : offset)
        }
        let pagination = PageInfo(page: page, limit: limit, total: found.total).v1
        let items = found.items.map { JSONValue.object($0.json) }
        return .json(.ok, ["success": true, "data": ["items": .array(items), "pagination": pagination]])
    }

    private static func itemID(_ request: APIRequest) throws(Failure) -> Int64 {
        guard let id = id(request.parameters["id"]) else { throw .invalid("id", "ожидается число") }
        return id
    }
}

extension OutboxItem {
    fileprivate var json: JSONObject {
        let text = (try? JSONValue(parsing: body)) ?? .string(body)
        return [
            "id": .integer(id), "kind": .string(kind), "orderingKey": .string(orderingKey),
            "messageId": .string(messageID), "state": .string(state.rawValue), "attempts": JSONValue(attempts),
            "nextAttemptAt": .string(nextAttemptAt.iso8601()), "lastError": JSONValue(lastError),
            "createdAt": .string(createdAt.iso8601()), "body": text,
        ]
    }
}
