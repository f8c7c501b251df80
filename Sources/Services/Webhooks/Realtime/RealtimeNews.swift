package import CallModel
package import Calls
import Directory
package import Reactor
package import Telemetry
package import Web
package import Wire

/// Tells the realtime service of document 000's system what happens to calls (contract §3.6).
///
/// Nobody waits for it: broadcasts are written into the outbox, those of a call's life with the call's record, and
/// brought from there in their order, one at a time, over and over while the service is away, and across our own end.
/// What it refuses for good, or answers amiss a few times, is parked for an administrator.
package final class RealtimeNews: Sendable {
    static let kind = "realtime"

    /// Where it is, and what proves that it is us.
    package struct Target: Sendable {
        package let url: HTTPURL
        /// Added when a broadcast is sent, and kept nowhere.
        package let token: String

        package init(url: HTTPURL, token: String) { (self.url, self.token) = (url, token) }
    }

    /// A service that is away is tried for ever, and never long after it is back.
    static let schedule: RetrySchedule = {
        var schedule = RetrySchedule()
        (schedule.longest, schedule.attempts) = (.seconds(15), .max)
        return schedule
    }()

    private let loop: any EventLoop
    private let target: Target
    private let client: HTTPClient
    private let store: any CallStore
    private let broadcasts: Family<Counter>
    /// Gateways that share a store each bring what is theirs, in their own order.
    private let orderingKey: String
    private let entropy: Locked<Entropy>
    /// Live calls that document 000's clients have been shown.
    private let shown = Locked<Set<Int64>>([])
    /// How often the item whose turn it is has been answered amiss.
    private let amiss = Locked<(item: Int64, times: Int)>((0, 0))
    private let wake = Locked<(@Sendable (_ key: String) -> Void)?>(nil)

    /// `gateway` tells apart those that share a store; `broadcasts` counts by event and by what became of it.
    package init(
        loop: any EventLoop, target: Target, client: HTTPClient, store: any CallStore, gateway: UUID?,
        broadcasts: Family<Counter>
    ) {
        (self.loop, self.target, self.client, self.store) = (loop, target, client, store)
        self.broadcasts = broadcasts
        orderingKey = gateway.map { "\(Self.kind):\($0)" } ?? Self.kind
        entropy = Locked(loop.makeEntropy())
    }

    /// `wake` is called from any thread when something was written, or is about to be.
    func follow(_ wake: @escaping @Sendable (_ key: String) -> Void) { self.wake.withLock { $0 = wake } }

    // MARK: - What is told

    /// The rows that tell of a step of a call's life; to be written with the record it is about.
    ///
    /// A call is new to document 000's clients when it is first answered, or over. From any thread.
    func rows(for event: CallEvent) -> [CallRow] {
        guard case .life(let notice) = event.notice else { return [] }
        let record = event.record
        switch notice {
        case .answered:
            let isNew = shown.withLock { $0.insert(record.id).inserted }
            return rows(isNew ? [new(record)] : [updated(record)])
        case .transferred: return rows([updated(record)])
        case .ended:
            let wasShown = shown.withLock { $0.remove(record.id) != nil } || wasShownByFormerRun(record)
            return rows((wasShown ? [] : [new(record)]) + [("call-ended", RealtimeView.ended(record), Self.everybody)])
        default: return []
        }
    }

    /// A call that was cut off with the program was told of when it was answered.
    private func wasShownByFormerRun(_ record: CallRecord) -> Bool {
        record.endReason == .interrupted && record.answeredAt != nil
    }

    private typealias Broadcast = (word: String, call: JSONObject, rooms: [String])
    private static let everybody = ["operators"]

    private func new(_ record: CallRecord) -> Broadcast {
        let own = record.operatorID.map { ["operator:\($0)"] } ?? []
        return ("call-new", RealtimeView.new(record), Self.everybody + own)
    }

    private func updated(_ record: CallRecord) -> Broadcast {
        ("call-updated", RealtimeView.updated(record), Self.everybody)
    }

    private func rows(_ broadcasts: [Broadcast]) -> [CallRow] {
        let now = loop.wallTime
        let items = broadcasts.map { broadcast in
            let body: JSONValue = [
                "event": .string(broadcast.word), "call": .object(broadcast.call),
                "rooms": .array(broadcast.rooms.map { .string($0) }),
            ]
            return CallRow.outbox(
                OutboxItem(
                    kind: Self.kind, orderingKey: orderingKey,
                    messageID: entropy.withLock { UUID(using: &$0) }.description, body: body.text, at: now))
        }
        wake.withLock { $0 }?(orderingKey)
        return items
    }

    // MARK: - Bringing it

    private static let timeout = Duration.seconds(5)
    /// How often one is tried that is answered amiss: it must not hold up the others.
    private static let mostAmiss = 3
    /// What a service answers, or a proxy before it, that is away or has too much to do; or that has another token: one
    /// of the two will be told the right one.
    private static let statusesOfAbsence: Set = [401, 403, 408, 429, 502, 503, 504]

    /// Brings one broadcast, and says what the service made of it.
    func send(_ item: OutboxItem) async -> OutboxCourier.Result {
        guard let kept = (try? JSONValue(parsing: item.body))?.objectValue, let word = kept["event"]?.stringValue,
            let url = target.url.appending("api/v1/broadcast/\(word)")
        else { return .refused("nothing that can be sent") }
        let body: JSONValue = [
            "token": .string(target.token), "call": kept["call"] ?? .null, "rooms": kept["rooms"] ?? .array([]),
        ]
        var request = HTTPClientRequest(url)
        (request.method, request.body, request.timeout) = (.post, body.encoded(), Self.timeout)
        request.cutsBody = true
        request.fields.add("Content-Type", "application/json")
        let result: OutboxCourier.Result
        do throws(HTTPClientError) {
            result = self.result(of: item, status: try await client.perform(request).status)
        } catch {
            result = self.result(of: item, error)
        }
        count(word, result)
        return result
    }

    private func result(of item: OutboxItem, status: Int) -> OutboxCourier.Result {
        switch status {
        case 200..<300: .arrived
        case _ where Self.statusesOfAbsence.contains(status): .failed("HTTP \(status)")
        case 400..<500: .refused("HTTP \(status)")
        default: answeredAmiss(item, "HTTP \(status)")
        }
    }

    private func result(of item: OutboxItem, _ error: HTTPClientError) -> OutboxCourier.Result {
        switch error {
        case .stopped: .withheld
        case .hostNotFound, .unreachable, .timedOut, .tls, .overloaded, .failed: .failed("\(error)")
        case .hostRefused, .addressRefused, .tooLong, .badRedirection, .status: answeredAmiss(item, "\(error)")
        }
    }

    private func answeredAmiss(_ item: OutboxItem, _ words: String) -> OutboxCourier.Result {
        let times = amiss.withLock { amiss in
            amiss = (item.id, amiss.item == item.id ? amiss.times + 1 : 1)
            return amiss.times
        }
        return times < Self.mostAmiss ? .failed(words) : .refused(words)
    }

    private func count(_ word: String, _ result: OutboxCourier.Result) {
        switch result {
        case .arrived: broadcasts.with(word, "sent").increment()
        case .failed: broadcasts.with(word, "failed").increment()
        case .refused: broadcasts.with(word, "refused").increment()
        case .pointless, .withheld: break
        }
    }
}

/// What happens to records that no call's life goes with.
extension RealtimeNews: CallObserver {
    package func callChanged(_ event: CallEvent) {
        let rows: [CallRow]
        switch event.notice {
        case .filed(let isNew): rows = self.rows([isNew ? new(event.record) : updated(event.record)])
        case .recorded: rows = self.rows([updated(event.record)])
        case .life, .edited, .recording, .played, .stream: return
        }
        store.write(CallChange(record: nil, rows: rows))
    }

    package func upstreamChanged(registered: Bool, detail: String) {}
}
