import CallModel
import CallViews
package import Calls
import Web
package import Wire

/// The call a session takes part in, and how its client named it.
struct JoinedPlace: Sendable {
    let uuid: UUID
    /// The `callId` of `join-call`, as sent.
    let name: JSONValue
}

/// How a client writes what document 004 lets it write in two ways; nil until it has written one.
struct MediaForms: Sendable {
    /// `{type, sdp}` and not the bare text.
    var sdpIsObject: Bool?
    /// The bare line and not what `RTCIceCandidate` prints.
    var candidateIsText: Bool?
}

/// Document 004: taking part in a call with audio.
extension Session {
    func performMediaCommand(_ message: ClientMessage) throws(Failure) -> Outcome? {
        switch message.name {
        case "join-call":
            try literally("Ошибка при подключении к звонку") { session throws(Failure) in
                try session.joinCall(message)
            }
        case "offer":
            try literally("Ошибка при обработке предложения") { session throws(Failure) in
                try session.passOffer(message)
            }
        case "answer":
            try literally("Ошибка при обработке ответа") { session throws(Failure) in
                try session.passAnswer(message)
            }
        case "ice-candidate": try passCandidate(message)
        case "leave-call": leaveCall()
        case "resume-call": return .done(try resumeCall(message))
        case "mute-call":
            let muted = message.payload["muted"]?.boolValue ?? true
            services.calls.assumeIsolated { $0.mute(muted, from: self) }
        case "send-digits":
            guard let digits = message.text("digits"), digits.utf8.count <= 64 else {
                throw .invalid("digits", "required, at most 64")
            }
            services.calls.assumeIsolated { $0.sendDigits(digits, from: self) }
        default:
            return nil
        }
        return .done
    }

    /// Gives a failure the message its clients know, keeping the code.
    private func literally(
        _ text: String, _ body: (isolated Session) throws(Failure) -> Void
    ) throws(Failure) {
        do throws(Failure) {
            try body(self)
        } catch {
            throw error.saying(text)
        }
    }

    // MARK: - From the client

    private func joinCall(_ message: ClientMessage) throws(Failure) {
        let name = message.payload["callId"] ?? message.payload
        let record = try liveCall(name)
        let place = try services.calls.attempt { manager throws(CallError) in try manager.join(record.key, self) }
        var reply = enter(record, name)
        reply.append("participants", JSONValue(place.participants))
        if !services.iceServers.isEmpty { reply.append("iceServers", .array(services.iceServers)) }
        if let resumption = place.resumption { reply.fill(from: resumption.payload) }
        send(SignallingEvent("joined-call", reply))
    }

    /// Enters a call's room, leaving a former one, and begins what the client is told of it.
    func enter(_ record: CallRecord, _ name: JSONValue) -> JSONObject {
        if let joined, joined.uuid != record.uuid { left(joined) }
        joined = JoinedPlace(uuid: record.uuid, name: name)
        hub.assumeIsolated { $0.join(RoomName.call(record.uuid), participantID) }
        return ["callId": name, "connectionId": .string("\(name.plainText)-\(participantID)")]
    }

    private func leaveCall() {
        guard let joined else { return }
        services.calls.assumeIsolated { $0.leave(self) }
        left(joined)
    }

    private func passOffer(_ message: ClientMessage) throws(Failure) {
        let (key, sdp) = (try key(message), try description(message))
        try services.calls.attempt { manager throws(CallError) in try manager.offer(key, from: self, sdp: sdp) }
    }

    private func passAnswer(_ message: ClientMessage) throws(Failure) {
        let (key, sdp) = (try key(message), try description(message))
        try services.calls.attempt { manager throws(CallError) in try manager.answer(key, from: self, sdp: sdp) }
    }

    private func passCandidate(_ message: ClientMessage) throws(Failure) {
        let key = try key(message)
        let candidate = try candidate(message.payload["candidate"] ?? .null)
        try services.calls.attempt { manager throws(CallError) in
            try manager.candidate(key, from: self, candidate)
        }
    }

    private func key(_ message: ClientMessage) throws(Failure) -> CallKey {
        guard let text = message.text("callId") else {
            guard let joined else { throw .invalid("callId", "required") }
            return .uuid(joined.uuid)
        }
        guard let key = CallKey(text) else { throw .invalid("callId", "must be a number or a UUID") }
        return key
    }

    private func description(_ message: ClientMessage) throws(Failure) -> String {
        let sdp = message.payload["sdp"]
        forms.sdpIsObject = sdp?.objectValue != nil
        guard let text = sdp?.stringValue ?? sdp?["sdp"]?.stringValue, !text.isEmpty else {
            throw .invalid("sdp", "required")
        }
        return text
    }

    /// A candidate as text or as `RTCIceCandidate` prints it; null and empty mean that there are no more.
    private func candidate(_ value: JSONValue) throws(Failure) -> ICECandidateMessage {
        switch value {
        case .null:
            return ICECandidateMessage(candidate: "")
        case .string(let text):
            forms.candidateIsText = true
            return ICECandidateMessage(candidate: text)
        case .object:
            forms.candidateIsText = false
            return ICECandidateMessage(
                candidate: value["candidate"]?.stringValue ?? "", sdpMid: value["sdpMid"]?.stringValue,
                sdpMLineIndex: value["sdpMLineIndex"]?.integerValue.flatMap { Int(exactly: $0) },
                usernameFragment: value["usernameFragment"]?.stringValue)
        default:
            throw .invalid("candidate", "must be a string or an object")
        }
    }

    func left(_ place: JoinedPlace) {
        if joined?.uuid == place.uuid { joined = nil }
        hub.assumeIsolated { $0.leave(RoomName.call(place.uuid), participantID) }
        send(SignallingEvent("left-call", ["callId": place.name]))
    }

    /// Our call was joined with another and goes on under that one's name.
    private func moved(to uuid: UUID) {
        guard let former = joined, let record = services.calls.assumeIsolated({ $0.liveRecord(.uuid(uuid)) }) else {
            return
        }
        joined = JoinedPlace(uuid: uuid, name: .string(uuid.description))
        hub.assumeIsolated { hub in
            hub.leave(RoomName.call(former.uuid), participantID)
            hub.join(RoomName.call(uuid), participantID)
        }
        let payload: JSONObject = [
            "callId": former.name, "uuid": .string(former.uuid.description), "newCallId": .string(uuid.description),
            "newId": .integer(record.id),
        ]
        send(SignallingEvent("call-moved", payload))
    }
}

// MARK: - To the client

extension Session: Calls.CallParticipant {
    nonisolated package var participantUserID: Int64? { assumeIsolated { $0.user?.id } }

    nonisolated package func deliver(_ message: ParticipantMessage, call: UUID) {
        assumeIsolated { $0.tell(message, call) }
    }

    private func tell(_ message: ParticipantMessage, _ call: UUID) {
        guard !isEnded else { return }
        let name = name(of: call)
        switch message {
        case .offer(let sdp, let from):
            send(SignallingEvent("offer", ["callId": name, "sdp": form(sdp, "offer", from), "from": .string(from)]))
        case .answer(let sdp, let from):
            send(SignallingEvent("answer", ["callId": name, "sdp": form(sdp, "answer", from), "from": .string(from)]))
        case .candidate(let candidate, let from):
            let payload: JSONObject = ["callId": name, "candidate": form(candidate, from), "from": .string(from)]
            send(SignallingEvent("ice-candidate", payload))
        case .left:
            if let joined, joined.uuid == call { left(joined) }
        case .replaced: replaced(name, call)
        case .mediaLost: send(SignallingEvent("call-media-lost", ["callId": name]))
        case .moved: moved(to: call)
        case .digit(let digit):
            send(SignallingEvent("call-digit", ["callId": name, "digit": .string(String(digit))]))
        case .failed(let error):
            let error = Failure(error)
            let payload: JSONObject = [
                "message": .string(error.message), "code": .string(error.code), "callId": name,
            ]
            send(SignallingEvent("error", payload))
        }
    }

    /// A call as the client named it, where it did.
    func name(of call: UUID) -> JSONValue {
        joined.flatMap { $0.uuid == call ? $0.name : nil } ?? .string(call.description)
    }

    private func form(_ sdp: String, _ type: String, _ sender: String) -> JSONValue {
        let isObject = forms.sdpIsObject ?? formsOf(sender)?.sdpIsObject ?? false
        return isObject ? ["type": .string(type), "sdp": .string(sdp)] : .string(sdp)
    }

    /// How the other member writes: what a client that has not yet written itself is given unchanged.
    private func formsOf(_ sender: String) -> MediaForms? {
        let session = hub.assumeIsolated { $0.members[sender]?.session }
        return session?.assumeIsolated { $0.forms }
    }

    private func form(_ candidate: ICECandidateMessage, _ sender: String) -> JSONValue {
        if forms.candidateIsText ?? formsOf(sender)?.candidateIsText ?? false { return .string(candidate.candidate) }
        return [
            "candidate": .string(candidate.candidate), "sdpMid": JSONValue(candidate.sdpMid),
            "sdpMLineIndex": JSONValue(candidate.sdpMLineIndex),
            "usernameFragment": JSONValue(candidate.usernameFragment),
        ]
    }
}

extension JSONValue {
    /// A number or text without quotes, for ids that clients write either way.
    var plainText: String { stringValue ?? integerValue.map { String($0) } ?? "" }
}

extension CallManager {
    /// Runs a command on the manager, which lives on the same loop, and says a refusal in our words.
    nonisolated func attempt<Value: Sendable>(
        _ body: @Sendable (isolated CallManager) throws(CallError) -> Value
    ) throws(Failure) -> Value {
        let result: Result<Value, CallError> = assumeIsolated { manager in
            do throws(CallError) {
                return .success(try body(manager))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw Failure(error)
        }
    }
}
