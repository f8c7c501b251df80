import CallModel
import CallViews
import Calls
import Web
import Wire

/// `/api/v1/calls/:id/play`: announcements into live calls.
extension API {
    func addPlays(to router: inout Router) {
        on(.post, "/api/v1/calls/:id/play", &router) { request throws(Failure) in
            let key = try request.callKey("id")
            _ = try await liveRecord(key, for: request.caller)
            let order = try PlayOrder(request)
            let record = try await command { () throws(CallError) in try await calls.play(key, order) }
            return try await answer(record)
        }
        on(.post, "/api/v1/calls/:id/play/stop", &router) { request throws(Failure) in
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
    /// `{"file": … | "tone": …, "to": "caller|callee|both", "loop": false}`; everybody hears it unless said otherwise.
    fileprivate init(_ request: APIRequest) throws(Failure) {
        let (file, tone) = (try request.text("file", maximumLength: 255), try request.text("tone"))
        let what: What
        switch (file, tone) {
        case (let name?, nil): what = .file(name)
        case (nil, let word?):
            guard let tone = Tone(rawValue: word) else { throw .invalid("tone", Self.choice(Tone.self)) }
            what = .tone(tone)
        default: throw .invalid("file", "укажите либо file, либо tone")
        }
        let word = try request.text("to") ?? Audience.both.rawValue
        guard let audience = Audience(rawValue: word) else { throw .invalid("to", Self.choice(Audience.self)) }
        self.init(what, to: audience, loops: try request.flag("loop") ?? false)
    }

    private static func choice<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> String
    where Word.RawValue == String { Word.allCases.map(\.rawValue).joined(separator: ", ") }
}
