import Media
import Reactor
import Web
import Wire

/// One stream's connection to its other end, made again for as long as the call wants it.
///
/// Lives on the loop; `@unchecked Sendable` because everything mutable is touched there alone.
final class StreamLink: @unchecked Sendable {
    enum Event {
        case changed
        /// What the other end says, in the stream's encoding.
        case said([UInt8])
        case command(StreamMessage.Command)
    }

    private(set) var status: StreamStatus
    private let call: UUID
    private let loop: any EventLoop
    private let settings: StreamSettings
    private let tell: (Event) -> Void
    private var client: WebSocketClient?
    private var timer: LoopTimer?
    /// Attempts since the connection was last open.
    private var attempts = 0

    /// What may wait for an other end that reads slowly: two seconds of the most that a stream has.
    private static let longestQueue = 128 * 1024
    private static let longestPause = Duration.seconds(8)
    private static let firstPause = Duration.milliseconds(250)

    init(
        _ status: StreamStatus, call: UUID, loop: any EventLoop, _ settings: StreamSettings,
        tell: @escaping (Event) -> Void
    ) {
        (self.status, self.call, self.loop, self.settings, self.tell) = (status, call, loop, settings, tell)
        connect()
    }

    func heard(_ side: RecordingSide, _ bytes: [UInt8]) {
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
    func stop(_ reason: String) {
        guard status.state != .ended else { return }
        send(StreamMessage.stop)
        client?.close()
        client = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        (status.state, status.reason) = (.ended, reason)
        tell(.changed)
    }

    private func connect() {
        timer = nil
        let wanted = WebSocketClient.Settings(
            url: status.request.url, token: status.request.token, authorities: settings.authorities)
        client = WebSocketClient(loop: loop, network: settings.network, wanted) { [weak self] in self?.handle($0) }
    }

    private func handle(_ event: WebSocketClient.Event) {
        guard status.state != .ended else { return }
        switch event {
        case .opened:
            attempts = 0
            status.connections += 1
            (status.state, status.reason) = (.open, nil)
            send(StreamMessage.start(status, call: call))
            tell(.changed)
        case .message(.binary(let bytes)): tell(.said(bytes))
        case .message(.text(let text)):
            guard let command = StreamMessage.command(text) else { return send(StreamMessage.misunderstood) }
            tell(.command(command))
        case .closed(let closure): closed(closure)
        }
    }

    /// Who says goodbye in good order has done its work; everybody else is sought again.
    private func closed(_ closure: WebSocketClosure) {
        client = nil
        if closure.code == .normal { return stop("closed by the other end") }
        let pause = min(Self.firstPause * (1 << min(attempts, 10)), Self.longestPause)
        attempts += 1
        status.state = .reconnecting
        status.reason = closure.reason.isEmpty ? "connection lost (\(closure.code.rawValue))" : closure.reason
        timer = loop.schedule(after: pause) { [weak self] in self?.connect() }
        tell(.changed)
    }
}
