import CallModel
import CallViews
package import Calls
package import Reactor
package import Telemetry
package import Web
import Wire

/// Tells the realtime service of document 000's system what happens to calls (contract §3.6).
///
/// Nobody waits for it: broadcasts are queued and brought in their order, one at a time, over and over while the service
/// is away. What it refuses for good, what it answers amiss a few times, and what does not fit into the queue, is lost and counted.
package actor RealtimeBroadcaster {
    private nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Where it is, and what proves that it is us.
    package struct Target: Sendable {
        package let url: HTTPURL
        package let token: String

        package init(url: HTTPURL, token: String) { (self.url, self.token) = (url, token) }
    }

    private struct Broadcast: Sendable {
        let event: String
        let body: [UInt8]
    }

    private let target: Target
    private let client: HTTPClient
    private let metrics: MangoMetrics
    private let logger: Logger
    private var queue = FIFO<Broadcast>()
    private var isSending = false
    /// Live calls that document 000's clients have been shown.
    private var shown: Set<Int64> = []

    /// What became of bringing one.
    private enum Outcome: String {
        case sent
        /// The service is away, and gets it later.
        case failed
        /// The service answers, but not as it should.
        case amiss
        /// The service wants it no more than later.
        case refused
        /// It is given up, or the program ends.
        case dropped
    }

    private static let maximumQueued = 10_000
    /// How often one is tried that is answered amiss: it must not hold up the others.
    private static let maximumAttempts = 3
    private static let timeout = Duration.seconds(5)
    /// Before it is tried again: twice as long each time, up to the longest.
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(15)

    package init(
        loop: any EventLoop, target: Target, client: HTTPClient, metrics: MangoMetrics, logger: Logger
    ) {
        (self.loop, self.target, self.client) = (loop, target, client)
        (self.metrics, self.logger) = (metrics, logger)
    }

    private func add(_ word: String, _ call: JSONObject, rooms: [String] = ["operators"]) {
        guard queue.count < Self.maximumQueued else { return metrics.broadcasts.with(word, "dropped").increment() }
        let body: JSONValue = [
            "token": .string(target.token), "call": .object(call), "rooms": .array(rooms.map { .string($0) }),
        ]
        queue.append(Broadcast(event: word, body: body.encoded()))
        guard !isSending else { return }
        isSending = true
        Task { await send() }
    }

    private func send() async {
        var (pause, attempts) = (Self.firstPause, 0)
        while let next = queue.first {
            let outcome = await post(next)
            metrics.broadcasts.with(next.event, outcome.rawValue).increment()
            if outcome == .amiss { attempts += 1 }
            if outcome == .failed || (outcome == .amiss && attempts < Self.maximumAttempts) {
                await loop.pause(pause)
                pause = min(pause * 2, Self.longestPause)
            } else {
                if outcome == .amiss { giveUp(next) }
                _ = queue.popFirst()
                (pause, attempts) = (Self.firstPause, 0)
            }
        }
        isSending = false
    }

    private func giveUp(_ broadcast: Broadcast) {
        metrics.broadcasts.with(broadcast.event, Outcome.dropped.rawValue).increment()
        logger.error("a broadcast is given up", [LogField("event", broadcast.event)])
    }

    private func post(_ broadcast: Broadcast) async -> Outcome {
        guard let url = target.url.appending("api/v1/broadcast/\(broadcast.event)") else { return .refused }
        var request = HTTPClientRequest(url)
        (request.method, request.body, request.timeout) = (.post, broadcast.body, Self.timeout)
        request.fields.add("Content-Type", "application/json")
        do throws(HTTPClientError) {
            let status = try await client.perform(request).status
            if (200..<300).contains(status) { return .sent }
            logger.warn("the realtime service refuses a broadcast", [LogField("status", status)])
            if Self.statusesOfAbsence.contains(status) { return .failed }
            return (400..<500).contains(status) ? .refused : .amiss
        } catch {
            logger.warn("the realtime service cannot be told", [LogField("reason", "\(error)")])
            switch error {
            case .stopped: return .dropped
            case .hostNotFound, .unreachable, .timedOut, .tls, .overloaded, .failed: return .failed
            case .hostRefused, .addressRefused, .tooLong, .badRedirection, .status: return .amiss
            }
        }
    }

    /// What a service answers, or a proxy before it, that is away or has too much to do.
    private static let statusesOfAbsence: Set = [408, 429, 502, 503, 504]
}

extension RealtimeBroadcaster: CallObserver {
    package nonisolated func callChanged(_ event: CallEvent) { assumeIsolated { $0.tell(event) } }
    package nonisolated func upstreamChanged(registered: Bool, detail: String) {}

    /// A call is new to document 000's clients when it is first answered, or over.
    private func tell(_ event: CallEvent) {
        let record = event.record
        switch event.notice {
        case .life(.answered): shown.contains(record.id) ? updated(record) : new(record)
        case .life(.transferred): updated(record)
        case .life(.ended):
            if !shown.contains(record.id) { new(record) }
            shown.remove(record.id)
            add("call-ended", RealtimeView.ended(record))
        case .filed(let isNew): isNew ? fresh(record) : updated(record)
        case .recorded: updated(record)
        case .life, .edited, .recording, .played, .stream: break
        }
    }

    private func new(_ record: CallRecord) {
        shown.insert(record.id)
        fresh(record)
    }

    private func fresh(_ record: CallRecord) {
        let own = record.operatorID.map { ["operator:\($0)"] } ?? []
        add("call-new", RealtimeView.new(record), rooms: ["operators"] + own)
    }

    private func updated(_ record: CallRecord) { add("call-updated", RealtimeView.updated(record)) }
}

/// A call in the words of document 000's broadcasts.
enum RealtimeView {
    static func new(_ record: CallRecord) -> JSONObject {
        var object = head(record)
        object.append("phoneOperator", .string(ownNumber(record)))
        object.append("direction", .string(record.direction == .incoming ? "incoming" : "outgoing"))
        object.append("callDate", .string(record.startedAt.iso8601()))
        object.append("status", status(record))
        object.append("operatorId", JSONValue(record.operatorID))
        return object
    }

    static func updated(_ record: CallRecord) -> JSONObject {
        var object = head(record)
        object.append("status", status(record))
        object.append("duration", JSONValue(record.duration))
        object.append("recordUrl", JSONValue(record.recordingURL))
        object.append("recordFile", JSONValue(record.recordingPath))
        object.append("operatorId", JSONValue(record.operatorID))
        return object
    }

    static func ended(_ record: CallRecord) -> JSONObject {
        var object = head(record)
        object.append("status", status(record))
        object.append("duration", JSONValue(record.duration ?? 0))
        object.append("operatorId", JSONValue(record.operatorID))
        return object
    }

    private static func head(_ record: CallRecord) -> JSONObject {
        [
            "id": .integer(record.id),
            "callId": .string(record.callID ?? record.sipCallID ?? record.uuid.description),
            "phoneClient": .string(record.clientNumber),
        ]
    }

    private static func status(_ record: CallRecord) -> JSONValue { JSONValue(CallView.records.status(of: record)) }

    private static func ownNumber(_ record: CallRecord) -> String {
        record.lineNumber ?? (record.direction == .incoming ? record.receiverNumber : record.callerNumber)
    }
}
