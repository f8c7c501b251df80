import Observability
import Telemetry
import Web
import Wire

/// Where traces go, by the standard variables of OpenTelemetry.
extension Configuration {
    mutating func readTraces(_ reader: ConfigurationReader) throws(ConfigurationError) {
        guard try !reader.flag("OTEL_SDK_DISABLED") else { return }
        let name = "OTEL_EXPORTER_OTLP_ENDPOINT"
        guard let endpoint = HTTPURL(reader.value(name)) else {
            throw ConfigurationError(
                variable: name, problem: "it is no URL", cure: "write one such as http://collector:4317, or unset it")
        }
        var settings = TraceSettings(endpoint: endpoint, transport: try traceTransport(endpoint, reader))
        settings.isNamed = reader.text(name) != nil
        for (key, value) in try pairs("OTEL_EXPORTER_OTLP_HEADERS", reader) { settings.fields.add(key, value) }
        settings.compresses = try isCompressed(reader)
        settings.authorities = try reader.file("OTEL_EXPORTER_OTLP_CERTIFICATE")
        let timeout = try reader.integer("OTEL_EXPORTER_OTLP_TIMEOUT", in: 1...60_000)
        settings.timeout = .milliseconds(timeout)
        settings.plan = try exportPlan(reader)
        settings.sampler = try sampler(reader)
        settings.resource = try resource(reader)
        settings.version = service.version
        traces = settings
    }

    /// gRPC at its usual port, unless the variable says otherwise.
    private func traceTransport(
        _ endpoint: HTTPURL, _ reader: ConfigurationReader
    ) throws(ConfigurationError) -> TraceSettings.Transport {
        let name = "OTEL_EXPORTER_OTLP_PROTOCOL"
        guard let text = reader.text(name) else { return endpoint.port == 4317 ? .grpc : .http }
        return try Self.choice(name, text)
    }

    private func exportPlan(_ reader: ConfigurationReader) throws(ConfigurationError) -> ExportPlan.Settings {
        var plan = ExportPlan.Settings()
        plan.capacity = try reader.integer("OTEL_BSP_MAX_QUEUE_SIZE", in: 1...1_000_000)
        plan.batch = min(
            try reader.integer("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", in: 1...10_000), plan.capacity)
        plan.gathering = try reader.milliseconds("OTEL_BSP_SCHEDULE_DELAY")
        return plan
    }

    private func isCompressed(_ reader: ConfigurationReader) throws(ConfigurationError) -> Bool {
        let name = "OTEL_EXPORTER_OTLP_COMPRESSION"
        let word = reader.value(name).lowercased()
        guard ["gzip", "none"].contains(word) else {
            throw ConfigurationError(
                variable: name, problem: "\"\(word)\" is not known", cure: "choose gzip or none")
        }
        return word == "gzip"
    }

    private func sampler(_ reader: ConfigurationReader) throws(ConfigurationError) -> Sampler {
        let text = reader.value("OTEL_TRACES_SAMPLER_ARG")
        guard let ratio = Double(text), (0...1).contains(ratio) else {
            throw ConfigurationError(
                variable: "OTEL_TRACES_SAMPLER_ARG", problem: "\"\(text)\" is no number from 0 to 1",
                cure: "write the part of the traces that is kept, such as 0.01, or unset it")
        }
        let name = reader.value("OTEL_TRACES_SAMPLER")
        guard let sampler = Sampler(named: name.lowercased(), ratio: ratio) else {
            throw ConfigurationError(
                variable: "OTEL_TRACES_SAMPLER", problem: "\"\(name)\" is not known",
                cure: "choose one of " + Sampler.names.joined(separator: ", "))
        }
        return sampler
    }

    /// Who the spans come from; the name of the service has a variable of its own.
    private func resource(_ reader: ConfigurationReader) throws(ConfigurationError) -> [LogField] {
        var attributes = [("service.name", service.name), ("service.version", service.version)]
        if let name = reader.text("NODE_ENV") ?? reader.text("APP_ENV") {
            attributes.append(("deployment.environment.name", name))
        }
        for pair in try pairs("OTEL_RESOURCE_ATTRIBUTES", reader) {
            attributes.removeAll { $0.0 == pair.0 }
            attributes.append(pair)
        }
        if let name = reader.text("OTEL_SERVICE_NAME") {
            attributes.removeAll { $0.0 == "service.name" }
            attributes.insert(("service.name", name), at: 0)
        }
        return attributes.map { LogField($0.0, $0.1) }
    }

    /// `name=value`, comma separated, with what would not fit escaped by per cent signs.
    private func pairs(
        _ name: String, _ reader: ConfigurationReader
    ) throws(ConfigurationError) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for entry in (reader.text(name) ?? "").split(separator: ",").map({ String($0).trimmed }) where !entry.isEmpty {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, case let key = String(parts[0]).trimmed, !key.isEmpty,
                let value = Self.unescaped(String(parts[1]).trimmed)
            else {
                throw ConfigurationError(
                    variable: name, problem: "entry \(pairs.count + 1) is not name=value",
                    cure: "write name=value, comma separated, with %2C for a comma")
            }
            pairs.append((key, value))
        }
        return pairs
    }

    /// Nil when a per cent sign has not two hexadecimal digits behind it.
    private static func unescaped(_ text: String) -> String? {
        let parts = text.split(separator: "%", omittingEmptySubsequences: false)
        var bytes = Array(parts[0].utf8)
        for part in parts.dropFirst() {
            guard let byte = Hex.decode(String(part.prefix(2))), byte.count == 1 else { return nil }
            bytes += byte + Array(part.dropFirst(2).utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
