package import Telemetry
package import Web

/// Whither traces go, and which of them (`OTEL_…`).
package struct TraceSettings: Sendable {
    package enum Transport: String, Sendable, CaseIterable {
        case grpc
        case http = "http/protobuf"
    }

    package var endpoint: HTTPURL
    package var transport: Transport
    /// Somebody named the endpoint; else it is looked for, and nothing is recorded until it answers.
    package var isNamed = false
    /// Fields of each request, such as a key: secret.
    package var fields = HTTPFields()
    package var compresses = false
    /// A PEM file of authorities that are trusted instead of the system's.
    package var authorities: String?
    package var timeout = Duration.seconds(10)
    package var sampler = Sampler.standard
    package var resource: [LogField] = []
    package var version = ""
    package var plan = ExportPlan.Settings()

    package init(endpoint: HTTPURL, transport: Transport) {
        (self.endpoint, self.transport) = (endpoint, transport)
    }
}
