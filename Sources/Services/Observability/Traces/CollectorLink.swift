import Web

/// Brings one request to the collector, by HTTP or gRPC, and says what it made of it.
///
/// Belongs to its exporter's thread.
final class CollectorLink {
    let client: HTTPClient
    private let settings: TraceSettings
    private let url: HTTPURL?
    private let gzip: Gzip?

    private static let grpcPath = "opentelemetry.proto.collector.trace.v1.TraceService/Export"

    init(client: HTTPClient, _ settings: TraceSettings) {
        (self.client, self.settings) = (client, settings)
        let path = settings.transport == .grpc ? Self.grpcPath : "v1/traces"
        url = settings.endpoint.appending(path)
        gzip = settings.compresses ? Gzip() : nil
    }

    func send(_ message: [UInt8]) async -> ExportVerdict {
        guard let url else { return .refused("the endpoint cannot be used") }
        var request = HTTPClientRequest(url)
        (request.method, request.timeout, request.redirections) = (.post, settings.timeout, 0)
        (request.fields, request.cutsBody) = (settings.fields, true)
        request.fields["User-Agent"] = "tandem/\(settings.version)"
        request.wantedFields = ["Retry-After", "grpc-status"]
        fill(&request, message)
        do throws(HTTPClientError) {
            let response = try await client.perform(request)
            return settings.transport == .grpc ? ExportVerdict(grpc: response) : ExportVerdict(http: response)
        } catch {
            return ExportVerdict(error)
        }
    }

    private func fill(_ request: inout HTTPClientRequest, _ message: [UInt8]) {
        let compressed = gzip?.compress(message)
        switch settings.transport {
        case .http:
            request.fields["Content-Type"] = "application/x-protobuf"
            if compressed != nil { request.fields["Content-Encoding"] = "gzip" }
            request.body = compressed ?? message
        case .grpc:
            request.speaksHTTP2 = true
            request.fields["Content-Type"] = "application/grpc"
            request.fields["TE"] = "trailers"
            if gzip != nil { request.fields["grpc-encoding"] = "gzip" }
            let body = compressed ?? message
            // A flag and the length go before the message.
            request.body = [compressed == nil ? 0 : 1]
            request.body += (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) }
            request.body += body
        }
    }
}
