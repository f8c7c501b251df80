import CallModel
import CallViews
import Calls
import Directory
import Media
import Telemetry
import Web
import Wire

/// `/api/v1/conferences`: who is in them, calling somebody in, muting, removing, recording.
extension API {
    func addConferences(to router: inout Router) {
        on(.get, "/api/v1/conferences", .listConferences, &router) { request throws(Failure) in
            let view = conferenceView(for: request.caller)
            let all = await calls.conferenceStatuses().map { view.render($0) }
            return .json(.ok, ["success": true, "data": .array(all)])
        }
        on(.get, "/api/v1/conferences/:name/participants", .showConference, &router) { request throws(Failure) in
            answer(try await conference(request), to: request.caller)
        }
        onCreation("/api/v1/conferences/:name/participants", .callIntoConference, &router) { request throws(Failure) in
            try await callIn(request)
        }
        on(.post, "/api/v1/conferences/:name/participants/:callId/mute", .muteParticipant, &router) {
            request throws(Failure) in
            try await mute(request, true)
        }
        on(.post, "/api/v1/conferences/:name/participants/:callId/unmute", .unmuteParticipant, &router) {
            request throws(Failure) in
            try await mute(request, false)
        }
        on(.post, "/api/v1/conferences/:name/recording/start", .startConferenceRecording, &router) {
            request throws(Failure) in
            try await record(request, starts: true)
        }
        on(.post, "/api/v1/conferences/:name/recording/stop", .stopConferenceRecording, &router) {
            request throws(Failure) in
            try await record(request, starts: false)
        }
        on(.get, "/api/v1/conferences/:name/recording", .listenToConference, &router) { request throws(Failure) in
            try await listen(request)
        }
        on(.delete, "/api/v1/conferences/:name/participants/:callId", .removeParticipant, &router) {
            request throws(Failure) in
            let (status, key) = (try await conference(request), try request.callKey())
            try mayDirect(status, request.caller)
            let after = try await command { () throws(CallError) in
                try await calls.removeParticipant(status.room.name, key)
            }
            return answer(after, to: request.caller)
        }
    }

    private func record(_ request: APIRequest, starts: Bool) async throws(Failure) -> HTTPResponse {
        let status = try await conference(request)
        try mayDirect(status, request.caller)
        let (userID, tone) = (request.caller.userID, try request.flag("tone"))
        let after = try await command { () throws(CallError) in
            guard starts else { return try await calls.stopConferenceRecording(status.room.name, userID: userID) }
            return try await calls.startConferenceRecording(status.room.name, tone: tone, userID: userID)
        }
        return answer(after, to: request.caller)
    }

    /// The file is of all who were there, and may be of an earlier meeting: being in the room now gives no right to it.
    private func listen(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let status = try await conference(request)
        guard request.caller.seesAllCalls else { throw .forbidden }
        let range = request.http.fields["Range"].flatMap { ByteRange(field: $0) }
        guard let piece = await calls.conferenceRecording(status.room.name, range) else { throw .recordingNotFound }
        return try piece.response(named: status.room.name, isWhole: range == nil)
    }

    private func callIn(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let status = try await conference(request)
        try mayDirect(status, request.caller)
        guard let number = try request.text("to", takesNumbers: true) else { throw .missing(["to"]) }
        guard PhoneNumber.isAcceptable(number) else { throw .invalidPhone("to") }
        let userID = request.caller.userID
        let record = try await command { () throws(CallError) in
            try await calls.callIntoConference(status.room.name, number, userID: userID)
        }
        return .json(.created, ["success": true, "data": try await render(record, .gateway, .detail)])
    }

    private func mute(_ request: APIRequest, _ on: Bool) async throws(Failure) -> HTTPResponse {
        let (status, key) = (try await conference(request), try request.callKey())
        try mayDirect(status, request.caller)
        let after = try await command { () throws(CallError) in
            try await calls.muteParticipant(status.room.name, key, on)
        }
        return answer(after, to: request.caller)
    }

    private func conference(_ request: APIRequest) async throws(Failure) -> ConferenceStatus {
        try await command { () throws(CallError) in try await calls.conferenceStatus(request.parameters["name"]) }
    }

    private func answer(_ status: ConferenceStatus, to caller: Caller) -> HTTPResponse {
        .json(.ok, ["success": true, "data": conferenceView(for: caller).render(status)])
    }

    /// Numbers are shown in full to those who see every call.
    private func conferenceView(for caller: Caller) -> ConferenceView {
        caller.seesAllCalls ? ConferenceView { $0 } : ConferenceView { maskedNumber($0) }
    }

    /// Those who see every call direct every conference, and users those that they take part in.
    private func mayDirect(_ status: ConferenceStatus, _ caller: Caller) throws(Failure) {
        guard !caller.seesAllCalls else { return }
        guard let userID = caller.userID, status.participants.contains(where: { $0.userID == userID }) else {
            throw .forbidden
        }
    }
}
