import CallKit
import CallModel
import Calls
import Directory
import Media
import Reactor
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Pages and phones in a conference, in virtual time.
struct ConferenceTests {
    private static func wait(_ exchange: Exchange, _ seconds: Int = 2) { exchange.loop.advance(by: .seconds(seconds)) }

    private static func status(_ exchange: Exchange) throws -> ConferenceStatus {
        try exchange.calls.assumeIsolated { try $0.conferenceStatus("team") }
    }

    private static func changes(_ exchange: Exchange) -> [ConferenceEvent.Change] {
        exchange.witness.conferenceEvents.map(\.change)
    }

    /// Phone 1001 and the page of user 2 have called the conference.
    private static func filled(seed: UInt64) throws -> (Exchange, ScriptedPhone, SIPLegID, CallRecord) {
        let exchange = try Exchange(seed: seed, users: 4)
        let phone = try exchange.addPhone("1001")
        try exchange.addPhone("1003")
        #expect(exchange.register())
        let leg = phone.assumeIsolated { $0.call("8000") }
        wait(exchange)
        let record = try exchange.call("8000", from: ScriptedPage("page", userID: 2))
        wait(exchange)
        return (exchange, phone, leg, record)
    }

    @Test func `phones and pages that dial its number are in it, and leave as they hang up`() throws {
        let (exchange, phone, leg, record) = try Self.filled(seed: 3)
        #expect(Set(exchange.media.conferences.values).count == 1 && exchange.media.conferences.count == 2)
        let there = try Self.status(exchange).participants
        #expect(there.map(\.number) == ["1001", "1002"])
        #expect(there.map(\.userID) == [1, 2])
        #expect(there[1].record.state == .answered)
        phone.assumeIsolated { $0.hangUp(leg) }
        Self.wait(exchange)
        #expect(try Self.status(exchange).participants.map(\.record.uuid) == [record.uuid])
        _ = try exchange.calls.assumeIsolated { try $0.removeParticipant("team", record.key) }
        Self.wait(exchange)
        #expect(try Self.status(exchange).participants.isEmpty)
        #expect(Self.changes(exchange) == [.joined, .joined, .left, .left])
        #expect(exchange.liveCount == 0 && exchange.media.open.isEmpty)
    }

    @Test func `all who are there are recorded, whoever comes and goes, until it is stopped or nobody is left`() throws
    {
        let (exchange, phone, leg, record) = try Self.filled(seed: 31)
        let (calls, media) = (exchange.calls, exchange.media)
        #expect(throws: CallError.invalidState) {
            try calls.assumeIsolated { try $0.stopConferenceRecording("team", userID: nil) }
        }
        for _ in 0..<2 {
            let status = try calls.assumeIsolated {
                try $0.startConferenceRecording("team", tone: true, userID: nil)
            }
            #expect(status.isRecorded)
        }
        #expect(media.recordings.count == 1 && media.heard.count == 2 && media.tones.count == 1)
        #expect(media.heard.values.allSatisfy { $0.side == nil })
        _ = try calls.assumeIsolated { try $0.callIntoConference("team", "1003", userID: 2) }
        Self.wait(exchange, 4)
        #expect(media.heard.count == 3)
        let path = media.recordings[0].order.path.description
        #expect(calls.assumeIsolated { $0.liveRecords() }.map(\.recordingPath) == [path, path, path])
        phone.assumeIsolated { $0.hangUp(leg) }
        Self.wait(exchange)
        #expect(media.heard.count == 2 && !media.recordings[0].isOver)
        let stopped = try calls.assumeIsolated { try $0.stopConferenceRecording("team", userID: nil) }
        #expect(!stopped.isRecorded && media.heard.isEmpty && media.recordings[0].isOver)
        Self.wait(exchange, 60)
        // One as it began, and one for the third who came later.
        #expect(media.tones.map(\.legs.count) == [2, 1])
        _ = try calls.assumeIsolated { try $0.startConferenceRecording("team", tone: nil, userID: nil) }
        for call in try Self.status(exchange).participants {
            _ = try calls.assumeIsolated { try $0.removeParticipant("team", call.record.key) }
        }
        Self.wait(exchange)
        #expect(media.recordings.map(\.isOver) == [true, true] && exchange.liveCount == 0)
        #expect(exchange.store.records.first { $0.uuid == record.uuid }?.recordingProcessedAt != nil)
    }

    @Test func `an empty conference cannot be recorded, and a disk that fails ends the recording alone`() throws {
        let (exchange, phone, leg, record) = try Self.filled(seed: 32)
        let calls = exchange.calls
        _ = try calls.assumeIsolated { try $0.startConferenceRecording("team", tone: nil, userID: nil) }
        exchange.media.endRecording(exchange.media.recordings[0].id, failure: .notWritten(28))
        Self.wait(exchange)
        #expect(try !Self.status(exchange).isRecorded && exchange.media.heard.isEmpty)
        #expect(try Self.status(exchange).participants.count == 2)
        phone.assumeIsolated { $0.hangUp(leg) }
        _ = try calls.assumeIsolated { try $0.removeParticipant("team", record.key) }
        Self.wait(exchange)
        #expect(throws: CallError.invalidState) {
            try calls.assumeIsolated { try $0.startConferenceRecording("team", tone: nil, userID: nil) }
        }
    }

    @Test func `somebody who is called in takes part once they answer`() throws {
        let (exchange, _, _, _) = try Self.filled(seed: 4)
        let called = try exchange.calls.assumeIsolated { try $0.callIntoConference("team", "1003", userID: 2) }
        #expect(try Self.status(exchange).participants.count == 2)
        Self.wait(exchange, 4)
        let there = try Self.status(exchange).participants
        #expect(there.map(\.number) == ["1001", "1002", "1003"])
        #expect(there.last?.record.uuid == called.uuid && there.last?.record.state == .answered)
        #expect(Set(exchange.media.conferences.values).count == 1 && exchange.media.conferences.count == 3)
    }

    @Test func `whoever is muted is so in the media and in the list`() throws {
        let (exchange, _, _, record) = try Self.filled(seed: 5)
        for on in [true, false] {
            let status = try exchange.calls.assumeIsolated { try $0.muteParticipant("team", record.key, on) }
            #expect(status.participants.map(\.isMuted) == [false, on])
            #expect(exchange.media.muted.count == (on ? 1 : 0))
        }
        Self.wait(exchange)
        #expect(Self.changes(exchange).suffix(2) == [.muted(true), .muted(false)])
    }

    @Test func `who speaks is told once for each change`() throws {
        let (exchange, _, _, record) = try Self.filled(seed: 6)
        let pages = exchange.media.conferences.keys.sorted { $0.rawValue < $1.rawValue }
        let page = try #require(pages.last)
        for isSpeaking in [true, true, false] { exchange.media.cause(.speaking(page, isSpeaking)) }
        Self.wait(exchange)
        #expect(Self.changes(exchange).suffix(2) == [.speaking(true), .speaking(false)])
        #expect(exchange.witness.conferenceEvents.last?.participant.record.uuid == record.uuid)
    }

    @Test func `a caller can be transferred into it, and on hold is out of the mix`() throws {
        let (exchange, phone, _, _) = try Self.filled(seed: 7)
        let other = try exchange.call("1003", from: ScriptedPage("other", userID: 4))
        Self.wait(exchange, 4)
        _ = try exchange.calls.assumeIsolated {
            try $0.transfer(other.key, to: .number("8000"), reason: nil, userID: 4)
        }
        Self.wait(exchange, 3)
        let there = try Self.status(exchange).participants
        #expect(there.map(\.number) == ["1001", "1002", "1003"])
        #expect(exchange.media.conferences.count == 3)
        let first = try #require(there.first).record.key
        _ = try exchange.calls.assumeIsolated { try $0.hold(first, true, userID: nil) }
        #expect(exchange.media.conferences.count == 2)
        _ = try exchange.calls.assumeIsolated { try $0.hold(first, false, userID: nil) }
        Self.wait(exchange)
        #expect(exchange.media.conferences.count == 3)
        #expect(Self.changes(exchange) == [.joined, .joined, .joined])
        #expect(phone.assumeIsolated { $0.isRegistered })
    }

    @Test func `what is not there cannot be commanded`() throws {
        let (exchange, _, _, record) = try Self.filled(seed: 8)
        exchange.calls.assumeIsolated { calls in
            #expect(throws: CallError.conferenceNotFound) { try calls.conferenceStatus("nobody") }
            #expect(throws: CallError.callNotFound) { try calls.muteParticipant("team", .id(record.id + 7), true) }
            #expect(throws: CallError.extensionNotFound) { try calls.callIntoConference("team", "9999", userID: nil) }
            // The conference cannot be called into itself.
            #expect(throws: CallError.nobodyThere(.to)) { try calls.callIntoConference("team", "8000", userID: nil) }
        }
    }
}
