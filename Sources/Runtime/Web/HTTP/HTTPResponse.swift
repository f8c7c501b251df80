package import Wire

/// One response, complete with its body.
///
/// The server adds `Content-Length`, `Date` and `Connection`, and leaves the body out where HEAD, 204 or 304 forbid it.
package struct HTTPResponse: Sendable {
    package var status: HTTPStatus
    package var fields: HTTPFields
    package var body: [UInt8]

    package init(_ status: HTTPStatus, fields: HTTPFields = HTTPFields(), body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A body that is JSON already.
    package static func json(_ status: HTTPStatus = .ok, bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(status, contentType: "application/json; charset=utf-8", body: bytes)
    }

    package static func json(_ status: HTTPStatus = .ok, _ value: JSONValue) -> HTTPResponse {
        .json(status, bytes: value.encoded())
    }

    package static func text(
        _ text: String, status: HTTPStatus = .ok, contentType: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        HTTPResponse(status, contentType: contentType, body: [UInt8](text.utf8))
    }

    package static func empty(_ status: HTTPStatus = .noContent) -> HTTPResponse { HTTPResponse(status) }

    package static func redirect(to location: String, status: HTTPStatus = .found) -> HTTPResponse {
        var response = HTTPResponse(status)
        response.fields["Location"] = location
        return response
    }

    package init(_ status: HTTPStatus, contentType: String, body: [UInt8]) {
        self.init(status, body: body)
        fields["Content-Type"] = contentType
    }

    /// The same response with one more field, replacing what had its name.
    package func with(_ name: String, _ value: String) -> HTTPResponse {
        var copy = self
        copy.fields[name] = value
        return copy
    }
}

/// A status code (RFC 9110 §15).
package struct HTTPStatus: Hashable, Sendable {
    package let code: Int

    /// Nil outside 100…599.
    package init?(code: Int) {
        guard 100...599 ~= code else { return nil }
        self.code = code
    }

    private init(_ code: Int) { self.code = code }

    package var isSuccess: Bool { 200..<300 ~= code }

    package static let switchingProtocols = HTTPStatus(101)
    package static let ok = HTTPStatus(200)
    package static let created = HTTPStatus(201)
    package static let accepted = HTTPStatus(202)
    package static let noContent = HTTPStatus(204)
    package static let partialContent = HTTPStatus(206)
    package static let movedPermanently = HTTPStatus(301)
    package static let found = HTTPStatus(302)
    package static let notModified = HTTPStatus(304)
    package static let badRequest = HTTPStatus(400)
    package static let unauthorized = HTTPStatus(401)
    package static let forbidden = HTTPStatus(403)
    package static let notFound = HTTPStatus(404)
    package static let methodNotAllowed = HTTPStatus(405)
    package static let requestTimeout = HTTPStatus(408)
    package static let conflict = HTTPStatus(409)
    package static let payloadTooLarge = HTTPStatus(413)
    package static let uriTooLong = HTTPStatus(414)
    package static let unsupportedMediaType = HTTPStatus(415)
    package static let rangeNotSatisfiable = HTTPStatus(416)
    package static let expectationFailed = HTTPStatus(417)
    package static let unprocessable = HTTPStatus(422)
    package static let upgradeRequired = HTTPStatus(426)
    package static let tooManyRequests = HTTPStatus(429)
    package static let headerFieldsTooLarge = HTTPStatus(431)
    package static let internalError = HTTPStatus(500)
    package static let notImplemented = HTTPStatus(501)
    package static let badGateway = HTTPStatus(502)
    package static let serviceUnavailable = HTTPStatus(503)
    package static let versionNotSupported = HTTPStatus(505)

    /// The phrase of the status line.
    package var reason: String { Self.reasons[code] ?? "Unknown" }

    /// Whether a response with this status never has a body.
    package var forbidsBody: Bool { code < 200 || code == 204 || code == 304 }

    private static let reasons: [Int: String] = [
        101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content",
        206: "Partial Content", 416: "Range Not Satisfiable",
        301: "Moved Permanently", 302: "Found", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
        403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict",
        413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 417: "Expectation Failed",
        422: "Unprocessable Content", 426: "Upgrade Required", 429: "Too Many Requests",
        431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
        502: "Bad Gateway", 503: "Service Unavailable", 505: "HTTP Version Not Supported",
    ]
}
