import CallModel
import CallViews
import Calls
import Directory
import Reactor
import Web
import Wire

/// Why a call sounded as it did, for whoever may read the call.
///
/// `GET /api/v1/calls/:id/diagnosis` answers JSON, or by `?format=` (or Accept) lines of `text` or a page of `html` for
/// people: while the call lives from what is known now, afterwards from what was kept with its record. A browser opens the
/// page by a link of its own (`DiagnosisLinks.swift`).
extension API {
    func addDiagnoses(to router: inout Router) {
        let (access, loop) = (access, loop)
        router.on(.get, "/api/v1/calls/:id/diagnosis", .showDiagnosis) { request, parameters in
            do throws(Failure) {
                let isByLink = comesByLink(request, parameters)
                let caller = isByLink ? .visitor : try access.caller(of: request, now: loop.wallTime)
                return try await diagnosis(APIRequest(http: request, parameters: parameters, caller: caller))
            } catch {
                return error.response
            }
        }
    }

    enum DiagnosisFormat: String, AnswerFormat {
        case json
        case text
        case html

        static let mediaTypes = [("text/html", DiagnosisFormat.html), ("text/plain", .text)]
    }

    private func diagnosis(_ request: APIRequest) async throws(Failure) -> HTTPResponse {
        let format = try DiagnosisFormat(of: request)
        let record = try await record(try request.callKey("id"), for: request.caller)
        let diagnosis = try await knownDiagnosis(record).naming(record)
        switch format {
        case .json: return .json(.ok, ["success": true, "data": diagnosis])
        case .text: return .text(DiagnosisText(diagnosis).text)
        case .html:
            let page = DiagnosisPage(diagnosis, Ladder(try await knownTrace(record)))
            return .text(page.html, contentType: "text/html; charset=utf-8")
                .with("Content-Security-Policy", DiagnosisPage.contentSecurityPolicy).with("Cache-Control", "no-store")
        }
    }

    /// What is known now, or was kept at the end; of other calls what their record tells.
    private func knownDiagnosis(_ record: CallRecord) async throws(Failure) -> JSONValue {
        if let live = await calls.diagnosis(ofLiveCall: record.key) { return live.json }
        let kept = try await stored { () throws(StoreError) in try await store.diagnosis(ofCall: record.id) }
        return kept ?? CallDiagnosis(record).json
    }
}

extension JSONValue {
    /// A diagnosis with who called whom, which the call's record alone says.
    fileprivate func naming(_ record: CallRecord) -> JSONValue {
        guard case .object(var diagnosis) = self else { return self }
        diagnosis.append("direction", .string(record.direction.rawValue))
        diagnosis.append("from", .string(record.callerNumber))
        diagnosis.append("to", .string(record.receiverNumber))
        return .object(diagnosis)
    }
}
