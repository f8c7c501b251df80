import Crypto
import Reactor
package import Web
package import Wire

/// A bucket of S3, or of a server that speaks like it.
package struct ObjectStore: Sendable {
    package struct Settings: Sendable {
        package var bucket: String
        package var region = "us-east-1"
        /// Nil: Amazon's own, which have a name for each bucket.
        package var endpoint: HTTPURL?
        package var accessKey = ""
        package var secretKey = ""
        /// What the names of recordings begin with.
        package var prefix = "callcentre/recordings/"

        package init(bucket: String) { self.bucket = bucket }

        /// Where requests go.
        package var url: String { address.origin }

        /// Path-style for other servers, and for buckets whose name no certificate is good for.
        fileprivate var address: (origin: String, host: String, base: String) {
            if let endpoint { return (endpoint.origin, endpoint.hostAndPort, "\(endpoint.path)/\(bucket)") }
            let amazon = "s3.\(region).amazonaws.com"
            guard !bucket.contains(".") else { return ("https://\(amazon)", amazon, "/\(bucket)") }
            return ("https://\(bucket).\(amazon)", "\(bucket).\(amazon)", "")
        }
    }

    let settings: Settings
    private let signer: SigV4
    private let client: HTTPClient
    private let wallTime: @Sendable () -> WallTime

    /// How long a link may be used.
    package static let linkLifetime = 3600  // seconds
    private static let timeout = Duration.seconds(60)

    package init(_ settings: Settings, client: HTTPClient, wallTime: @escaping @Sendable () -> WallTime) {
        (self.settings, self.client, self.wallTime) = (settings, client, wallTime)
        signer = SigV4(accessKey: settings.accessKey, secretKey: settings.secretKey, region: settings.region)
    }

    /// Stores a file under a name, or replaces what has that name.
    func put(_ file: HTTPFile, sha256: String, as key: String, contentType: String) async throws(HTTPClientError) {
        var signed = request("PUT", key)
        (signed.bodyHash, signed.fields) = (sha256, [("Content-Type", contentType)])
        var request = try ask(.put, signed)
        request.file = file
        request.fields.add("Content-Type", contentType)
        let answer = try await client.perform(request)
        guard answer.status == 200 else { throw .status(answer.status) }
    }

    /// Whether there is something of that name.
    package func has(_ key: String) async throws(HTTPClientError) -> Bool {
        let answer = try await client.perform(try ask(.head, request("HEAD", key)))
        switch answer.status {
        case 200: return true
        case 404: return false
        default: throw .status(answer.status)
        }
    }

    /// An address under which whoever has it can fetch what has that name, for an hour.
    package func link(to key: String) -> String {
        let signed = request("GET", key)
        let query = signer.query(for: signed, at: wallTime(), expiresIn: Self.linkLifetime)
        return "\(settings.address.origin)\(signed.target)?\(query)"
    }

    private func request(_ method: String, _ key: String) -> SigV4.Request {
        SigV4.Request(method: method, host: settings.address.host, path: "\(settings.address.base)/\(key)")
    }

    private func ask(_ method: HTTPMethod, _ signed: SigV4.Request) throws(HTTPClientError) -> HTTPClientRequest {
        guard let url = HTTPURL(settings.address.origin + signed.target) else { throw .hostNotFound }
        var request = HTTPClientRequest(url)
        (request.method, request.timeout) = (method, Self.timeout)
        for field in signer.fields(for: signed, at: wallTime()) { request.fields.add(field.name, field.value) }
        return request
    }
}
