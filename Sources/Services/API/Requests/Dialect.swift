package import CallViews
package import Web
package import Wire

/// Which document a request on a path of `/api/v1/calls` follows (contract §0.9).
package enum Dialect {
    /// The first rule that decides; `identifier` is the path's `:id`, `body` the members of a JSON body.
    package static func view(
        of request: HTTPRequest, template: String, identifier: String? = nil, body: JSONObject = JSONObject()
    ) -> CallView {
        byName(request) ?? byRoute(request.method, template) ?? identifier.flatMap(byIdentifier)
            ?? byBody(request.method, body) ?? byQuery(request.query)
            ?? (request.bearerToken != nil ? .records : .gateway)
    }

    private static func byName(_ request: HTTPRequest) -> CallView? {
        [request.query["view"], request.field("X-Call-View")].compactMap(\.self).lazy
            .compactMap { named($0.lowercased()) }.first
    }

    private static func named(_ text: String) -> CallView? {
        switch text {
        case "records": .records
        case "gateway": .gateway
        default: nil
        }
    }

    private static func byRoute(_ method: HTTPMethod, _ template: String) -> CallView? {
        if method == .put || template.hasSuffix("/stats") || template.contains("/by-phone") { return .records }
        if method == .patch && template.hasSuffix("/status") { return .gateway }
        if template.hasSuffix("/end") || template.contains("/sessions") { return .gateway }
        return nil
    }

    private static func byIdentifier(_ text: String) -> CallView? {
        if !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit) { return .records }
        return UUID(text) == nil ? nil : .gateway
    }

    private static func byBody(_ method: HTTPMethod, _ body: JSONObject) -> CallView? {
        guard method == .post else { return nil }
        if body["phoneClient"] != nil { return .records }
        return body["phoneNumber"] != nil ? .gateway : nil
    }

    private static func byQuery(_ query: HTTPQuery) -> CallView? {
        if ["operatorId", "startDate", "endDate", "phone", "city"].contains(where: query.contains) { return .records }
        if ["clientId", "direction", "fromDate", "toDate"].contains(where: query.contains) { return .gateway }
        switch query["status"] {
        case "missed": return .records
        case "initiated", "ringing", "completed", "failed": return .gateway
        default: return nil
        }
    }
}
