package import Reactor
package import Telemetry
package import Web
import Wire

/// Where the exchange posts its events: the addresses of documents 000 and 001.
package struct MangoRoutes: Sendable {
    private let loop: any EventLoop
    private let ingest: MangoIngest
    private let settings: MangoSettings
    private let metrics: MangoMetrics
    private let logger: Logger
    /// Why a request may not see settings; nil: it may.
    private let refuse: @Sendable (HTTPRequest) -> Failure?
    private let version: String

    package init(
        loop: any EventLoop, ingest: MangoIngest, settings: MangoSettings, metrics: MangoMetrics, version: String,
        logger: Logger, refuse: @escaping @Sendable (HTTPRequest) -> Failure?
    ) {
        (self.loop, self.ingest, self.settings, self.metrics) = (loop, ingest, settings, metrics)
        (self.version, self.logger, self.refuse) = (version, logger, refuse)
    }

    /// What the exchange is answered: document 000 says what was done, 001 only that it was.
    private enum Style {
        case records
        case plain

        /// The family of clients that know the address.
        var family: String { self == .records ? "records" : "mango" }
    }

    package func add(to router: inout Router) {
        addEvents(below: "/api/v1/webhook/mango", .records, to: &router)
        addEvents(below: "/api/v1/webhook", .records, to: &router)
        addEvents(below: "/api/webhooks/mango", .plain, to: &router)
        receive("/api/v1/webhook/mango", .base, .records, &router)
        receive("/api/v1/webhook/mango/recording", .recording, .records, &router)
        receive("/api/webhooks/mango", .base, .plain, &router)
        if settings.webhookURL.hasPrefix("/"), settings.webhookURL != "/api/webhooks/mango" {
            receive(settings.webhookURL, .base, .plain, &router)
            addEvents(below: settings.webhookURL, .plain, to: &router)
        }
        addSettings(to: &router)
        addStatus(to: &router)
    }

    private func addEvents(below base: String, _ style: Style, to router: inout Router) {
        for template in ["events/:first", "events/:first/:second", "result/:first", "result/:first/:second", "ping"] {
            router.on(.post, "\(base)/\(template)", .mangoEvent(style.family, at: template)) { request, parameters in
                let kind = template.split(separator: "/").first.map(String.init) ?? ""
                let rest = [parameters["first"], parameters["second"]].filter { !$0.isEmpty }
                return await respond(to: request, at: MangoPath([kind] + rest), style)
            }
        }
    }

    private func receive(_ template: String, _ path: MangoPath, _ style: Style, _ router: inout Router) {
        router.on(.post, template, .mangoEvent(style.family)) { request, _ in
            await respond(to: request, at: path, style)
        }
    }

    // MARK: - Events

    private func respond(to request: HTTPRequest, at path: MangoPath, _ style: Style) async -> HTTPResponse {
        do throws(Failure) {
            return try await take(request, at: path, style)
        } catch {
            logger.warn("a webhook is refused", [LogField("code", error.code), LogField("remote", request.remote.ip)])
            metrics.webhooks.with(Self.word(for: path), "refused").increment()
            return error.response
        }
    }

    private func take(_ request: HTTPRequest, at path: MangoPath, _ style: Style) async throws(Failure) -> HTTPResponse
    {
        if path == .ping, request.body.isEmpty { return answer(.pong, style) }
        let envelope = try MangoEnvelope(request)
        let isGood = try settings.check(envelope, from: request.remote.ip)
        warnOfForeignAccount(envelope)
        let event: MangoEvent
        do throws(MangoParseError) {
            event = try MangoEvent(envelope.object, at: path, received: loop.wallTime)
        } catch {
            metrics.webhooks.with(Self.word(for: path), "refused").increment()
            if case .fieldsMissing(let names) = error { return Failure.fieldsMissing(names).response }
            return answer(MangoReply(error), style)
        }
        let delivery = MangoDelivery(
            event: event, payload: envelope.payload, digest: envelope.digest, remoteIP: "\(request.remote.ip)",
            isSignatureGood: isGood, receivedAt: loop.wallTime)
        guard let result = await receive(delivery) else { throw .overloaded }
        let word = result.isRepeated ? "repeated" : result.reply.isSuccess ? "accepted" : "refused"
        metrics.webhooks.with(event.kind, word).increment()
        logger.info(
            "webhook",
            [
                LogField("kind", event.kind), LogField("entry", event.entryID ?? ""),
                LogField("leg", event.callID ?? ""), LogField("result", word),
                LogField("reply", result.reply.message),
            ])
        return answer(result.reply, style)
    }

    private func receive(_ delivery: MangoDelivery) async -> MangoIngest.Result? {
        guard let scope = TraceContext.scope else { return await ingest.receive(delivery) }
        let attributes = [
            LogField("mango.event", delivery.event.kind), LogField("mango.entry_id", delivery.event.entryID ?? ""),
            LogField("mango.call_id", delivery.event.callID ?? ""),
        ]
        return await scope.measure("mango.webhook", .internal, attributes) { await ingest.receive(delivery) }
    }

    private func answer(_ reply: MangoReply, _ style: Style) -> HTTPResponse {
        switch style {
        case .records: .json(.ok, reply.json)
        case .plain: .json(.ok, ["success": true])
        }
    }

    private func warnOfForeignAccount(_ envelope: MangoEnvelope) {
        guard let own = settings.apiID, let theirs = envelope.object["vpbx_api_id"]?.stringValue, own != theirs else {
            return
        }
        logger.warn("a webhook names another account than MANGO_API_ID")
    }

    /// A label from a closed list.
    private static func word(for path: MangoPath) -> String {
        switch path {
        case .base, .call: "call"
        case .summary: "summary"
        case .recording: "recording"
        case .recordAdded: "record_added"
        case .recordTagged: "record_tagged"
        case .dtmf: "dtmf"
        case .sms: "sms"
        case .result: "result"
        case .ping: "ping"
        }
    }

    // MARK: - What people ask

    private func addSettings(to router: inout Router) {
        let (settings, refuse) = (settings, refuse)
        router.on(.get, "/api/webhooks/mango/settings", .mangoSettings) { request, _ in
            if let refusal = refuse(request) { return refusal.response }
            func masked(_ secret: String?) -> JSONValue { secret == nil ? "" : "***" }
            return .json(
                .ok,
                [
                    "success": true,
                    "data": [
                        "webhookUrl": .string(settings.webhookURL), "apiUrl": .string(settings.apiURL),
                        "apiKey": masked(settings.apiKey), "apiId": masked(settings.apiID),
                    ],
                ])
        }
    }

    private func addStatus(to router: inout Router) {
        let (loop, version) = (loop, version)
        router.on(.get, "/api/webhooks/mango/status", .mangoStatus) { _, _ in
            let base = "/api/webhooks/mango"
            return .json(
                .ok,
                [
                    "success": true,
                    "data": [
                        "status": "active", "timestamp": .string(loop.wallTime.iso8601()), "version": .string(version),
                        "endpoints": [
                            "webhook": .string(base), "summary": .string("\(base)/events/summary"),
                            "status": .string("\(base)/status"), "recording": .string("\(base)/events/recording"),
                            "call": .string("\(base)/events/call"),
                        ],
                    ],
                ])
        }
    }
}
