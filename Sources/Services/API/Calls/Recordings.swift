import CallModel
import CallViews
import Calls
import Media
import Web
import Wire

/// Recordings of calls: commanded while a call lives, listened to by whoever may see it.
///
/// `POST …/recording/start` takes `{"tone": true}` or `false`: whether the parties hear that they are recorded.
/// `GET /api/v1/calls/:id/recording` answers the file, also while it grows; longer ones by `Range`, piece by piece. That of
/// a conference is for those who see all calls.
extension API {
    func addRecordings(to router: inout Router) {
        on(.get, "/api/v1/calls/:id/recording", .listenToRecording, &router) { request throws(Failure) in
            try await listen(request)
        }
        for word in RecordingCommand.allCases {
            on(.post, "/api/v1/calls/:id/recording/\(word.rawValue)", .record(word), &router) {
                request throws(Failure) in
                try await record(request, word)
            }
        }
    }

    private func record(_ request: APIRequest, _ word: RecordingCommand) async throws(Failure) -> HTTPResponse {
        let known = try await liveRecord(try request.callKey("id"), for: request.caller)
        let (userID, tone) = (request.caller.userID, word == .start ? try request.flag("tone") : nil)
        let record = try await command { () throws(CallError) in
            try await calls.record(known.key, word, tone: tone, userID: userID)
        }
        let data: JSONValue = [
            "callId": .string(record.uuid.description), "recordingUrl": JSONValue(record.recordingURL),
        ]
        return .json(.ok, ["success": true, "data": data])
    }

    private func listen(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let record = try await record(try request.callKey("id"), for: request.caller)
        // It goes on when this call has left, with what others say.
        guard !record.isRecordedWithOthers || request.caller.seesAllCalls else { throw .forbidden }
        let range = request.http.fields["Range"].flatMap { ByteRange(field: $0) }
        guard let piece = await calls.recording(of: record, range) else { throw .recordingNotFound }
        return try piece.response(named: "\(record.uuid)", isWhole: range == nil)
    }
}

extension RecordingPiece {
    /// The answer to a request for the whole file, which it must be then, or for a range.
    func response(named name: String, isWhole: Bool) throws(Failure) -> HTTPResponse {
        let response = HTTPResponse(.ok, contentType: format.contentType, body: bytes)
            .with("Accept-Ranges", "bytes")
            .with("Content-Disposition", "inline; filename=\"\(name).\(format.fileExtension)\"")
        guard isWhole else { return answer(response) }
        guard bytes.count == total else { throw .recordingTooLong }
        return response
    }

    /// The answer to a request for a range (RFC 9110 section 15.3.7).
    private func answer(_ whole: HTTPResponse) -> HTTPResponse {
        var response = whole
        guard !bytes.isEmpty else {
            response.status = .rangeNotSatisfiable
            return response.with("Content-Range", "bytes */\(total)")
        }
        response.status = .partialContent
        return response.with("Content-Range", "bytes \(offset)-\(offset + bytes.count - 1)/\(total)")
    }
}

extension ByteRange {
    /// Nil for what is not one range of bytes, which is then as if it had not been said (RFC 9110 section 14.2).
    init?(field: String) {
        guard field.hasPrefix("bytes=") else { return nil }
        let ends = field.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        let numbers = ends.map { ASCII.decimal($0.utf8, maximumDigits: 15).map { Int($0) } }
        switch (numbers[0], numbers[1]) {
        case (let first?, let last):
            guard last != nil || ends[1].isEmpty else { return nil }
            self = .from(first, through: last)
        case (nil, let count?) where ends[0].isEmpty: self = .last(count)
        default: return nil
        }
    }
}
