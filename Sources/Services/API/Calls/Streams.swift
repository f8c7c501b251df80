import CallModel
import CallViews
import Calls
import Media
import Web
import Wire

/// `/api/v1/calls/:id/streams`: a live call's audio, to and from a WebSocket server.
///
/// For those who may command every call: a stream hears what people say.
extension API {
    func addStreams(to router: inout Router) {
        on(.post, "/api/v1/calls/:id/streams", .startStream, &router) { request throws(Failure) in
            let key = try await streamedCall(request)
            let wanted = try StreamRequest(request)
            let status = try await command { () throws(CallError) in try await calls.startStream(key, wanted) }
            return .json(.created, ["success": true, "data": StreamView.render(status)])
        }
        on(.get, "/api/v1/calls/:id/streams", .listStreams, &router) { request throws(Failure) in
            guard request.caller.seesAllCalls else { throw .forbidden }
            let record = try await record(try request.callKey("id"), for: request.caller)
            let streams = await calls.streams(of: record.key)
            return .json(.ok, ["success": true, "data": .array(streams.map(StreamView.render))])
        }
        on(.delete, "/api/v1/calls/:id/streams/:streamId", .stopStream, &router) { request throws(Failure) in
            let key = try await streamedCall(request)
            guard let id = UUID(request.parameters["streamId"]) else { throw .streamNotFound }
            let status = try await command { () throws(CallError) in try await calls.stopStream(key, id) }
            return .json(.ok, ["success": true, "data": StreamView.render(status)])
        }
    }

    private func streamedCall(_ request: APIRequest) async throws(Failure) -> CallKey {
        guard request.caller.seesAllCalls else { throw .forbidden }
        return try await liveRecord(try request.callKey("id"), for: request.caller).key
    }
}

extension StreamRequest {
    static let maximumToken = 4096

    /// `{"url": …, "token": …, "tracks": "caller|callee|both", "to": "caller|callee|both", "encoding": "pcm16|mulaw",
    /// "sampleRate": 8000|16000}`; all but `url` may be left out.
    fileprivate init(_ request: APIRequest) throws(Failure) {
        guard let text = try request.text("url", maximumLength: APIRequest.maximumURL) else {
            throw .invalid("url", "обязательное поле")
        }
        guard let url = WebSocketURL(text) else { throw .invalid("url", "ожидается ws:// или wss://, без пароля") }
        let token = try request.text("token", maximumLength: Self.maximumToken)
        guard token?.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ?? true else {
            throw .invalid("token", "только видимые символы ASCII")
        }
        let tracks: Set<RecordingSide>
        switch try Self.word("tracks", .both, request) as PlayOrder.Audience {
        case .caller: tracks = [.left]
        case .callee: tracks = [.right]
        case .both: tracks = [.left, .right]
        }
        guard let rate = SampleRate(rawValue: try request.count("sampleRate") ?? 8000), rate != .fullband else {
            throw .invalid("sampleRate", "8000 или 16000")
        }
        self.init(
            url: url, token: token,
            order: AudioStreamOrder(encoding: try Self.word("encoding", .pcm16, request), rate: rate, tracks: tracks),
            audience: try Self.word("to", .both, request))
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ fallback: Word, _ request: APIRequest
    ) throws(Failure) -> Word {
        guard let text = try request.text(name) else { return fallback }
        guard let word = Word(rawValue: text) else {
            throw .invalid(name, Word.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return word
    }
}
