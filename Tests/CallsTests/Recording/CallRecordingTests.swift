import CallKit
import CallModel
import Calls
import Media
import Reactor
import SDP
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Which calls are recorded, who is on which side, and what the record says of it.
struct CallRecordingTests {
    private struct Talk {
        let exchange: Exchange
        let (caller, callee, third): (ScriptedPhone, ScriptedPhone, ScriptedPhone)
        let leg: SIPLegID

        init(_ seed: UInt64, _ policy: RecordingPolicy, codecs: [Codec] = [.pcma], tone: Duration? = nil) throws {
            var settings = RecordingSettings()
            settings.policy = policy
            settings.toneInterval = tone
            exchange = try Exchange(seed: seed, users: 3, recording: settings)
            caller = try exchange.addPhone("1001", codecs: codecs)
            callee = try exchange.addPhone("1002", codecs: [.pcma, .opus])
            third = try exchange.addPhone("1003", codecs: [.pcma])
            #expect(exchange.register())
            leg = caller.assumeIsolated { $0.call("1002") }
            wait(3)
        }

        func wait(_ seconds: Int = 2) { exchange.loop.advance(by: .seconds(seconds)) }
        var media: StandInMedia { exchange.media }
        var record: CallRecord? { exchange.calls.assumeIsolated { $0.liveRecords().first } }
        var stored: CallRecord? { exchange.store.records.first }

        /// The sides of the legs that are heard, in the order in which the legs were opened.
        var sides: [RecordingSide?] { media.heard.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value.side) }

        func command(_ command: RecordingCommand, tone: Bool? = nil) throws {
            let key = try #require(record?.key)
            _ = try exchange.calls.assumeIsolated { try $0.record(key, command, tone: tone, userID: nil) }
        }
    }

    @Test(arguments: [(RecordingPolicy.off, 0), (.all, 1), (.incoming, 0), (.outgoing, 0)])
    func `the policy decides by direction whether a call between two of the house is recorded`(
        policy: RecordingPolicy, count: Int
    ) throws {
        let talk = try Talk(71, policy)
        #expect(talk.media.recordings.count == count)
        #expect((talk.record?.recordingPath != nil) == (count == 1))
    }

    @Test func `the caller is on the left, the called on the right, and the record names the file at once`() throws {
        let talk = try Talk(72, .all)
        #expect(talk.sides == [.left, .right])
        let record = try #require(talk.record)
        let order = try #require(talk.media.recordings.first?.order)
        #expect(order.path.call == record.uuid && order.path.format == .wav && !order.isWideband)
        #expect(talk.stored?.recordingPath == order.path.description)
        #expect(record.recordingURL == "/api/v1/calls/\(record.uuid)/recording")
        #expect(record.recordingProcessedAt == nil)
        let leg = talk.leg
        talk.caller.assumeIsolated { $0.hangUp(leg) }
        talk.wait()
        #expect(talk.media.recordings[0].isOver && talk.exchange.liveCount == 0)
        #expect(talk.stored?.recordingProcessedAt != nil && talk.stored?.state == .completed)
    }

    @Test func `a call of more than G 711 is recorded with more`() throws {
        let talk = try Talk(73, .all, codecs: [.opus])
        #expect(talk.media.recordings.first?.order.isWideband == true)
    }

    @Test func `after a transfer the new party is on the side of the one who left`() throws {
        let talk = try Talk(74, .all)
        let leg = talk.leg
        #expect(talk.caller.assumeIsolated { $0.transfer(leg, to: "1003") })
        talk.wait(8)
        #expect(talk.third.assumeIsolated { $0.fates.values.contains(.talking) })
        #expect(talk.sides == [.right, .left])
        #expect(talk.media.recordings.count == 1)
    }

    @Test func `a paused recording hears nobody, also after hold, until it is resumed`() throws {
        let talk = try Talk(75, .all)
        try talk.command(.pause)
        #expect(talk.media.heard.isEmpty && !talk.media.recordings[0].isOver)
        let leg = talk.leg
        talk.caller.assumeIsolated { $0.hold(true, leg) }
        talk.wait()
        talk.caller.assumeIsolated { $0.hold(false, leg) }
        talk.wait()
        #expect(talk.media.partners.count == 2 && talk.media.heard.isEmpty)
        try talk.command(.resume)
        #expect(talk.sides == [.left, .right])
    }

    @Test func `a recording that was stopped and started again is another file`() throws {
        let talk = try Talk(76, .all)
        try talk.command(.stop)
        talk.wait()
        #expect(talk.media.heard.isEmpty && talk.record?.recordingProcessedAt != nil)
        try talk.command(.start)
        #expect(talk.media.recordings.map(\.order.path.part) == [1, 2])
        #expect(talk.record?.recordingPath == talk.media.recordings[1].order.path.description)
        #expect(talk.record?.recordingProcessedAt == nil)
        #expect(talk.sides == [.left, .right])
    }

    @Test func `a disk that fails ends the recording and not the call`() throws {
        let talk = try Talk(77, .all)
        talk.media.endRecording(talk.media.recordings[0].id, failure: .notWritten(28))
        talk.wait()
        #expect(talk.media.partners.count == 2 && talk.media.heard.isEmpty)
        #expect(talk.record?.recordingPath != nil && talk.record?.recordingProcessedAt != nil)
        let states = talk.exchange.witness.events.compactMap { event -> RecordingState? in
            if case .recording(let state, _) = event.notice { state } else { nil }
        }
        #expect(states == [.recording, .failed])
        #expect(throws: CallError.invalidState) { try talk.command(.pause) }
    }

    @Test func `those who are recorded hear a tone at once and again each interval, but not in a pause`() throws {
        let talk = try Talk(79, .all, tone: .seconds(10))
        let first = try #require(talk.media.tones.first)
        #expect(talk.media.tones.count == 1 && Set(first.legs) == Set(talk.media.heard.keys) && first.legs.count == 2)
        talk.wait(20)
        #expect(talk.media.tones.count == 3)
        #expect(talk.media.tones.map { ($0.at - first.at) / .seconds(1) } == [0, 10, 20])
        try talk.command(.pause)
        talk.wait(60)
        #expect(talk.media.tones.count == 3)
        try talk.command(.resume)
        talk.wait(11)
        #expect(talk.media.tones.count == 5)
        try talk.command(.stop)
        talk.wait(60)
        #expect(talk.media.tones.count == 5)
    }

    @Test func `whoever comes by a transfer hears the tone at once, and after a hold nobody does`() throws {
        let talk = try Talk(82, .all, tone: .seconds(600))
        let leg = talk.leg
        for on in [true, false] {
            talk.caller.assumeIsolated { $0.hold(on, leg) }
            talk.wait()
        }
        #expect(talk.media.tones.count == 1)
        #expect(talk.caller.assumeIsolated { $0.transfer(leg, to: "1003") })
        talk.wait(8)
        let heard = Set(talk.media.heard.keys)
        #expect(talk.media.tones.count == 2 && heard.count == 2)
        let late = try #require(talk.media.tones.last)
        #expect(late.legs.count == 1 && heard.isSuperset(of: late.legs))
        #expect(heard.subtracting(talk.media.tones[0].legs) == Set(late.legs))
    }

    @Test(arguments: [(Duration?.none, Bool?.none, 0), (nil, true, 2), (.seconds(5), nil, 4), (.seconds(5), false, 0)])
    func `whoever starts a recording may say whether there is to be a tone`(
        interval: Duration?, tone: Bool?, count: Int
    ) throws {
        let talk = try Talk(80, .off, tone: interval)
        try talk.command(.start, tone: tone)
        talk.wait(16)
        #expect(talk.media.tones.count == count)
    }

    @Test func `no tone is heard any more when the disk has failed, or the call is over`() throws {
        let talk = try Talk(81, .all, tone: .seconds(5))
        talk.media.endRecording(talk.media.recordings[0].id, failure: .noRoom)
        talk.wait(30)
        #expect(talk.media.tones.count == 1)
        try talk.command(.start)
        let leg = talk.leg
        talk.caller.assumeIsolated { $0.hangUp(leg) }
        talk.wait(30)
        #expect(talk.media.tones.count == 2 && talk.exchange.liveCount == 0)
    }

    @Test func `a built-in number is not recorded`() throws {
        var settings = RecordingSettings()
        settings.policy = .all
        let exchange = try Exchange(seed: 78, users: 1, recording: settings)
        let phone = try exchange.addPhone("1001")
        #expect(exchange.register())
        _ = phone.assumeIsolated { $0.call("echo") }
        exchange.loop.advance(by: .seconds(3))
        #expect(exchange.liveCount == 1 && exchange.media.recordings.isEmpty)
    }
}
