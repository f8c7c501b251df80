import Reactor
import Wire

@testable import Web

/// The WebSocket server at the other end of a stream, on a host of the simulation.
///
/// Lives on the simulated loop, which runs on the test's own thread.
final class ScriptedBot {
    enum Manner {
        case takes
        /// Answers the upgrade with another status.
        case refuses
        /// Breaks each connection as soon as it is there.
        case hangsUp
        /// Says goodbye together with its answer to the upgrade.
        case leavesAtOnce
        /// Says nothing at all.
        case isSilent
    }

    var manner = Manner.takes
    /// When each connection came.
    private(set) var visits: [Instant] = []
    private(set) var requests: [String] = []
    private(set) var texts: [JSONValue] = []
    private(set) var audio: [[UInt8]] = []
    private(set) var closures: [WebSocketClosure] = []
    private let loop: SimulatedLoop
    private var stream: (any StreamConnection)?
    private var head: [UInt8] = []
    private var session: WebSocketSession?

    init(on host: SimulatedHost, of loop: SimulatedLoop) throws {
        self.loop = loop
        _ = try host.listen(on: SocketAddress(ip: host.addresses[0], port: 80)) { [weak self] in self?.accept($0) }
    }

    func events(_ name: String) -> [JSONValue] { texts.filter { $0["event"]?.stringValue == name } }

    func send(_ message: WebSocketMessage) {
        session?.send(message)
        perform()
    }

    /// Sends what no server should.
    func send(raw bytes: [UInt8]) { stream?.send(bytes) }

    /// Sends messages and says goodbye, all in one segment.
    func send(_ messages: [WebSocketMessage], thenClose code: WebSocketCloseCode) {
        for message in messages { session?.send(message) }
        session?.close(code, "", loop.now)
        var segment: [UInt8] = []
        while case .send(let bytes)? = session?.nextOutput() { segment += bytes }
        stream?.send(segment)
    }

    func close(_ code: WebSocketCloseCode, _ reason: String = "") {
        session?.close(code, reason, loop.now)
        perform()
    }

    /// Breaks the connection without a goodbye.
    func hangUp() {
        session = nil
        stream?.close()
    }

    private func accept(_ stream: any StreamConnection) {
        visits.append(loop.now)
        (self.stream, head, session) = (stream, [], nil)
        stream.handler = { [weak self] event in
            if case .received(let bytes) = event { self?.receive(bytes) }
        }
        if manner == .hangsUp { stream.close() }
    }

    private func receive(_ bytes: [UInt8]) {
        guard session == nil else {
            session?.receive(bytes, loop.now)
            return perform()
        }
        head += bytes
        let text = String(decoding: head, as: UTF8.self)
        guard text.hasSuffix("\r\n\r\n"), manner != .isSilent else { return }
        requests.append(text)
        let key = text.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
        guard manner != .refuses else { return stream?.send(Array("HTTP/1.1 503 Busy\r\n\r\n".utf8)) ?? () }
        let answer = """
            HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: \(WebSocketHandshake.accept(String(key)))\r\n\r\n
            """
        // 1001: going away.
        stream?.send(Array(answer.utf8) + (manner == .leavesAtOnce ? [0x88, 2, 0x03, 0xE9] : []))
        session = WebSocketSession(limits: WebLimits(), deflate: nil, pingInterval: nil, now: loop.now)
    }

    private func perform() {
        while let output = session?.nextOutput() {
            switch output {
            case .send(let bytes): stream?.send(bytes)
            case .message(.text(let text)):
                if let value = try? JSONValue(parsing: Array(text.utf8)) { texts.append(value) }
            case .message(.binary(let bytes)): audio.append(bytes)
            case .ended(let closure):
                closures.append(closure)
                stream?.close()
            }
        }
    }
}
