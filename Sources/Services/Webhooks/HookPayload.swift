import CallModel
import CallViews
import Calls
import Directory
import Wire

/// What a webhook is sent of one event.
enum HookPayload {
    /// Bytes of a body beyond which what people wrote at length is left out.
    static let maximumLength = 64 << 10
    private static let lengthy: Set<String> = [
        "transcript", "summary", "notes", "note", "quality", "mangoData", "mango_data",
    ]

    static func text(_ id: UUID, _ name: HookEvent, _ event: CallEvent, _ facts: CallFacts, at now: WallTime) -> String
    {
        guard case .object(let call) = CallView.gateway.render(facts) else { return "" }
        let details = details(event.notice, facts)
        let whole = envelope(id, name, at: now, call: call, details)
        let text = JSONValue.object(whole).text
        guard text.utf8.count > maximumLength else { return text }
        let short = JSONObject(call.members.filter { !lengthy.contains($0.name) })
        var cut = envelope(id, name, at: now, call: short, details)
        cut.append("truncated", true)
        return JSONValue.object(cut).text
    }

    /// What a test sends.
    static func test(_ id: UUID, at now: WallTime) -> String {
        JSONValue.object(envelope(id, .test, at: now, call: nil, JSONObject())).text
    }

    private static func envelope(
        _ id: UUID, _ name: HookEvent, at now: WallTime, call: JSONObject?, _ details: JSONObject
    ) -> JSONObject {
        [
            "eventId": .string(id.description), "event": .string(name.rawValue), "createdAt": .string(now.iso8601()),
            "call": call.map(JSONValue.object) ?? .null, "details": .object(details),
        ]
    }

    /// What the call's record does not say of what happened.
    private static func details(_ notice: CallEvent.Notice, _ facts: CallFacts) -> JSONObject {
        switch notice {
        case .life(let notice): details(notice)
        case .edited(let userID, let changesNotes):
            ["userId": JSONValue(userID), "changesNotes": .bool(changesNotes)]
        case .recording(let state, let userID): ["state": .string(state.rawValue), "userId": JSONValue(userID)]
        case .played(let played): ["play": CallEventView.playEnded(facts, played)["play"] ?? .null]
        case .stream(let status): ["stream": CallEventView.streamChanged(facts, status)["stream"] ?? .null]
        case .filed, .recorded: [:]
        }
    }

    private static func details(_ notice: CallNotice) -> JSONObject {
        switch notice {
        case .offered(let userID), .withdrawn(let userID): ["userId": .integer(userID)]
        case .rejected(let userID), .held(_, let userID): ["userId": JSONValue(userID)]
        case .transferRequested(let from, let to, let target, let reason):
            [
                "fromUserId": JSONValue(from), "toUserId": JSONValue(to), "target": .string(target),
                "reason": JSONValue(reason),
            ]
        case .transferred(let from, let to): ["fromUserId": JSONValue(from), "toUserId": JSONValue(to)]
        case .transferFailed(let from): ["fromUserId": JSONValue(from)]
        case .created, .ringing, .answered, .ended: [:]
        }
    }
}

extension HookEvent {
    init(_ notice: CallEvent.Notice) {
        switch notice {
        case .life(let notice): self.init(notice)
        case .edited: self = .edited
        case .filed(let isNew): self = isNew ? .filed : .corrected
        case .recording: self = .recordingChanged
        case .recorded: self = .recorded
        case .played: self = .played
        case .stream: self = .streamChanged
        }
    }

    private init(_ notice: CallNotice) {
        switch notice {
        case .created: self = .created
        case .offered: self = .offered
        case .ringing: self = .ringing
        case .answered: self = .answered
        case .rejected: self = .rejected
        case .held(let on, _): self = on ? .held : .resumed
        case .transferRequested: self = .transferRequested
        case .transferred: self = .transferred
        case .transferFailed: self = .transferFailed
        case .withdrawn: self = .withdrawn
        case .ended: self = .ended
        }
    }
}
