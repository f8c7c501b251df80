package import Reactor
import Wire

/// One connection of ours to somebody's WebSocket server, from the look-up of its name to its end.
///
/// Made and used on the loop; `@unchecked Sendable` because everything mutable is touched there alone. Each event comes
/// in a turn of its own. It does not connect again: whoever wants that makes another.
package final class WebSocketClient: @unchecked Sendable {
    package enum Event: Sendable, Equatable {
        case opened
        case message(WebSocketMessage)
        /// The last one; `code` is `.abnormal` for what never was a WebSocket, or broke.
        case closed(WebSocketClosure)
    }

    package struct Settings: Sendable {
        package var url: WebSocketURL
        /// What `Authorization` bears.
        package var token: String?
        /// A PEM file of authorities that are trusted instead of the system's.
        package var authorities: String?

        package init(url: WebSocketURL, token: String? = nil, authorities: String? = nil) {
            (self.url, self.token, self.authorities) = (url, token, authorities)
        }
    }

    private let loop: any EventLoop
    private let settings: Settings
    private var entropy: Entropy
    private var upgrade: WebSocketUpgrade
    private var session: WebSocketSession?
    private var stream: (any StreamConnection)?
    private var timer: LoopTimer?
    private var tell: ((Event) -> Void)?
    private let limits = WebLimits()

    /// From the look-up to the end of the opening handshake.
    private static let patience = Duration.seconds(10)
    private static let pingInterval = Duration.seconds(15)

    /// Begins at once.
    package init(
        loop: any EventLoop, network: any Network, _ settings: Settings, tell: @escaping (Event) -> Void
    ) {
        (self.loop, self.settings, self.tell) = (loop, settings, tell)
        entropy = loop.makeEntropy()
        upgrade = WebSocketUpgrade(entropy: &entropy)
        timer = loop.schedule(after: Self.patience) { [weak self] in self?.end(.abnormal, "no answer in time") }
        network.resolve(settings.url.host) { [weak self] addresses in
            guard let self, isWanted else { return }
            guard let address = addresses.first else { return end(.abnormal, "host not found") }
            connect(network, SocketAddress(ip: address, port: settings.url.port))
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
        tell = nil
        if session == nil { return finish() }
        session?.close(code, "", loop.now)
        perform()
    }

    private func connect(_ network: any Network, _ remote: SocketAddress) {
        let plain = network.connect(to: remote)
        stream = plain
        if settings.url.isSecure {
            guard let secured = secure(plain) else {
                plain.close()
                return end(.abnormal, "TLS cannot be used")
            }
            stream = secured
        }
        // Kept alive until the stream has closed, so that a goodbye is said to its end.
        stream?.handler = { event in self.handle(event) }
    }

    private func secure(_ plain: any StreamConnection) -> TLSConnection? {
        let wanted = TLSClientSettings(serverName: settings.url.host, authorities: settings.authorities)
        guard let context = try? TLSContext(client: wanted) else { return nil }
        return TLSConnection(over: plain, context: context, now: loop.wallTime)
    }

    private func handle(_ event: StreamEvent) {
        switch event {
        case .opened: stream?.send(upgrade.request(settings.url, bearer: settings.token))
        case .received(let bytes): receive(bytes)
        case .closed(let reason):
            guard session != nil else { return end(.abnormal, "\(reason)") }
            session?.transportClosed()
            perform()
        }
    }

    private func receive(_ bytes: [UInt8]) {
        guard session == nil else {
            session?.receive(bytes, loop.now)
            return perform()
        }
        switch upgrade.receive(bytes) {
        case .waiting: break
        case .refused(let reason): end(.abnormal, reason)
        case .accepted(let rest):
            session = WebSocketSession(
                limits: limits, deflate: nil, pingInterval: Self.pingInterval, now: loop.now,
                masks: loop.makeEntropy())
            pass(.opened)
            session?.receive(rest, loop.now)
            perform()
        }
    }

    private func perform() {
        while let output = session?.nextOutput() {
            switch output {
            case .send(let bytes): stream?.send(bytes)
            case .message(let message): pass(.message(message))
            case .ended(let closure): end(closure)
            }
        }
        arm()
    }

    private func arm() {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard let deadline = session?.nextDeadline, deadline != .never else { return }
        timer = loop.schedule(at: deadline) { [weak self] in
            guard let self else { return }
            session?.timeout(loop.now)
            perform()
        }
    }

    private func pass(_ event: Event) {
        guard let tell else { return }
        loop.later { [weak self] in if self?.isWanted == true { tell(event) } }
    }

    private func end(_ code: WebSocketCloseCode, _ reason: String) {
        end(WebSocketClosure(code: code, reason: reason, isLocal: false))
    }

    private func end(_ closure: WebSocketClosure) {
        let tell = tell
        self.tell = nil
        finish()
        if let tell { loop.later { tell(.closed(closure)) } }
    }

    private func finish() {
        if let timer { loop.cancel(timer) }
        timer = nil
        stream?.close()
    }
}
