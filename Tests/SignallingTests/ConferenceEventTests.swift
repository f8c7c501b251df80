import CallKit
import CallModel
import Calls
import Media
import Testing
import Wire

@testable import Signalling

/// Conferences over sockets.
struct ConferenceEventTests {
    @Test func `who comes, speaks, is muted and leaves is told to those who are there and to operators`() throws {
        let scene = try Scene()
        let (anna, chief) = (scene.socket(user: 1), scene.socket(user: 3))
        var request = CallRequest(caller: .page(userID: 1), target: "8000", source: .webrtc)
        request.callerNumber = "+79991234567"
        let record = try scene.originate(request)
        anna.send(["type": "join-call", "callId": .integer(record.id)])
        anna.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle(.milliseconds(200))
        let leg = try #require(scene.media.conferences.keys.first)
        scene.media.cause(.speaking(leg, true))
        scene.settle(.milliseconds(200))
        _ = try scene.manager.assumeIsolated { try $0.muteParticipant("team", record.key, true) }
        scene.settle(.milliseconds(200))
        anna.send(["type": "leave-call"])
        scene.settle(.milliseconds(200))
        for (socket, number) in [(anna, "+7999***4567"), (chief, "+79991234567")] {
            let events = socket.takeJSON()
            let joined = try #require(events.events("participant-joined").first)
            #expect(joined["conference"] == "team" && joined["participants"] == 1 && joined["userId"] == 1)
            #expect(joined["callId"] == .string(record.uuid.description))
            #expect(joined["number"] == .string(number))
            #expect(events.events("speaker-changed").first?["speaking"] == true)
            #expect(events.events("participant-muted").first?["muted"] == true)
            #expect(events.events("participant-left").first?["participants"] == 0)
        }
    }
}
