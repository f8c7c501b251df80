import CallModel
import CallViews
import Calls
import Directory
import SIP
import Web
import Wire

/// The signalling of a call, for whoever asks why it went as it did.
///
/// `GET /api/v1/calls/:id/sip` answers JSON, or by `?format=` (or Accept) a ladder as `text` or `svg`, or a `pcap`.
/// Digest responses and media keys are blanked.
extension API {
    func addTraces(to router: inout Router) {
        on(.get, "/api/v1/calls/:id/sip", .showTrace, &router) { request throws(Failure) in try await trace(request) }
    }

    enum TraceFormat: String, AnswerFormat {
        case json
        case text
        case svg
        case pcap

        static let mediaTypes = [
            ("image/svg+xml", TraceFormat.svg), ("application/vnd.tcpdump.pcap", .pcap), ("text/plain", .text),
        ]
    }

    private func trace(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let format = try TraceFormat(of: request)
        let record = try await record(try request.callKey("id"), for: request.caller)
        let trace = try await knownTrace(record)
        switch format {
        case .json:
            let messages = Self.messages(trace)
            return .json(.ok, ["success": true, "data": ["callId": .string("\(record.uuid)"), "messages": messages]])
        case .text: return .text(Ladder(trace).text)
        case .svg: return .text(Ladder(trace).svg, contentType: "image/svg+xml; charset=utf-8")
        case .pcap:
            return HTTPResponse(.ok, contentType: "application/vnd.tcpdump.pcap", body: Capture.pcap(trace))
                .with("Content-Disposition", "attachment; filename=\"\(record.uuid).pcap\"")
        }
    }

    /// What is still in memory, or else what was kept with the record.
    func knownTrace(_ record: CallRecord) async throws(Failure) -> SIPTrace {
        let recent = await calls.signalling(ofCall: record.id)
        if !recent.isEmpty { return recent }
        let stored = try await stored { () throws(StoreError) in try await store.trace(ofCall: record.id) }
        return stored.map { SIPTrace(json: $0) } ?? SIPTrace([])
    }

    /// The messages, each with its start line on top for people who look through them.
    private static func messages(_ trace: SIPTrace) -> JSONValue {
        .array(
            zip(trace.messages, trace.json.arrayValue ?? []).map { message, json in
                var object: JSONObject = ["startLine": .string(message.startLine)]
                object.fill(from: json.objectValue ?? [:])
                return .object(object)
            })
    }
}
