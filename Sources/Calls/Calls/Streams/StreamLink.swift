import Media
import Reactor
import Web
import Wire

/// One stream's connection to its other end, made again when it is lost while the call goes on.
///
/// Lives on the loop.
final class StreamLink {
    enum Event {
        case changed
        /// What the other end says, in the stream's encoding.
        case said([UInt8])
        case command(StreamMessage.Command)
        /// The other end has said goodbye in good order; `stop` is due when all it said has been played.
        case left
    }

    private(set) var status: StreamStatus
    /// Why it is not open, for logs: `status.reason` may be the other end's words, and those be about people.
    private(set) var cause: String?
    private let call: UUID
    private let loop: any EventLoop
    private let settings: StreamSettings
    private let tell: (Event) -> Void
    private var entropy: Entropy
    private var client: WebSocketClient?
    private var timer: LoopTimer?
    /// Attempts in a row that led to nothing lasting.
    private var attempts = 0
    private var openedAt: Instant?
    /// Nobody is at the other end, and nobody will be.
    private var hasLeft = false

    /// What may wait for an other end that reads slowly: two seconds of the most that a stream has.
    private static let longestQueue = 128 * 1024
    static let firstPause = Duration.milliseconds(250)
    static let longestPause = Duration.seconds(8)
    /// About two minutes of pauses.
    static let mostAttempts = 20
    /// A connection that was open for so long was a good one.
    static let probation = Duration.seconds(10)

    init(
        _ status: StreamStatus, call: UUID, loop: any EventLoop, _ settings: StreamSettings,
        tell: @escaping (Event) -> Void
    ) {
        (self.status, self.call, self.loop, self.settings, self.tell) = (status, call, loop, settings, tell)
        entropy = loop.makeEntropy()
        connect()
    }

    func heard(_ side: RecordingSide, _ bytes: [UInt8]) {
        guard !hasLeft else { return }
        guard status.state == .open, let client, client.queuedBytes < Self.longestQueue else {
            status.droppedFrames += 1
            return
        }
        client.send(.binary(StreamMessage.audio(side, bytes)))
    }

    func dropped(milliseconds: Int) { status.droppedSpeech += milliseconds }

    func send(_ text: String) {
        if status.state == .open { client?.send(.text(text)) }
    }

    /// Ends it for good, with a word to the other end.
    func stop(_ reason: String, cause: String? = nil) {
        guard status.state != .ended else { return }
        send(StreamMessage.stop)
        client?.close()
        client = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        (status.state, status.reason, self.cause) = (.ended, reason, cause ?? reason)
        tell(.changed)
    }

    private func connect() {
        timer = nil
        let url = status.request.url
        let wanted = WebSocketClient.Settings(
            url: url, token: status.request.token, tls: url.isSecure ? settings.context(for: url.host) : nil)
        client = WebSocketClient(loop: loop, network: settings.network, wanted) { [weak self] in self?.handle($0) }
    }

    private func handle(_ event: WebSocketClient.Event) {
        guard status.state != .ended else { return }
        switch event {
        case .opened:
            openedAt = loop.now
            status.connections += 1
            (status.state, status.reason, cause) = (.open, nil, nil)
            send(StreamMessage.start(status, call: call))
            tell(.changed)
        case .message(.binary(let bytes)): tell(.said(bytes))
        case .message(.text(let text)):
            guard let command = StreamMessage.command(text) else { return send(StreamMessage.misunderstood) }
            tell(.command(command))
        case .closed(let closure): closed(closure)
        }
    }

    /// Who says goodbye in good order has done its work, and whoever sends too much would have an allowance of its own
    /// on each connection; everybody else is sought again, more and more seldom.
    private func closed(_ closure: WebSocketClosure) {
        client = nil
        if closure.isLocal, closure.code == .policyViolation { return stop(closure.reason) }
        if closure.code == .normal || closure.code == .none {
            hasLeft = true
            return tell(.left)
        }
        if let openedAt, loop.now - openedAt >= Self.probation { attempts = 0 }
        openedAt = nil
        let reason = closure.reason.isEmpty ? "connection lost (\(closure.code.rawValue))" : closure.reason
        let isOurWord = closure.isLocal || closure.code == .abnormal
        let cause = isOurWord ? reason : "closed with \(closure.code.rawValue)"
        guard attempts < Self.mostAttempts else { return stop("given up: \(reason)", cause: "given up: \(cause)") }
        timer = loop.schedule(after: nextPause()) { [weak self] in self?.connect() }
        (status.state, status.reason, self.cause) = (.reconnecting, reason, cause)
        tell(.changed)
    }

    /// Up to a quarter less than its due, so that streams which lost one server do not come back to it as one.
    private func nextPause() -> Duration {
        let whole = min(Self.firstPause * (1 << attempts), Self.longestPause)
        attempts += 1
        return whole * Int.random(in: 750...1000, using: &entropy) / 1000
    }
}
