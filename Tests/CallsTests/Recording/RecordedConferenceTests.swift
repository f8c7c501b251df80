import CallKit
import CallModel
import Calls
import Media
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Calls with recordings of their own that come into recorded conferences, and leave them.
struct RecordedConferenceTests {
    /// Phone 1001 is in the conference, and the page of user 2 talks to phone 1003.
    private struct Scene {
        let exchange: Exchange
        let room: CallRecord
        let talk: CallRecord

        init(_ seed: UInt64, _ policy: RecordingPolicy = .off, tone: Duration? = nil) throws {
            var settings = RecordingSettings()
            (settings.policy, settings.toneInterval) = (policy, tone)
            exchange = try Exchange(seed: seed, users: 4, recording: settings)
            let phone = try exchange.addPhone("1001")
            for number in ["1003", "1004"] { try exchange.addPhone(number) }
            #expect(exchange.register())
            _ = phone.assumeIsolated { $0.call("8000") }
            exchange.loop.advance(by: .seconds(2))
            room = try #require(exchange.calls.assumeIsolated { $0.liveRecords().first })
            talk = try exchange.call("1003", from: ScriptedPage("page", userID: 2))
            wait(4)
        }

        var media: StandInMedia { exchange.media }
        var record: CallRecord? { record(talk) }

        func wait(_ seconds: Int = 3) { exchange.loop.advance(by: .seconds(seconds)) }
        func record(_ call: CallRecord) -> CallRecord? { exchange.calls.assumeIsolated { $0.liveRecord(call.key) } }
        func path(_ index: Int) -> String { media.recordings[index].order.path.description }

        func command(_ command: RecordingCommand) throws {
            let key = talk.key
            _ = try exchange.calls.assumeIsolated { try $0.record(key, command, tone: nil, userID: nil) }
        }

        func recordConference() throws {
            _ = try exchange.calls.assumeIsolated {
                try $0.startConferenceRecording("team", tone: nil, userID: nil)
            }
        }

        func stopConference() throws {
            _ = try exchange.calls.assumeIsolated { try $0.stopConferenceRecording("team", userID: nil) }
        }

        /// Phone 1003 stays: who leaves is the page, or the conference that has taken its place.
        func transfer(to number: String) throws {
            let key = talk.key
            _ = try exchange.calls.assumeIsolated {
                try $0.transfer(key, to: .number(number), reason: nil, userID: nil)
            }
            wait(5)
        }

        func hangUp() throws {
            let key = talk.key
            _ = try exchange.calls.assumeIsolated { try $0.hangUp(key, userID: nil) }
            wait()
        }

        /// On which sides a recording hears legs, by its place among those begun.
        func heard(on index: Int) -> [RecordingSide?] {
            media.heard.values.filter { $0.recording == media.recordings[index].id }.map(\.side)
        }
    }

    @Test(arguments: [true, false])
    func `a call's own recording is silent in a recorded conference, keeps its place and goes on afterwards`(
        isRecordedBefore: Bool
    ) throws {
        let scene = try Scene(91)
        try scene.command(.start)
        #expect(scene.heard(on: 0).count == 2)
        if isRecordedBefore { try scene.recordConference() }
        try scene.transfer(to: "8000")
        if !isRecordedBefore {
            #expect(scene.heard(on: 0).count == 1)
            try scene.recordConference()
        }
        #expect(scene.heard(on: 0).isEmpty && scene.heard(on: 1) == [nil, nil])
        #expect(!scene.media.recordings[0].isOver && scene.record?.recordingPath == scene.path(0))
        #expect(throws: CallError.invalidState) { try scene.command(.pause) }
        try scene.stopConference()
        scene.wait()
        #expect(scene.heard(on: 0).count == 1 && scene.heard(on: 1).isEmpty)
        #expect(scene.record?.recordingProcessedAt == nil)
        try scene.hangUp()
        let stored = scene.exchange.store.records.first { $0.uuid == scene.talk.uuid }
        #expect(stored?.recordingPath == scene.path(0) && stored?.recordingProcessedAt != nil)
    }

    @Test func `a recording that was stopped before the conference keeps its place, too`() throws {
        let scene = try Scene(92)
        try scene.command(.start)
        try scene.command(.stop)
        scene.wait()
        let done = try #require(scene.record?.recordingProcessedAt)
        try scene.recordConference()
        try scene.transfer(to: "8000")
        #expect(scene.heard(on: 1).count == 2)
        try scene.stopConference()
        #expect(scene.record?.recordingPath == scene.path(0) && scene.record?.recordingProcessedAt == done)
    }

    @Test func `after a transfer out of the conference the call has its own recording, and the room its file`() throws {
        let scene = try Scene(93)
        try scene.recordConference()
        try scene.transfer(to: "8000")
        #expect(scene.record?.recordingPath == scene.path(0))
        try scene.transfer(to: "1004")
        #expect(scene.heard(on: 0).count == 1 && scene.record?.recordingProcessedAt != nil)
        try scene.command(.start)
        #expect(Set(scene.heard(on: 1)) == [.left, .right] && scene.record?.recordingPath == scene.path(1))
        try scene.stopConference()
        scene.wait()
        #expect(scene.record?.recordingPath == scene.path(1) && scene.record?.recordingProcessedAt == nil)
        #expect(scene.heard(on: 1).count == 2)
        #expect(scene.record(scene.room)?.recordingPath == scene.path(0))
        try scene.hangUp()
        let stored = scene.exchange.store.records.first { $0.uuid == scene.talk.uuid }
        #expect(stored?.recordingPath == scene.path(1) && stored?.recordingProcessedAt != nil)
    }

    @Test(arguments: [Duration.zero, .seconds(2)])
    func `a conference's recording that fails is named only where something was written`(duration: Duration) throws {
        let scene = try Scene(94)
        let isThere = duration > .zero
        try scene.transfer(to: "8000")
        try scene.recordConference()
        #expect(scene.record(scene.room)?.recordingPath == scene.path(0))
        scene.media.endRecording(scene.media.recordings[0].id, failure: .notCreated(13), after: duration)
        scene.wait()
        for call in [scene.room, scene.talk] {
            let record = try #require(scene.record(call))
            #expect((record.recordingPath != nil) == isThere && (record.recordingURL != nil) == isThere)
            #expect((record.recordingProcessedAt != nil) == isThere)
            let stored = scene.exchange.store.records.first { $0.uuid == call.uuid }
            #expect(stored?.recordingPath == record.recordingPath)
        }
        let status = try scene.exchange.calls.assumeIsolated { try $0.conferenceStatus("team") }
        #expect(!status.isRecorded && scene.media.heard.isEmpty)
    }

    @Test func `whoever comes into a recorded conference later hears the tone at once, and nobody else does`() throws {
        let scene = try Scene(95, tone: .seconds(600))
        try scene.recordConference()
        #expect(scene.media.tones.map(\.legs.count) == [1])
        try scene.transfer(to: "8000")
        #expect(scene.media.tones.map(\.legs.count) == [1, 1])
        #expect(scene.media.tones[0].legs != scene.media.tones[1].legs)
        #expect(scene.media.tones[1].recording == scene.media.recordings[0].id)
        let room = scene.room.key
        for on in [true, false] {
            _ = try scene.exchange.calls.assumeIsolated { try $0.hold(room, on, userID: nil) }
            scene.wait()
        }
        #expect(scene.media.conferences.count == 2 && scene.media.tones.count == 2)
    }

    @Test func `a page hears the tone when its media are up, for until then it hears nothing`() throws {
        let scene = try Scene(96, tone: .seconds(600))
        let media = scene.media
        try scene.command(.start)
        let page = try #require(media.heard.first { $0.value.side == .left }?.key)
        media.cause(.connected(page))
        scene.wait()
        #expect(media.tones.count == 2 && media.tones.last?.legs == [page])
        try scene.recordConference()
        let before = Set(media.conferences.keys)
        _ = try scene.exchange.call("8000", from: ScriptedPage("late", userID: 4))
        scene.wait()
        let late = try #require(Set(media.conferences.keys).subtracting(before).first)
        let count = media.tones.count
        media.cause(.connected(late))
        scene.wait()
        #expect(media.tones.count == count + 1 && media.tones.last?.legs == [late])
        #expect(media.tones.last?.recording == media.recordings[1].id)
        // Nobody records this one any more.
        try scene.stopConference()
        media.cause(.connected(late))
        scene.wait()
        #expect(media.tones.count == count + 1)
    }
}
