import CallModel
import CallViews
import Web
import Wire

/// The descriptions of what operators ask of a running gateway.
extension Operation {
    static let showStatus = admin(
        "How the gateway fares",
        answers: .json(
            .data(
                .object([
                    "service": .text, "version": .text, "state": .words(["ready", "draining"]), "testMode": .flag,
                    "degraded": .list(of: .text), "uptimeSeconds": .integer, "liveCalls": .integer,
                    "registeredPhones": .integer, "trunks": .object(["working": .integer, "all": .integer]),
                    "checks": JSONSchema(["type": "object"]),
                ]))))

    static let listLatestCalls = admin(
        "The calls that live, oldest first and at most \(PageLimit.latest.maximum), and those that ended last",
        answers: .json(.data(.object(["live": .list(of: call), "liveCount": .integer, "ended": .list(of: call)])))
    ).taking(
        .query(
            "limit", .integer(1...999_999_999).with("default", JSONValue(PageLimit.latest.usual)),
            "How many that have ended, at most \(PageLimit.latest.maximum)"))

    private static let call = JSONSchema.object([
        "id": .uuid, "numericId": .integer, "state": .words(CallState.self), "direction": .words(CallDirection.self),
        "from": .text, "to": .text, "startedAt": .moment, "answeredAt": .moment.orNull, "endedAt": .moment.orNull,
        "duration": .integer.orNull, "endReason": .words(EndReason.self).orNull,
    ])

    static let listTrunkStates = admin("How every trunk fares", answers: .json(.data(.list(of: trunkState))))

    static let trunkState = JSONSchema.object([
        "name": .text, "isRegistered": .flag.orNull, "isReachable": .flag.orNull, "channels": .integer, "detail": .text,
    ])

    static let listRegistrations = admin(
        "The devices that are registered",
        answers: .json(
            .data(
                .list(
                    of: .object([
                        "account": .text, "extension": .text, "name": .text, "userId": .integer.orNull,
                        "contact": .text, "transport": .text, "address": .text, "expiresIn": .integer,
                    ])))))
}
