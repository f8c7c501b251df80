package import Web
package import Wire

/// `/health…` and `/metrics` (contract §7).
package struct HealthRoutes: Sendable {
    private let service: String
    private let version: String
    private let metrics: MetricPage
    private let wallTime: @Sendable () -> WallTime
    private let report: @Sendable () async -> HealthReport

    package init(
        service: String, version: String, metrics: MetricPage, wallTime: @escaping @Sendable () -> WallTime,
        report: @escaping @Sendable () async -> HealthReport
    ) {
        (self.service, self.version, self.metrics) = (service, version, metrics)
        (self.wallTime, self.report) = (wallTime, report)
    }

    package func add(to router: inout Router) {
        router.on(.get, "/health", .health) { _, _ in await basic() }
        router.on(.get, "/health/live", .live) { _, _ in
            .json(.ok, ["status": "alive", "timestamp": now, "message": "Service is alive"])
        }
        router.on(.get, "/health/ready", .ready) { _, _ in await ready() }
        router.on(.get, "/health/detailed", .detailedHealth) { _, _ in await detailed() }
        router.on(.get, "/metrics", .metrics) { _, _ in
            HTTPResponse(.ok, contentType: Exposition.contentType, body: await metrics.text())
        }
    }

    private var now: JSONValue { .string(wallTime().iso8601()) }

    private func basic() async -> HTTPResponse {
        let report = await report()
        var body: JSONObject = [
            "status": "ok", "service": .string(service), "version": .string(version), "timestamp": now,
            "uptime": .number((report.uptime.inSeconds * 10).rounded() / 10), "connected": .bool(report.isTrunkUp),
            "registeredUsers": .integer(Int64(report.registeredUsers)),
            "services": ["telephony-gateway", "pjsip-service", "calls-service"],
        ]
        if report.isTest { body.append("testMode", true) }
        return .json(.ok, .object(body))
    }

    private func ready() async -> HTTPResponse {
        let report = await report()
        if let reason = report.notReady {
            let message = "Service is not ready: \(reason)"
            return .json(
                .serviceUnavailable, ["status": "not ready", "timestamp": now, "message": .string(message)])
        }
        var body: JSONObject = [
            "status": "ready", "timestamp": now, "message": "Service is ready to handle requests",
        ]
        if !report.degraded.isEmpty { body.append("degraded", JSONValue(report.degraded)) }
        return .json(.ok, .object(body))
    }

    private func detailed() async -> HTTPResponse {
        let report = await report()
        var checks = JSONObject()
        for (name, check) in report.checks {
            checks.append(name, ["status": check.isOK ? "ok" : "error", "message": .string(check.message)])
        }
        return .json(
            report.isHealthy ? .ok : .serviceUnavailable,
            [
                "status": report.isHealthy ? "ok" : "error", "service": .string(service), "version": .string(version),
                "timestamp": now, "checks": .object(checks),
            ])
    }
}
