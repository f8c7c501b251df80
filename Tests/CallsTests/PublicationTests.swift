import CallKit
import CallModel
import Calls
import Reactor
import Synchronization
import Telemetry
import TestKit
import Testing
import Wire

/// What must reach others is written in one step with the record it is about.
struct PublicationTests {
    /// One row for each event, which says which it is.
    private static let publish: @Sendable (CallEvent) -> [CallRow] = { event in
        let word = "\(event.notice)"
        return [
            .outbox(
                OutboxItem(
                    kind: "test", orderingKey: "k", messageID: word, body: event.record.state.rawValue,
                    traceParent: event.traceParent, at: event.record.updatedAt))
        ]
    }

    @Test func `every turn of a call's life goes with the record of that moment`() throws {
        let exchange = try Exchange(seed: 1, users: 2, publish: Self.publish)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        #expect(exchange.loop.run(until: { first.assumeIsolated { $0.fates[leg] } == .talking }))
        exchange.loop.advance(by: .seconds(3))
        first.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        let written = exchange.store.outbox
        let words = written.map(\.item.messageID)
        for (word, state) in [("created", "initiated"), ("ringing", "ringing"), ("answered", "answered")] {
            let index = try #require(words.firstIndex(of: "life(CallModel.CallNotice.\(word))"))
            #expect(written[index].record?.state.rawValue == state && written[index].item.body == state)
        }
        #expect(words.last == "life(CallModel.CallNotice.ended)")
        #expect(written.last?.record?.state == .completed && written.last?.record?.endReason == .callerHangup)
        #expect(words == exchange.witness.events.map { "\($0.notice)" }, "in the order in which observers are told")
        withExtendedLifetime(second) {}
    }

    @Test func `what a request causes carries its trace, and so does the rest of the call it makes`() throws {
        let exchange = try Exchange(seed: 2, users: 1, publish: Self.publish)
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let calls = exchange.calls
        let request = CallRequest(caller: .page(userID: 1), target: "9196", source: .webrtc)
        let record = try exchange.loop.complete {
            try await TraceContext.$parent.withValue(parent) { try await calls.originate(request) }
        }
        exchange.loop.advance(by: .seconds(120))
        let written = exchange.store.outbox
        #expect(written.count > 1 && written.allSatisfy { $0.record?.uuid == record?.uuid })
        #expect(written.allSatisfy { $0.item.traceParent == parent })
    }
}
