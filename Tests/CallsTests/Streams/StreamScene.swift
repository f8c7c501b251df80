import CallKit
import CallModel
import Calls
import Media
import Reactor
import SIPEndpoint
import Telemetry
import TestKit
import Testing
import Web
import Wire

/// 1001 talks to 1002, and a bot waits to be called.
struct StreamScene {
    let exchange: Exchange
    let bot: ScriptedBot
    let botHost: SimulatedHost
    let leg: SIPLegID
    let key: CallKey

    init(seed: UInt64, dialling number: String = "1002", logger: Logger = .silent) throws {
        exchange = try Exchange(seed: seed, users: 3, logger: logger)
        for number in ["1001", "1002", "1003"] { try exchange.addPhone(number) }
        #expect(exchange.register())
        botHost = exchange.simulation.host("10.0.2.1")
        bot = try ScriptedBot(on: botHost, of: exchange.loop)
        leg = exchange.phones[0].assumeIsolated { $0.call(number) }
        exchange.loop.advance(by: .seconds(3))
        key = try #require(exchange.calls.assumeIsolated { $0.liveRecords() }.first).key
    }

    func wait(_ time: Duration = .seconds(1)) { exchange.loop.advance(by: time) }

    @discardableResult
    func start(
        _ url: String = "ws://10.0.2.1/voice", on call: CallKey? = nil, tracks: Set<RecordingSide> = [.left, .right],
        to audience: PlayOrder.Audience = .both
    ) throws -> StreamStatus {
        let order = AudioStreamOrder(encoding: .pcm16, rate: .narrowband, tracks: tracks)
        let request = StreamRequest(
            url: try #require(WebSocketURL(url)), token: "secret", order: order, audience: audience)
        let key = call ?? key
        return try exchange.calls.assumeIsolated { try $0.startStream(key, request) }
    }

    func hangUp() {
        let leg = leg
        exchange.phones[0].assumeIsolated { $0.hangUp(leg) }
        wait()
    }

    var status: StreamStatus? {
        let key = key
        return exchange.calls.assumeIsolated { $0.streams(of: key) }.first
    }

    func stop(_ id: UUID) throws -> StreamStatus {
        let key = key
        return try exchange.calls.assumeIsolated { try $0.stopStream(key, id) }
    }

    func hold(_ on: Bool) throws {
        let key = key
        _ = try exchange.calls.assumeIsolated { try $0.hold(key, on, userID: nil) }
    }

    func transfer(to number: String) {
        let leg = leg
        #expect(exchange.phones[0].assumeIsolated { $0.transfer(leg, to: number) })
    }

    /// What observers were told, in order.
    var told: [StreamStatus] {
        exchange.witness.events.compactMap { if case .stream(let status) = $0.notice { status } else { nil } }
    }

    /// Legs that are on a stream, in the order in which they were opened.
    var streamed: [StandInStreamed] {
        exchange.media.streamed.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
    }

    /// Lets the media tell the stream something.
    func cause(_ event: AudioStreamEvent) {
        for tell in exchange.media.openStreams.values { tell(event) }
        wait(.milliseconds(100))
    }
}
