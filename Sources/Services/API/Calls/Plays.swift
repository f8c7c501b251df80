import CallModel
import CallViews
import Calls
import Web
import Wire

/// `/api/v1/calls/:id/play`: announcements into live calls.
extension API {
    func addPlays(to router: inout Router) {
        on(.post, "/api/v1/calls/:id/play", .play, &router) { request throws(Failure) in
            let key = try request.callKey("id")
            _ = try await liveRecord(key, for: request.caller)
            let order = try PlayOrder(request)
            let record = try await command { () throws(CallError) in try await calls.play(key, order) }
            return try await answer(record)
        }
        on(.post, "/api/v1/calls/:id/play/stop", .stopPlaying, &router) { request throws(Failure) in
            let key = try request.callKey("id")
            _ = try await liveRecord(key, for: request.caller)
            let record = try await command { () throws(CallError) in try await calls.stopPlaying(key) }
            return try await answer(record)
        }
    }

    private func answer(_ record: CallRecord) async throws(Failure) -> HTTPResponse {
        .json(.ok, ["success": true, "data": try await render(record, .gateway, .detail)])
    }
}

extension PlayOrder {
    static let maximumFileName = 255

    /// `{"file": … | "url": … | "tone": …, "to": "caller|callee|both", "loop": false}`; everybody hears it unless said
    /// otherwise.
    fileprivate init(_ request: APIRequest) throws(Failure) {
        let what = try Self.what(request)
        let word = try request.text("to") ?? Audience.both.rawValue
        guard let audience = Audience(rawValue: word) else { throw .invalid("to", Self.choice(Audience.self)) }
        self.init(what, to: audience, loops: try request.flag("loop") ?? false)
    }

    private static func what(_ request: APIRequest) throws(Failure) -> What {
        let file = try request.text("file", maximumLength: maximumFileName)
        let (url, tone) = (try request.text("url", maximumLength: APIRequest.maximumURL), try request.text("tone"))
        switch (file, url, tone) {
        case (let name?, nil, nil): return .file(name)
        case (nil, let text?, nil):
            guard let url = HTTPURL(text) else { throw .invalid("url", "ожидается http:// или https://, без пароля") }
            return .url(url)
        case (nil, nil, let word?):
            guard let tone = Tone(rawValue: word) else { throw .invalid("tone", Self.choice(Tone.self)) }
            return .tone(tone)
        default: throw .invalid("file", "укажите одно из трёх: file, url или tone")
        }
    }

    private static func choice<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> String
    where Word.RawValue == String { Word.allCases.map(\.rawValue).joined(separator: ", ") }
}
