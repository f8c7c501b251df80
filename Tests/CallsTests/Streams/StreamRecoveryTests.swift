import CallKit
import CallModel
import Calls
import Media
import Reactor
import SIPEndpoint
import Telemetry
import TestKit
import Testing
import Wire

@testable import Web

/// What becomes of a stream, and of its call, when the other end breaks off or misbehaves.
struct StreamRecoveryTests {
    /// 0.25, 0.5 … 8 s.
    private static let pauses = (0..<20).map { min(Duration.milliseconds(250) * (1 << $0), .seconds(8)) }

    /// Each pause is its due or up to a quarter less, and some time for the way.
    private static func expectPauses(_ visits: [Instant], _ expected: some Sequence<Duration>) {
        for (pause, due) in zip(zip(visits, visits.dropFirst()).map({ $1 - $0 }), expected) {
            #expect(pause >= due * 3 / 4 && pause <= due + .milliseconds(100), "\(pause) instead of \(due)")
        }
    }

    @Test func `a bot that is lost is sought less and less often, then given up, and the call goes on`() throws {
        let scene = try StreamScene(seed: 91)
        try scene.start()
        scene.wait()
        scene.bot.manner = .hangsUp
        let lostAt = scene.exchange.loop.now
        scene.bot.hangUp()
        scene.wait(.milliseconds(100))
        #expect(scene.status?.state == .reconnecting && scene.status?.reason?.isEmpty == false)
        scene.cause(.heard(.left, [1]))
        #expect(scene.status?.droppedFrames == 1)
        scene.wait(.seconds(200))
        let visits = scene.bot.visits.dropFirst()
        #expect(visits.count == 20)
        Self.expectPauses([lostAt] + visits, Self.pauses)
        let last = try #require(scene.told.last)
        #expect(last.state == .ended && last.reason?.hasPrefix("given up: ") == true && last.connections == 1)
        #expect(scene.told.filter { $0.state == .ended }.count == 1 && scene.status == nil)
        #expect(scene.exchange.liveCount == 1 && scene.exchange.media.openStreams.isEmpty)
        #expect(scene.exchange.media.partners.count == 2 && scene.streamed.isEmpty)
    }

    @Test func `a bot that comes back is told the stream again; after a good while the pauses begin anew`() throws {
        let scene = try StreamScene(seed: 92)
        try scene.start()
        scene.wait()
        scene.bot.manner = .refuses
        scene.bot.hangUp()
        scene.wait(.seconds(10))
        #expect(scene.status?.reason == "status 503")
        scene.bot.manner = .takes
        scene.wait(.seconds(12))
        #expect(scene.bot.events("start").compactMap { $0["connection"]?.integerValue } == [1, 2])
        #expect(scene.status?.state == .open && scene.status?.reason == nil && scene.status?.connections == 2)
        scene.wait(.seconds(12))
        let lostAt = scene.exchange.loop.now
        scene.bot.hangUp()
        scene.wait()
        #expect(scene.status?.connections == 3)
        Self.expectPauses([lostAt] + scene.bot.visits.suffix(1), Self.pauses)
    }

    @Test func `a bot that takes each connection and breaks it is given up like one that takes none`() throws {
        let scene = try StreamScene(seed: 93)
        try scene.start()
        for _ in 0..<300 {
            scene.wait()
            scene.bot.hangUp()
        }
        #expect(scene.bot.visits.count == 21 && scene.status == nil && scene.exchange.liveCount == 1)
    }

    @Test func `a bot that answers nothing is left after ten seconds`() throws {
        let scene = try StreamScene(seed: 94)
        scene.bot.manner = .isSilent
        try scene.start()
        scene.wait(.seconds(5))
        #expect(scene.status?.state == .connecting)
        scene.wait(.seconds(6))
        #expect(scene.status?.state == .reconnecting && scene.status?.reason == "no answer in time")
        scene.hangUp()
        scene.wait(.seconds(30))
        #expect(scene.bot.visits.count <= 3 && scene.told.last?.state == .ended)
    }

    /// What a hostile server may send, and what it is told.
    private static let attacks: [(bytes: [UInt8], reason: String)] = [
        // A frame of 2^63 - 1 bytes.
        ([0x82, 127, 0x7F] + [UInt8](repeating: 0xFF, count: 7), "message too big"),
        ([0x81, 2, 0xC3, 0x28], "UTF-8"),
        ([0x82, 0x81, 1, 2, 3, 4, 5], "masked frame"),
        ([0x88, 1, 3], "close code"),
        ([0x80, 0], "continuation of nothing"),
    ]

    @Test(arguments: attacks.indices)
    func `what no server should send ends the connection, not the call`(_ index: Int) throws {
        let attack = Self.attacks[index]
        let scene = try StreamScene(seed: 95)
        try scene.start()
        scene.wait()
        scene.bot.manner = .hangsUp
        scene.bot.send(raw: attack.bytes)
        scene.wait(.milliseconds(100))
        #expect(scene.status?.reason == attack.reason && scene.exchange.liveCount == 1)
    }

    @Test func `fragments without end are cut off at the longest message`() throws {
        let scene = try StreamScene(seed: 96)
        try scene.start()
        scene.wait()
        scene.bot.send(raw: [0x02, 0])
        // A mebibyte and a bit, 64 KiB at a time.
        for _ in 0..<17 {
            scene.bot.send(raw: [0x00, 127, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65_536))
            scene.wait(.milliseconds(50))
        }
        #expect(scene.told.contains { $0.reason == "message too big" } && scene.exchange.liveCount == 1)
        #expect(scene.exchange.media.said.isEmpty)
    }

    @Test func `a bot that sends far more than could ever be heard is cut off`() throws {
        let scene = try StreamScene(seed: 97)
        try scene.start()
        scene.wait()
        let (long, chatter) = ([UInt8](repeating: 0, count: 500_000), WebSocketMessage.text("x"))
        var count = 0
        while scene.status?.state == .open, count < 100 {
            scene.bot.send(.binary(long))
            scene.wait(.milliseconds(50))
            count += 1
        }
        #expect((16...18).contains(count))
        Self.expectCutOff(scene)
        try scene.start()
        scene.wait()
        count = 0
        while scene.status?.state == .open, count < 100_000 {
            for _ in 0..<100 { scene.bot.send(chatter) }
            scene.wait(.milliseconds(10))
            count += 100
        }
        #expect((8000...9000).contains(count))
        Self.expectCutOff(scene)
    }

    /// It is over for good: a connection more would have an allowance of its own.
    private static func expectCutOff(_ scene: StreamScene) {
        let visits = scene.bot.visits.count
        scene.wait(.seconds(60))
        #expect(scene.status == nil && scene.bot.visits.count == visits && scene.exchange.liveCount == 1)
        #expect(scene.told.last?.state == .ended && scene.told.last?.reason == "sends too much")
    }

    @Test func `why a bot left is told to those who ask, but its words are in no log`() throws {
        let sink = MemorySink()
        let scene = try StreamScene(seed: 99, logger: Logger(label: "calls", sink: sink))
        try scene.start()
        scene.wait()
        scene.bot.manner = .hangsUp
        scene.bot.close(.internalError, "no such user +79991234567")
        scene.wait(.milliseconds(100))
        #expect(scene.status?.reason == "no such user +79991234567")
        scene.wait(.seconds(200))
        let reasons = sink.lines.flatMap(\.fields).filter { $0.name == "reason" }.map { "\($0.value)" }
        #expect(reasons.contains { $0.contains("closed with 1011") } && !reasons.contains { $0.contains("7999") })
    }

    @Test func `what a bot does not read is dropped rather than kept`() throws {
        let scene = try StreamScene(seed: 98)
        try scene.start()
        scene.wait()
        scene.exchange.simulation.network.partition(scene.exchange.host, scene.botHost)
        for _ in 0..<2000 { scene.cause(.heard(.left, [UInt8](repeating: 1, count: 320))) }
        #expect((scene.status?.droppedFrames ?? 0) > 1000 && scene.exchange.liveCount == 1)
    }
}

private final class MemorySink: LogSink, @unchecked Sendable {
    // Touched by one test on one thread only.
    var lines: [LogLine] = []
    func accepts(_: LogLevel) -> Bool { true }
    func write(_ line: LogLine) { lines.append(line) }
}
