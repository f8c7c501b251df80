import CallModel
import Directory
import Reactor
import Web
import Wire

/// Brings one message to a webhook, and says what its server made of it.
struct HookSender: Sendable {
    let loop: any EventLoop
    let client: HTTPClient

    private static let timeout = Duration.seconds(10)

    func send(_ item: OutboxItem, _ event: String, to webhook: Webhook) async -> OutboxCourier.Result {
        guard let url = HTTPURL(webhook.url) else { return .refused("the URL cannot be used") }
        var request = HTTPClientRequest(url)
        (request.method, request.body, request.timeout) = (.post, Array(item.body.utf8), Self.timeout)
        // The status says it all, however much more is said about it.
        request.cutsBody = true
        let timestamp = loop.wallTime.seconds
        let signature = HookSignature.make(secret: webhook.secret, timestamp: timestamp, body: request.body)
        let fields = [
            ("Content-Type", "application/json"), ("User-Agent", "tandem"), ("Tandem-Event", event),
            ("Tandem-Event-Id", item.messageID), ("Tandem-Timestamp", String(timestamp)),
            ("Tandem-Signature", signature), ("Tandem-Attempt", String(item.attempts + 1)),
        ]
        for (name, value) in fields { request.fields.add(name, value) }
        if let parent = item.traceParent { request.fields.add("traceparent", parent) }
        do throws(HTTPClientError) {
            return Self.result(status: try await client.perform(request).status)
        } catch {
            return Self.result(error)
        }
    }

    /// What may go better later: too many requests, a time-out, a fault of the server; anything else is its last word.
    private static func result(status: Int) -> OutboxCourier.Result {
        switch status {
        case 200..<300: .arrived
        case 408, 425, 429, 500...: .failed("HTTP \(status)")
        case 300..<400: .refused("HTTP \(status): redirections are not followed")
        default: .refused("HTTP \(status)")
        }
    }

    private static func result(_ error: HTTPClientError) -> OutboxCourier.Result {
        switch error {
        case .stopped: .withheld
        case .hostRefused: .refused("the host is none of WEBHOOK_HOSTS")
        case .addressRefused: .refused("the host is of this machine or its network, and not named in WEBHOOK_HOSTS")
        case .hostNotFound: .failed("the host is not found")
        case .unreachable: .failed("the host is not reachable")
        case .timedOut: .failed("no answer in \(Self.timeout.wholeMilliseconds / 1000) s")
        case .tls(let words): .failed("TLS: \(words)")
        case .tooLong: .failed("the answer is too long")
        case .status(let status): result(status: status)
        case .badRedirection: .refused("redirections are not followed")
        case .overloaded: .failed("too much is under way")
        case .failed(let words): .failed(words)
        }
    }
}
