package import CallModel
import Calls
package import Directory
package import Wire

extension PageInfo {
    private static let exactness = JSONSchema.flag.described(
        """
        false: the list has more than `total`. A search that finds very many calls is not counted to the end, and its \
        pages go on beyond `pages`, until one is not full. Absent: `total` is exact.
        """
    ).optional

    package static let crmSchema = JSONSchema.named(
        "Pagination",
        .object([
            "page": .integer, "limit": .integer, "total": .integer, "pages": .integer, "totalIsExact": exactness,
        ]))

    package static let v1Schema = JSONSchema.named(
        "PaginationOfBoth",
        .object([
            "total": .integer, "page": .integer, "limit": .integer, "totalPages": .integer, "pages": .integer,
            "totalIsExact": exactness,
        ]))
}

extension User {
    package static let availableSchema = JSONSchema.object([
        "id": .integer, "first_name": .text.orNull, "last_name": .text.orNull, "status": .words(["online"]),
    ])

    package static let accountSchema = JSONSchema.object([
        "id": .integer, "login": .text.orNull, "name": .text, "first_name": .text.orNull, "last_name": .text.orNull,
        "email": .text.orNull, "role": .words(User.Role.self), "status": .words(User.Status.self), "presence": .text,
        "city": .text.orNull, "extension": .text.orNull,
    ])
}

extension UserPhone {
    package static let schema = JSONSchema.object([
        "id": .integer, "phone_number": .text, "phone_type": .words(UserPhone.Kind.self), "is_primary": .flag,
    ])
}

extension Company {
    package static let schema = JSONSchema.object([
        "id": .integer, "name_companies": .text, "inn": .text.orNull, "status_companies": .text,
        "phone_numbers": .list(
            of: .object(["phone_number": .text, "phone_type": .text, "contact_person": .text.orNull])),
    ])
}

extension CallSession {
    package static let schema = JSONSchema.object([
        "sessionId": .uuid, "callId": .uuid, "userId": .text.optional, "startTime": .moment, "lastActivity": .moment,
        "isActive": .flag,
    ])
}

extension CallFigures {
    package static let recordsSchema = counts([
        "totalCalls", "answeredCalls", "missedCalls", "busyCalls", "noAnswerCalls", "totalDuration", "avgDuration",
    ])

    package static let overviewSchema = counts(
        [
            "total_calls", "accepted_calls", "rejected_calls", "missed_calls", "active_calls", "avg_duration",
            "total_duration", "total_hold_time", "transfer_count",
        ], [("conversion_rate", .number(0...1))])

    package static let userSchema = counts(
        [
            "user_id", "total_calls", "accepted_calls", "rejected_calls", "missed_calls", "avg_duration",
            "total_duration",
        ], [("first_name", .text.orNull), ("last_name", .text.orNull)])

    package static let extensionSchema = counts(
        [
            "totalCalls", "inboundCalls", "outboundCalls", "answeredCalls", "missedCalls", "averageDuration",
            "totalDuration",
        ], [("extension", .text)])

    private static func counts(_ names: [String], _ others: [(String, JSONSchema)] = []) -> JSONSchema {
        .object(names.map { ($0, .integer(atLeast: 0)) } + others)
    }
}

extension QueueView {
    package static let schema = JSONSchema.named(
        "Queue",
        .object([
            "id": .integer, "name": .text, "extension": .text.orNull, "strategy": .words(CallQueue.Strategy.self),
            "waiting": .list(
                of: .object([
                    "callId": .uuid, "numericId": .integer, "position": .integer, "waitingSeconds": .integer,
                    "caller": .text, "ringing": .list(of: .integer),
                ])),
            "estimatedWaitSeconds": .integer.orNull,
            "members": .list(
                of: .object([
                    "userId": .integer, "name": .text.orNull, "extension": .text.orNull, "state": .text,
                    "paused": .flag, "reason": .text.orNull, "answered": .integer,
                ])),
            "today": .object([
                "entered": .integer, "answered": .integer, "abandoned": .integer, "overflowed": .integer,
                "answeredWithin20Seconds": .integer, "serviceLevel": .number(0...1).orNull,
                "averageWaitSeconds": .integer.orNull, "longestWaitSeconds": .integer.orNull,
            ]),
        ]))
}

extension ConferenceView {
    package static let schema = JSONSchema.named(
        "Conference",
        .object([
            "name": .text, "number": .text, "recording": .flag,
            "participants": .list(
                of: .object([
                    "callId": .uuid, "numericId": .integer, "number": .text, "userId": .integer.orNull,
                    "joinedAt": .moment, "muted": .flag, "speaking": .flag,
                ])),
        ]))
}

extension StreamView {
    package static let schema = JSONSchema.named(
        "Stream",
        .object([
            "id": .uuid, "server": .text, "state": .text, "reason": .text.orNull,
            "tracks": .list(of: .words(["caller", "callee"])), "to": .words(PlayOrder.Audience.self),
            "encoding": .text, "sampleRate": .integer, "connections": .integer, "droppedFrames": .integer,
            "droppedSpeechMs": .integer,
        ]))
}
