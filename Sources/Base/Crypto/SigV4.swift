package import Wire

/// Signs requests to S3 and its like with AWS Signature Version 4 ("Authenticating Requests", AWS S3 API reference).
package struct SigV4: Sendable {
    private let accessKey: String
    private let secretKey: String
    private let region: String
    private let service: String

    package init(accessKey: String, secretKey: String, region: String, service: String = "s3") {
        (self.accessKey, self.secretKey) = (accessKey, secretKey)
        (self.region, self.service) = (region, service)
    }

    /// SHA-256 of no body.
    package static let emptyHash = Hex.encode(Hash.sha256([]))

    /// What a signature covers.
    package struct Request: Sendable {
        package var method: String
        /// As in `Host`: with the port, unless it is the scheme's own.
        package var host: String
        /// Not yet escaped; begins with a slash.
        package var path: String
        /// Header fields that are signed besides `Host` and those of the signature itself.
        package var fields: [(name: String, value: String)] = []
        /// SHA-256 of the body in lowercase hexadecimal.
        package var bodyHash = SigV4.emptyHash

        package init(method: String, host: String, path: String) {
            (self.method, self.host, self.path) = (method, host, path)
        }

        /// What the request line names.
        package var target: String { PercentEscapes.encode(path, keepingSlashes: true) }
    }

    /// The header fields that sign a request.
    package func fields(for request: Request, at moment: WallTime) -> [(name: String, value: String)] {
        let date = Self.date(moment)
        let own = [("x-amz-content-sha256", request.bodyHash), ("x-amz-date", date)]
        let signed = canonical(request.fields + own, host: request.host)
        let names = signed.map(\.name).joined(separator: ";")
        let text =
            ([request.method, request.target, ""] + signed.map { "\($0.name):\($0.value)" } + [
                "", names, request.bodyHash,
            ]).joined(separator: "\n")
        let scope = scope(date)
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope),SignedHeaders=\(names),"
            + "Signature=\(signature(of: text, date: date, scope: scope))"
        return own + [("Authorization", authorization)]
    }

    /// The query with which anybody may send the request, until it expires; its body is not signed.
    package func query(for request: Request, at moment: WallTime, expiresIn seconds: Int) -> String {
        let (date, signed) = (Self.date(moment), canonical(request.fields, host: request.host))
        let (scope, names) = (scope(date), signed.map(\.name).joined(separator: ";"))
        let items = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(accessKey)/\(scope)"),
            ("X-Amz-Date", date), ("X-Amz-Expires", String(seconds)), ("X-Amz-SignedHeaders", names),
        ]
        let query = items.map { "\($0.0)=\(PercentEscapes.encode($0.1))" }.joined(separator: "&")
        let text =
            ([request.method, request.target, query] + signed.map { "\($0.name):\($0.value)" } + [
                "", names, "UNSIGNED-PAYLOAD",
            ]).joined(separator: "\n")
        return "\(query)&X-Amz-Signature=\(signature(of: text, date: date, scope: scope))"
    }

    // MARK: - Parts

    private func scope(_ date: String) -> String { "\(date.prefix(8))/\(region)/\(service)/aws4_request" }

    private func signature(of canonical: String, date: String, scope: String) -> String {
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(Hex.encode(Hash.sha256(canonical)))"
        let steps = [String(date.prefix(8)), region, service, "aws4_request", text]
        let code = steps.reduce(Array("AWS4\(secretKey)".utf8)) { key, step in
            Hash.sha256.hmac(key: key, Array(step.utf8))
        }
        return Hex.encode(code)
    }

    /// In lower case and in order, blanks at the ends and in a row taken out.
    private func canonical(_ fields: [(name: String, value: String)], host: String) -> [(name: String, value: String)] {
        (fields + [("host", host)]).map { field in
            (field.name.lowercased(), field.value.split(separator: " ").joined(separator: " "))
        }.sorted { $0.0 < $1.0 }
    }

    /// Such as 20130524T000000Z.
    private static func date(_ moment: WallTime) -> String {
        moment.iso8601().prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
