package import CallModel
package import Calls
package import Directory
package import Wire

/// Queues as `/api/v1/queues` and the `queue:…` events show them; durations are whole seconds.
package struct QueueView: Sendable {
    private let roster: Roster
    private let caller: @Sendable (CallRecord) -> String

    /// `caller` is the number of a waiting caller as the reader may see it.
    package init(roster: Roster, caller: @escaping @Sendable (CallRecord) -> String) {
        (self.roster, self.caller) = (roster, caller)
    }

    package func render(_ status: QueueStatus) -> JSONValue {
        [
            "id": .integer(status.queue.id), "name": .string(status.queue.name),
            "extension": JSONValue(status.queue.extension), "strategy": .string(status.queue.strategy.rawValue),
            "waiting": .array(status.waiting.map(render)),
            "estimatedWaitSeconds": Self.seconds(status.estimatedWait),
            "members": .array(status.members.map(render)), "today": Self.render(status.figures),
        ]
    }

    private func render(_ waiting: QueueStatus.Waiting) -> JSONValue {
        [
            "callId": .string(waiting.record.uuid.description), "numericId": .integer(waiting.record.id),
            "position": JSONValue(waiting.position), "waitingSeconds": Self.seconds(waiting.waited),
            "caller": .string(caller(waiting.record)), "ringing": .array(waiting.ringing.map(JSONValue.integer)),
        ]
    }

    private func render(_ member: QueueStatus.Member) -> JSONValue {
        let user = roster.users[member.userID]
        return [
            "userId": .integer(member.userID), "name": JSONValue(user?.displayName),
            "extension": JSONValue(user?.extension), "state": .string(member.state.rawValue),
            "paused": .bool(member.isPaused), "reason": JSONValue(member.pauseReason),
            "answered": JSONValue(member.answered),
        ]
    }

    private static func render(_ figures: QueueFigures) -> JSONValue {
        [
            "entered": JSONValue(figures.entered), "answered": JSONValue(figures.answered),
            "abandoned": JSONValue(figures.abandoned), "overflowed": JSONValue(figures.overflowed),
            "answeredWithin20Seconds": JSONValue(figures.answeredSoon),
            "serviceLevel": JSONValue(figures.serviceLevel.map { ($0 * 1000).rounded() / 1000 }),
            "averageWaitSeconds": seconds(figures.averageWait), "longestWaitSeconds": seconds(figures.longestWait),
        ]
    }

    /// The payload of `queue:position`, which the caller's own page is told.
    package static func position(_ place: QueuePlace) -> JSONValue {
        [
            "callId": .string(place.record.uuid.description), "numericId": .integer(place.record.id),
            "queue": .string(place.queue), "position": JSONValue(place.position),
            "waitingSeconds": seconds(place.waited), "estimatedWaitSeconds": seconds(place.estimatedWait),
        ]
    }

    private static func seconds(_ duration: Duration?) -> JSONValue {
        JSONValue(duration.map { ($0.wholeMilliseconds + 500) / 1000 })
    }
}
