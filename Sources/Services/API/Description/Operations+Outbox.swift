import CallModel
import CallViews
import Web
import Wire

/// The descriptions of `/api/v1/admin/outbox`, and of what can be done with a webhook.
extension Operation {
    static let listOutbox = admin(
        "What waits to reach servers of others, and what was given up",
        answers: .json(.data(.object(["items": .list(of: outboxItem), "pagination": PageInfo.v1Schema])))
    ).taking(Parameter.page(.outbox)).taking(
        .query("state", .words(OutboxItem.State.allCases.map(\.rawValue))), .query("kind", .text))

    static let retryOutboxItem = admin(
        "Brings an item again now", answers: .json(.data(outboxItem)), refusals: [.notFound]
    ).taking(.path("id", .rowID))

    static let removeOutboxItem = admin(
        "Drops an item", answers: .json(.done), refusals: [.notFound]
    ).taking(.path("id", .rowID))

    static let testWebhook = admin(
        "Sends a webhook an event `test` at once and tells what it answered",
        answers: .json(.data(.object(["delivered": .flag, "eventId": .text, "error": .text.orNull]))),
        refusals: [.notFound]
    ).taking(.path("id", .text, "An id or a name"))

    static let replayWebhook = admin(
        "Brings a webhook again what came after an event",
        answers: .json(.accepted, .data(.object(["queued": .integer]))), refusals: [.notFound, .eventNotKept]
    ).taking(.path("id", .text, "An id or a name")).body(.object(["from": .requiredMember()]))

    private static let outboxItem = JSONSchema.object([
        "id": .integer, "kind": .text, "orderingKey": .text, "messageId": .text,
        "state": .words(OutboxItem.State.allCases.map(\.rawValue)), "attempts": .integer, "nextAttemptAt": .moment,
        "lastError": .text.orNull, "createdAt": .moment, "body": .any,
    ])
}
