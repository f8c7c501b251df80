import CallKit
import CallModel
import Testing
import Wire

@testable import Signalling

/// Pages that stop ringing because of what happens elsewhere.
struct WithdrawalTests {
    /// Anna's page calls Boris, who has two pages open.
    private func ringing(_ scene: Scene) throws
        -> (anna: TestSocket, pages: [TestSocket], record: CallRecord)
    {
        let anna = scene.socket(user: 1)
        let pages = [scene.socket(user: 2), scene.socket(user: 2)]
        let record = try scene.call(from: 1, to: "102")
        anna.send(["type": "join-call", "callId": .integer(record.id)])
        anna.send(["type": "offer", "callId": .integer(record.id), "sdp": .string(ScriptedPage.offer())])
        scene.settle()
        return (anna, pages, record)
    }

    @Test func `the page that takes a call silences the same user's others at once`() throws {
        let scene = try Scene()
        let call = try ringing(scene)
        #expect(call.pages.allSatisfy { $0.takeJSON().events("incoming-call").count == 1 })
        call.pages[0].send(["type": "answer-call", "callId": .integer(call.record.id), "action": "accept"])
        scene.settle()
        let withdrawn = call.pages[1].takeJSON().events("call-withdrawn")
        #expect(withdrawn.count == 1)
        #expect(withdrawn.first?["reason"] == "answered_elsewhere")
        #expect(withdrawn.first?["uuid"] == .string(call.record.uuid.description))
        #expect(call.pages[0].takeJSON().events("call-withdrawn").isEmpty)
    }

    @Test func `a caller who gives up silences every page, and the reason says so`() throws {
        let scene = try Scene()
        let call = try ringing(scene)
        call.anna.send(["type": "end-call", "callId": .integer(call.record.id)])
        scene.settle()
        for page in call.pages {
            let withdrawn = page.takeJSON().events("call-withdrawn")
            #expect(withdrawn.map { $0["reason"] } == ["cancelled"])
        }
    }
}
