import CallKit
import CallModel
import Calls
import Media
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Web
import Wire

/// A call's audio to a bot and back, in virtual time.
struct StreamTests {
    @Test func `a bot hears a call and speaks in it, with marks, clearing and digits`() throws {
        let scene = try StreamScene(seed: 81)
        let status = try scene.start(to: .caller)
        scene.wait()
        #expect(scene.bot.requests[0].hasPrefix("GET /voice HTTP/1.1\r\nHost: 10.0.2.1\r\n"))
        #expect(scene.bot.requests[0].contains("\r\nAuthorization: Bearer secret\r\n"))
        let start = try #require(scene.bot.events("start").first)
        #expect(start["streamId"]?.stringValue == status.id.description && start["connection"]?.integerValue == 1)
        #expect(scene.streamed.map(\.side) == [.left, .right] && scene.streamed.map(\.hears) == [true, false])

        scene.cause(.heard(.right, [5, 6]))
        #expect(scene.bot.audio == [[1, 5, 6]])
        scene.bot.send(.binary([1, 2, 3, 4]))
        scene.bot.send(.text(#"{"event": "mark", "name": "said"}"#))
        scene.wait()
        #expect(scene.exchange.media.said == [1, 2, 3, 4])
        #expect(scene.bot.events("mark").map { $0["name"]?.stringValue } == ["said"])
        scene.bot.send(.text(#"{"event": "clear"}"#))
        scene.bot.send(.text("sing"))
        scene.wait()
        #expect(scene.exchange.media.said.isEmpty && scene.bot.events("error").count == 1)
        scene.cause(.dropped(milliseconds: 40))
        #expect(scene.status?.state == .open && scene.status?.droppedSpeech == 40)

        scene.hangUp()
        #expect(scene.bot.events("stop").count == 1 && scene.bot.closures.map(\.code) == [.normal])
        #expect(scene.told.map(\.state) == [.connecting, .open, .ended] && scene.told.last?.reason == "call ended")
        #expect(scene.exchange.media.openStreams.isEmpty && scene.exchange.liveCount == 0)
    }

    @Test func `a call has one stream at a time, and only to hosts that are allowed`() throws {
        let scene = try StreamScene(seed: 82)
        #expect(throws: CallError.streamHostRefused) { try scene.start("ws://10.0.2.2/") }
        let first = try scene.start()
        #expect(throws: CallError.invalidState) { try scene.start() }
        let other = try #require(UUID("7f3c0a52-0000-4000-8000-000000000000"))
        #expect(throws: CallError.streamNotFound) { try scene.stop(other) }
        let stopped = try scene.stop(first.id)
        #expect(stopped.state == .ended && scene.status == nil && scene.streamed.isEmpty)
        scene.wait()
        // It was ended before it had found the bot, which is not left with a connection either.
        #expect(scene.bot.texts.isEmpty)
        try scene.start()
        scene.wait()
        #expect(scene.status?.state == .open)
    }

    @Test func `a bot that says goodbye is not called again, and the call goes on`() throws {
        for code in [WebSocketCloseCode.normal, .none] {
            let scene = try StreamScene(seed: 83)
            try scene.start()
            scene.wait()
            scene.bot.close(code)
            scene.wait(.seconds(60))
            #expect(scene.bot.visits.count == 1 && scene.status == nil && scene.exchange.liveCount == 1)
            #expect(scene.told.last?.reason == "closed by the other end")
        }
    }

    @Test func `what a bot says together with its goodbye is heeded`() throws {
        let scene = try StreamScene(seed: 88)
        try scene.start()
        scene.wait()
        scene.bot.send([.text(#"{"event": "stop"}"#)], thenClose: .goingAway)
        scene.wait(.seconds(60))
        #expect(scene.bot.visits.count == 1 && scene.status == nil)
        #expect(scene.told.last?.reason == "stopped by the other end")
        try scene.start()
        scene.wait()
        scene.bot.send([.binary([1, 2, 3, 4])], thenClose: .normal)
        scene.wait()
        #expect(scene.exchange.media.said == [1, 2, 3, 4])
    }

    @Test func `a stream whose bot leaves at once was open`() throws {
        let scene = try StreamScene(seed: 89)
        scene.bot.manner = .leavesAtOnce
        try scene.start()
        scene.wait(.milliseconds(100))
        #expect(scene.told.map(\.state) == [.connecting, .open, .reconnecting])
        #expect(scene.status?.connections == 1)
    }

    @Test func `after a bot's goodbye what it said is played to its end`() throws {
        let scene = try StreamScene(seed: 90)
        scene.exchange.media.keepsMarks = true
        try scene.start()
        scene.wait()
        scene.bot.send([.binary([1, 2]), .text(#"{"event": "mark", "name": "x"}"#)], thenClose: .normal)
        scene.wait(.seconds(20))
        #expect(scene.status?.state == .open && scene.streamed.count == 2 && scene.bot.visits.count == 1)
        scene.cause(.heard(.left, [1]))
        #expect(scene.status?.droppedFrames == 0, "nobody is there to miss it")
        scene.exchange.media.reachMarks()
        scene.wait()
        #expect(scene.status == nil && scene.streamed.isEmpty && scene.exchange.liveCount == 1)
        #expect(scene.told.last?.reason == "closed by the other end")
    }

    @Test func `a party that comes by transfer is on the stream, on the side of the one who left`() throws {
        let scene = try StreamScene(seed: 84)
        try scene.start(to: .caller)
        scene.transfer(to: "1003")
        scene.wait(.seconds(8))
        #expect(scene.exchange.phones[2].assumeIsolated { $0.fates.values.contains(.talking) })
        #expect(scene.streamed.map(\.side) == [.right, .left] && scene.streamed.map(\.hears) == [false, true])
        #expect(scene.status?.state == .open && scene.bot.visits.count == 1)
    }

    @Test func `when two calls become one, its stream hears both and the other call's stream ends`() throws {
        let scene = try StreamScene(seed: 87)
        let (phone, first) = (scene.exchange.phones[0], scene.leg)
        let kept = try scene.start()
        phone.assumeIsolated { $0.hold(true, first) }
        scene.wait(.seconds(2))
        let second = phone.assumeIsolated { $0.call("1003") }
        scene.wait(.seconds(3))
        let calls = scene.exchange.calls.assumeIsolated { $0.liveRecords() }
        let other = try #require(calls.first { $0.key != scene.key }).key
        let given = try scene.start(on: other)
        #expect(scene.exchange.media.openStreams.count == 2)
        #expect(phone.assumeIsolated { $0.transfer(first, to: second) })
        scene.wait(.seconds(3))
        #expect(scene.told.filter { $0.state == .ended }.map(\.id) == [given.id])
        #expect(scene.status?.id == kept.id && scene.exchange.media.openStreams.count == 1)
        #expect(Set(scene.streamed.map(\.stream)).count == 1 && Set(scene.streamed.map(\.side)) == [.left, .right])
        #expect(scene.exchange.media.open.count == 2 && scene.streamed.count == 2)
    }

    @Test func `what is said before the answer is streamed when the caller hears it too`() throws {
        let scene = try StreamScene(seed: 79)
        scene.hangUp()
        scene.exchange.phones[1].assumeIsolated { $0.setScript { _ in .earlyMedia(thenAccept: .seconds(10)) } }
        _ = scene.exchange.phones[0].assumeIsolated { $0.call("1002") }
        scene.wait(.seconds(3))
        try scene.start(on: try #require(scene.exchange.calls.assumeIsolated { $0.liveRecords() }.first).key)
        #expect(scene.exchange.media.partners.count == 2 && Set(scene.streamed.map(\.side)) == [.left, .right])
    }

    @Test func `a member of a conference is streamed, and spoken to, alone`() throws {
        let scene = try StreamScene(seed: 85, dialling: "8000")
        _ = scene.exchange.phones[1].assumeIsolated { $0.call("8000") }
        scene.wait(.seconds(3))
        try scene.start()
        scene.wait()
        let media = scene.exchange.media
        #expect(media.conferences.count == 2 && media.streamed.count == 1)
        #expect(scene.streamed.map(\.side) == [.left] && scene.status?.state == .open)
        try scene.hold(true)
        try scene.hold(false)
        scene.wait()
        #expect(media.conferences.count == 2 && media.streamed.count == 1)
        scene.hangUp()
        #expect(media.streamed.isEmpty && media.openStreams.isEmpty && scene.told.last?.state == .ended)
    }

    @Test func `a stream that begins while the phone rings hears whoever answers`() throws {
        let scene = try StreamScene(seed: 86)
        scene.hangUp()
        scene.exchange.phones[1].assumeIsolated { $0.setScript { _ in .accept(after: .seconds(10)) } }
        _ = scene.exchange.phones[0].assumeIsolated { $0.call("1002") }
        scene.wait(.seconds(3))
        let key = try #require(scene.exchange.calls.assumeIsolated { $0.liveRecords() }.first).key
        let request = StreamRequest(
            url: try #require(WebSocketURL("ws://10.0.2.1")), token: nil,
            order: AudioStreamOrder(encoding: .mulaw, rate: .narrowband, tracks: [.left]), audience: .both)
        _ = try scene.exchange.calls.assumeIsolated { try $0.startStream(key, request) }
        scene.wait()
        #expect(scene.exchange.media.openStreams.count == 1)
        #expect(!scene.streamed.contains { $0.side == .right }, "nobody has answered")
        scene.wait(.seconds(12))
        #expect(scene.streamed.map(\.side) == [.left, .right])
    }
}
