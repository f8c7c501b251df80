package import Reactor
import Wire

/// One connection of ours to somebody's WebSocket server, from the look-up of its name to its end.
///
/// Made and used on the loop. Each event comes in a turn of its own. It does not connect again: whoever wants that makes
/// another.
package final class WebSocketClient {
    package enum Event: Sendable, Equatable {
        case opened
        case message(WebSocketMessage)
        /// The last one; `code` is `.abnormal` for what never was a WebSocket, or broke.
        case closed(WebSocketClosure)
    }

    package struct Settings: Sendable {
        package let url: WebSocketURL
        /// What `Authorization` bears.
        package let token: String?
        /// Whom to trust when the address wants TLS.
        package let tls: TLSContext?

        package init(url: WebSocketURL, token: String? = nil, tls: TLSContext? = nil) {
            (self.url, self.token, self.tls) = (url, token, tls)
        }
    }

    private let loop: any EventLoop
    private let network: any Network
    private let settings: Settings
    private var entropy: Entropy
    /// Addresses of the server that have not been tried.
    private var addresses: ArraySlice<IPAddress> = []
    private var upgrade: WebSocketUpgrade
    private var session: WebSocketSession?
    private var stream: (any StreamConnection)?
    private var timer: LoopTimer?
    private var armedFor = Instant.never
    /// Nil once the connection has ended.
    private var tell: ((Event) -> Void)?
    /// We said goodbye: what had come before is told no more either.
    private var isClosed = false
    private var allowance = PeerAllowance()
    private let limits = WebLimits()

    /// From the look-up to the end of the opening handshake.
    private static let patience = Duration.seconds(10)
    private static let pingInterval = Duration.seconds(15)

    /// Begins at once.
    package init(
        loop: any EventLoop, network: any Network, _ settings: Settings, tell: @escaping (Event) -> Void
    ) {
        (self.loop, self.network, self.settings, self.tell) = (loop, network, settings, tell)
        entropy = loop.makeEntropy()
        upgrade = WebSocketUpgrade(entropy: &entropy)
        timer = loop.schedule(after: Self.patience) { [weak self] in self?.end(.abnormal, "no answer in time") }
        network.resolve(settings.url.host) { [weak self] addresses in
            guard let self, isWanted else { return }
            self.addresses = addresses[...]
            connect(orEnd: "host not found")
        }
    }

    /// Bytes on their way to a peer that reads more slowly than we send.
    package var queuedBytes: Int { stream?.queuedBytes ?? 0 }

    private var isWanted: Bool { tell != nil }

    /// Dropped before `.opened` and after the end.
    package func send(_ message: WebSocketMessage) {
        session?.send(message)
        perform()
    }

    /// Says goodbye; nothing is told of it or after it.
    package func close(_ code: WebSocketCloseCode = .normal) {
        (tell, isClosed) = (nil, true)
        if session == nil { return finish() }
        session?.close(code, "", loop.now)
        perform()
    }

    /// Tries the next address; with none left it ends for the reason given.
    private func connect(orEnd reason: String) {
        guard let address = addresses.popFirst() else { return end(.abnormal, reason) }
        upgrade = WebSocketUpgrade(entropy: &entropy)
        let plain = network.connect(to: SocketAddress(ip: address, port: settings.url.port))
        stream = plain
        if settings.url.isSecure {
            guard let tls = settings.tls, let secured = TLSConnection(over: plain, context: tls, now: loop.wallTime)
            else { return end(.abnormal, "TLS cannot be used") }
            stream = secured
        }
        // Kept alive until the stream has closed, so that a goodbye is said to its end.
        stream?.handler = { event in self.handle(event) }
    }

    private func handle(_ event: StreamEvent) {
        switch event {
        case .opened: stream?.send(upgrade.request(settings.url, bearer: settings.token))
        case .received(let bytes): receive(bytes)
        case .closed(let reason):
            guard session != nil else { return isWanted ? connect(orEnd: reason.words) : () }
            session?.transportClosed()
            perform()
        }
    }

    private func receive(_ bytes: [UInt8]) {
        guard session == nil else { return pass(bytes) }
        switch upgrade.receive(bytes) {
        case .waiting: break
        case .refused(let reason): end(.abnormal, reason)
        case .accepted(let rest):
            session = WebSocketSession(
                limits: limits, deflate: nil, pingInterval: Self.pingInterval, now: loop.now,
                masks: loop.makeEntropy())
            pass(.opened)
            pass(rest)
        }
    }

    private func pass(_ bytes: [UInt8]) {
        if allowance.spend(bytes.count, at: loop.now) {
            session?.receive(bytes, loop.now)
        } else {
            session?.fail(.policyViolation, "sends too much")
        }
        perform()
    }

    private func perform() {
        while let output = session?.nextOutput() {
            switch output {
            case .send(let bytes): stream?.send(bytes)
            case .message(let message):
                _ = allowance.spend(PeerAllowance.bytesPerMessage, at: loop.now)
                pass(.message(message))
            case .ended(let closure): end(closure)
            }
        }
        arm()
    }

    /// Sees to it that the session is woken when it wants to be; most messages change nothing there.
    private func arm() {
        guard let deadline = session?.nextDeadline, deadline != armedFor else { return }
        if let timer { loop.cancel(timer) }
        (timer, armedFor) = (nil, deadline)
        guard deadline != .never else { return }
        timer = loop.schedule(at: deadline) { [weak self] in
            guard let self else { return }
            (timer, armedFor) = (nil, .never)
            session?.timeout(loop.now)
            perform()
        }
    }

    /// What came before the end is told even when the end comes in the same turn.
    private func pass(_ event: Event) {
        guard let tell else { return }
        loop.later { [self] in if !isClosed { tell(event) } }
    }

    private func end(_ code: WebSocketCloseCode, _ reason: String) {
        end(WebSocketClosure(code: code, reason: reason, isLocal: false))
    }

    private func end(_ closure: WebSocketClosure) {
        pass(.closed(closure))
        tell = nil
        finish()
    }

    private func finish() {
        if let timer { loop.cancel(timer) }
        (timer, armedFor) = (nil, .never)
        stream?.close()
    }
}

extension StreamCloseReason {
    fileprivate var words: String {
        switch self {
        case .local, .remote: "connection closed"
        case .overflow: "connection too slow"
        case .failed(.tls(let failure)): failure.description
        case .failed(let error): "connection failed: \(error)"
        }
    }
}
