package import CallModel
package import Calls
import Directory
import Reactor
import Telemetry
package import Web
import Wire

/// Commands the exchange for calls that it switches: what comes of it is told by its events.
package actor MangoExchange {
    nonisolated let services: MangoServices
    package nonisolated var unownedExecutor: UnownedSerialExecutor { services.loop.asUnownedSerialExecutor() }
    private let settings: MangoSettings
    private let keys: MangoKeys
    private let client: HTTPClient
    private let ingest: MangoIngest
    private let metrics: MangoMetrics
    private var limits = CommandLimits()
    private var entropy: Entropy

    private static let timeout = Duration.seconds(15)
    /// A call that we asked for and heard nothing of is none.
    private static let patience = Duration.seconds(60)

    /// Nil without the keys of the account.
    package init?(
        _ services: MangoServices, settings: MangoSettings, client: HTTPClient, ingest: MangoIngest,
        metrics: MangoMetrics
    ) {
        guard let keys = settings.keys else { return nil }
        (self.services, self.settings, self.keys) = (services, settings, keys)
        (self.client, self.ingest, self.metrics) = (client, ingest, metrics)
        entropy = services.loop.makeEntropy()
    }

    // MARK: - Commands

    private func commandHangUp(_ record: CallRecord) async {
        guard let leg = await ingest.leg(of: record.uuid) else { return await ingest.hangUpOnceThere(record.uuid) }
        await send(.hangUp(leg: leg.callID))
    }

    private func commandHold(_ record: CallRecord) async {
        guard let leg = await ingest.leg(of: record.uuid), let initiator = leg.initiator else { return }
        await send(.hold(leg: leg.callID, initiator: initiator))
    }

    private func commandTransfer(_ record: CallRecord, to number: String, asksFirst: Bool) async {
        guard let leg = await ingest.leg(of: record.uuid) else { return }
        if leg.isAnswered, let initiator = leg.initiator {
            await send(.transfer(leg: leg.callID, to: number, initiator: initiator, asksFirst: asksFirst))
        } else if !asksFirst {
            await send(.route(leg: leg.callID, to: number))
        }
    }

    private func commandEnd(_ consultation: ConsultationEnd, _ record: CallRecord) async {
        guard let legs = await ingest.consultation(of: record.uuid) else { return }
        switch consultation {
        case .connect:
            guard let talking = legs.talking, let initiator = legs.initiator else { return }
            await send(.connect(held: legs.held, talking: talking, initiator: initiator))
        case .cancel: await send(.cancelTransfer(held: legs.held))
        }
    }

    private func commandRecording(_ record: CallRecord) async {
        guard let leg = await ingest.leg(of: record.uuid), let party = leg.initiator else { return }
        await send(.record(leg: leg.callID, party: party))
    }

    private func commandCall(_ record: CallRecord) async {
        guard let from = record.extension else { return }
        let id = "gw_\(UUID(using: &entropy))"
        await ingest.expect(record.uuid, as: id)
        services.loop.schedule(after: Self.patience) { [ingest] in
            ingest.assumeIsolated { $0.giveUp(id, .signallingTimeout) }
        }
        let (to, line) = (record.receiverNumber, record.lineNumber)
        let isGroup = services.roster.current.queue(extension: from) != nil
        let result = await send(
            isGroup ? .callback(fromGroup: from, to: to, line: line) : .callback(from: from, to: to, line: line), id: id
        )
        if result != .done { await ingest.giveUp(id, .upstreamFailed) }
    }

    @discardableResult
    private func send(_ command: MangoCommand, id: String? = nil) async -> MangoResult? {
        let result = await perform(command, id: id ?? "gw_\(UUID(using: &entropy))")
        let word = result?.word ?? "unreachable"
        metrics.commands.with(command.path, word).increment()
        services.logger.info("command", [LogField("command", command.path), LogField("result", word)])
        return result
    }

    /// Nil when the exchange was not asked or did not answer.
    private func perform(_ command: MangoCommand, id: String) async -> MangoResult? {
        var fields = command.fields
        fields.append("command_id", .string(id))
        do throws(HTTPClientError) {
            guard let answer = try await post(command.path, fields, longest: 1 << 16) else { return nil }
            let code = (try? JSONValue(parsing: answer.body))?["result"]?.integerValue
            if let code { return MangoResult(code: Int(clamping: code)) }
            return MangoResult(code: answer.status == 429 ? 4290 : (200..<300).contains(answer.status) ? 1000 : 5000)
        } catch {
            services.logger.warn("the exchange cannot be commanded", [LogField("reason", "\(error)")])
            return nil
        }
    }

    /// Sends a signed request when its turn has come; nil when too many wait for theirs.
    func post(
        _ path: String, _ fields: JSONObject, longest: Int
    ) async throws(HTTPClientError) -> HTTPClientResponse? {
        guard let moment = limits.reserve(path, now: services.loop.now),
            let url = HTTPURL("\(settings.apiURL)/\(path)")
        else { return nil }
        await services.loop.pause(moment - services.loop.now)
        var request = HTTPClientRequest(url)
        (request.method, request.timeout, request.longestBody) = (.post, Self.timeout, longest)
        request.fields.add("Content-Type", "application/x-www-form-urlencoded")
        request.body = keys.form(JSONValue.object(fields).text)
        return try await client.perform(request)
    }
}

extension MangoExchange: VendorExchange {
    package nonisolated func hangUp(_ record: CallRecord) { Task { await commandHangUp(record) } }
    package nonisolated func hold(_ record: CallRecord) { Task { await commandHold(record) } }
    package nonisolated func transfer(_ record: CallRecord, to number: String, asksFirst: Bool) {
        Task { await commandTransfer(record, to: number, asksFirst: asksFirst) }
    }
    package nonisolated func end(_ consultation: ConsultationEnd, of record: CallRecord) {
        Task { await commandEnd(consultation, record) }
    }
    package nonisolated func startRecording(_ record: CallRecord) { Task { await commandRecording(record) } }
    package nonisolated func call(_ record: CallRecord) { Task { await commandCall(record) } }
}
