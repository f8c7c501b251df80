import CallModel
import CallViews
import Calls
import Web
import Wire

/// Taking a place in a call again after a reload, a crash or a change of network.
extension Session {
    /// Longer tokens are none of ours.
    private static let longestToken = 128

    /// `resume-call`: by the token of `joined-call`, or as the user whose place it is.
    ///
    /// `keepsMedia` says that the page and its media connection have lived on, and only the socket is another.
    func resumeCall(_ message: ClientMessage) throws(Failure) -> JSONValue {
        let name = message.payload["callId"] ?? .null
        let (key, token) = (try callKey(name), message.text("token"))
        guard token.map({ $0.utf8.count <= Self.longestToken }) ?? true else { throw .invalid("token", "too long") }
        let keepsMedia = message.payload["keepsMedia"]?.boolValue ?? false
        let resumed: ResumedCall
        do throws(Failure) {
            resumed = try services.calls.attempt { manager throws(CallError) in
                try manager.resume(key, self, token: token, keepsMedia: keepsMedia)
            }
        } catch {
            if error.code == Failure.forbidden.code { countFailure() }
            throw error
        }
        var reply = enter(resumed.record, name)
        reply.fill(from: resumed.payload)
        if !services.iceServers.isEmpty { reply.append("iceServers", .array(services.iceServers)) }
        send(SignallingEvent("resumed-call", reply))
        return .object(reply)
    }

    /// Another page has our place now.
    func replaced(_ name: JSONValue, _ call: UUID) {
        send(SignallingEvent("call-replaced", ["callId": name]))
        if let joined, joined.uuid == call { left(joined) }
    }
}

extension Resumption {
    /// Part of what a page is told that has its place; the time in seconds.
    var payload: JSONObject {
        ["resumeToken": .string(token), "resumeTimeout": .integer(Int64(timeout.inSeconds))]
    }
}

extension ResumedCall {
    fileprivate var payload: JSONObject {
        var payload: JSONObject = [
            "uuid": .string(record.uuid.description), "id": .integer(record.id), "keepsMedia": .bool(keepsMedia),
            "isHold": .bool(record.isOnHold), "isMuted": .bool(isMuted),
            "answeredAt": JSONValue(record.answeredAt?.iso8601()),
        ]
        payload.fill(from: resumption.payload)
        return payload
    }
}
