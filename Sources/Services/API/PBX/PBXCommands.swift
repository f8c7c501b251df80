import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/calls/…`: commands to calls, as document 003 gives them.
extension API {
    func addPBXCommands(to router: inout Router) {
        onCreation("/api/calls/dial", .dial, &router) { request throws(Failure) in try await dial(request) }
        on(.post, "/api/calls/transfer/:callId", .transfer, &router) { request throws(Failure) in
            try await transfer(request)
        }
        addCommand("answer", "Answers a ringing call", to: &router) { key, userID throws(CallError) in
            try await calls.accept(key, userID: userID)
        }
        addCommand("hangup", "Ends a call", to: &router) { key, userID throws(CallError) in
            try await calls.hangUp(key, userID: userID)
        }
        addCommand("hold", "Puts a call on hold", to: &router) { key, userID throws(CallError) in
            try await calls.hold(key, true, userID: userID)
        }
        addCommand("unhold", "Takes a call from hold", to: &router) { key, userID throws(CallError) in
            try await calls.hold(key, false, userID: userID)
        }
    }

    /// Rings all devices of an extension, then the far end (click-to-call).
    private func dial(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let from = try request.text("from", takesNumbers: true) ?? ""
        let to = try number(request, "to") ?? ""
        guard !from.isEmpty, !to.isEmpty else { throw .missing(["from", "to"].filter { request.isBlank($0) }) }
        guard mayDial(from: from, request.caller) else { throw .forbidden }
        var wanted = CallRequest(caller: .devices(extension: from), target: to, source: .sip)
        wanted.autoAnswer = try request.flag("autoAnswer") ?? false
        let record = try await originate(wanted)
        return try await pbxCall(record)
    }

    /// Whoever sees only their own calls also makes only their own.
    func mayDial(from number: String, _ caller: Caller) -> Bool {
        guard !caller.seesAllCalls, let userID = caller.userID else { return true }
        return roster.current.user(extension: number)?.id == userID
    }

    /// They are shown to others by a number of their own or of the house; whoever sees all calls, by any.
    func mayShow(_ number: String, _ caller: Caller) -> Bool {
        guard !caller.seesAllCalls, let userID = caller.userID else { return true }
        return roster.current.mayShow(number, userID: userID)
    }

    private func transfer(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let key = try request.callKey()
        _ = try await liveRecord(key, for: request.caller)
        if let end = try consultationEnd(request) {
            let record = try await command { () throws(CallError) in try await calls.end(end, of: key) }
            return try await pbxCall(record)
        }
        let target = try await transferTarget(request)
        let (reason, userID) = (try request.text("reason"), request.caller.userID)
        let record = try await command { () throws(CallError) in
            try await calls.transfer(key, to: target, reason: reason, userID: userID)
        }
        return try await pbxCall(record)
    }

    /// What becomes of a call whose new party was asked first; nil when the transfer begins.
    private func consultationEnd(_ request: APIRequest) throws(Failure) -> ConsultationEnd? {
        guard let text = try request.text("action"), !text.isEmpty else { return nil }
        guard let end = ConsultationEnd(rawValue: text) else { throw .invalid("action", "connect или cancel") }
        return end
    }

    /// A number, or the UUID of another live call of the caller's: then the two become one.
    private func transferTarget(_ request: APIRequest) async throws(Failure) -> TransferTarget {
        let named = try request.text("callId", takesNumbers: true)
        let text = try request.text("target", takesNumbers: true)
        if let name = named ?? text.flatMap({ UUID($0)?.description }) {
            guard let key = CallKey(name) else { throw .invalid("callId", "номер или UUID звонка") }
            return .call(try await liveRecord(key, for: request.caller).key)
        }
        guard let target = try number(request, "target") else { throw .missing(["target"]) }
        return try request.flag("consult") ?? false ? .consultation(target) : .number(target)
    }

    /// A command that needs nothing but the call.
    private func addCommand(
        _ name: String, _ summary: String, to router: inout Router,
        _ run: @escaping @Sendable (CallKey, Int64?) async throws(CallError) -> CallRecord
    ) {
        on(.post, "/api/calls/\(name)/:callId", .pbxCommand(summary), &router) { request throws(Failure) in
            let key = try request.callKey()
            _ = try await liveRecord(key, for: request.caller)
            let userID = request.caller.userID
            let record = try await command { () throws(CallError) in try await run(key, userID) }
            return try await pbxCall(record)
        }
    }

    /// The call after a command, in document 003's words.
    func pbxCall(_ record: CallRecord) async throws(Failure) -> HTTPResponse {
        .json(.ok, ["success": true, "call": try await render(record, .pbx)])
    }
}

extension APIRequest {
    /// Whether a member of the body is absent or empty.
    fileprivate func isBlank(_ name: String) -> Bool {
        guard let value = body[name], !value.isNull else { return true }
        return value.stringValue?.isEmpty ?? false
    }
}
