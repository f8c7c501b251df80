import CallModel
import CallViews
import Calls
import Directory
import Web
import Wire

/// Why a call sounded as it did, for whoever may read the call.
///
/// `GET /api/v1/calls/:id/diagnosis` answers JSON, or by `?format=text` (or Accept) lines for people: while the call
/// lives from what is known now, afterwards from what was kept with its record.
extension API {
    func addDiagnoses(to router: inout Router) {
        on(.get, "/api/v1/calls/:id/diagnosis", .showDiagnosis, &router) { request throws(Failure) in
            try await diagnosis(request)
        }
    }

    private func diagnosis(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let isText = try wantsText(request)
        let record = try await record(try request.callKey("id"), for: request.caller)
        let diagnosis = try await knownDiagnosis(record)
        if isText { return .text(DiagnosisText(diagnosis).text) }
        return .json(.ok, ["success": true, "data": diagnosis])
    }

    static let diagnosisFormats = ["json", "text"]

    private func wantsText(_ request: APIRequest) throws(Failure) -> Bool {
        guard let format = request.query("format") else {
            return request.http.fields["Accept"]?.contains("text/plain") == true
        }
        guard Self.diagnosisFormats.contains(format) else {
            throw .invalid("format", "один из: \(Self.diagnosisFormats.joined(separator: ", "))")
        }
        return format == "text"
    }

    /// What is known now, or was kept at the end; of other calls what their record tells.
    private func knownDiagnosis(_ record: CallRecord) async throws(Failure) -> JSONValue {
        if let live = await calls.diagnosis(ofLiveCall: record.key) { return live.json }
        let kept = try await stored { () throws(StoreError) in try await store.diagnosis(ofCall: record.id) }
        return kept ?? CallDiagnosis(record).json
    }
}
