import Observability
import Telemetry
import Testing
import Web
import Wire

@testable import tandem

struct TraceConfigurationTests {
    private func traces(_ values: [String: String]) throws -> TraceSettings? {
        try Configuration(Environment(process: values), processorCount: 2).traces
    }

    /// The attributes of the resource as text.
    private func resource(_ settings: TraceSettings) -> [String: String] {
        settings.resource.reduce(into: [:]) { texts, field in
            if case .text(let text) = field.value { texts[field.name] = text }
        }
    }

    @Test func `without a word a collector is looked for where one usually is`() throws {
        let settings = try #require(try traces([:]))
        #expect(settings.endpoint.origin == "http://localhost:4317" && !settings.isNamed)
        #expect(settings.transport == .grpc && settings.sampler == .standard)
        #expect(resource(settings) == ["service.name": "telephony-gateway", "service.version": "1.0.0"])
        #expect(try traces(["OTEL_SDK_DISABLED": "true"]) == nil)
        #expect(try traces(["TEST_MODE": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"]) == nil)
    }

    @Test(arguments: [
        ("http://c:4317", nil, TraceSettings.Transport.grpc), ("http://c:4318", nil, .http), ("https://c", nil, .http),
        ("http://c:4318", "grpc", .grpc), ("http://c:4317", "http/protobuf", .http),
    ]) func `the port says which protocol is spoken, unless a variable does`(
        endpoint: String, name: String?, expected: TraceSettings.Transport
    ) throws {
        var values = ["OTEL_EXPORTER_OTLP_ENDPOINT": endpoint]
        values["OTEL_EXPORTER_OTLP_PROTOCOL"] = name
        let settings = try #require(try traces(values))
        #expect(settings.transport == expected && settings.isNamed)
    }

    @Test func `names, headers and attributes are read as OpenTelemetry writes them`() throws {
        let settings = try #require(
            try traces([
                "SERVICE_NAME": "gw", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%2Cb, x=1",
                "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,service.version=9,team=voice%20one",
            ]))
        #expect(settings.fields["api-key"] == "a,b" && settings.fields["x"] == "1")
        #expect(resource(settings) == ["service.name": "other", "service.version": "9", "team": "voice one"])
        let named = try #require(
            try traces(["OTEL_SERVICE_NAME": "mine", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"]))
        #expect(resource(named)["service.name"] == "mine")
    }

    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://collector"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"), ("OTEL_EXPORTER_OTLP_HEADERS", "novalue"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"), ("OTEL_RESOURCE_ATTRIBUTES", "=x"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"), ("OTEL_TRACES_SAMPLER_ARG", "2"), ("OTEL_SDK_DISABLED", "perhaps"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
    ]) func `what cannot be used is named`(variable: String, value: String) {
        let error = #expect(throws: ConfigurationError.self) { try traces([variable: value]) }
        #expect(error?.variable == variable)
    }
}
