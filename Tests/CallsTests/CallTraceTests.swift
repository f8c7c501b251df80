import CallKit
import CallModel
import Calls
import Directory
import Reactor
import Telemetry
import TestKit
import Testing
import Wire

/// What a call leaves in its trace.
struct CallTraceTests {
    private final class KeptSpans: SpanSink {
        private let kept = Locked<[Span]>([])

        var all: [Span] { kept.withLock { $0 } }

        func record(_ spans: [Span]) { kept.withLock { $0 += spans } }

        func named(_ name: String) -> [Span] { all.filter { $0.name == name } }
    }

    private func text(_ span: Span?, _ name: String) -> String? {
        span?.attributes.first { $0.name == name }?.value.text
    }

    @Test func `a call between phones is one trace with a part for each step`() throws {
        let kept = KeptSpans()
        let exchange = try Exchange(seed: 3, users: 2, spans: kept)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        #expect(exchange.register())
        let begun = exchange.loop.now
        let leg = first.assumeIsolated { $0.call("1002") }
        #expect(exchange.loop.run(until: { first.assumeIsolated { $0.fates[leg] } == .talking }))
        exchange.loop.advance(by: .seconds(7))
        #expect(kept.all.isEmpty, "it is recorded when all is known")
        first.assumeIsolated { $0.hangUp(leg) }
        exchange.loop.advance(by: .seconds(40))
        let call = try #require(kept.named("call").first)
        #expect(kept.all.allSatisfy { $0.context.traceID == call.context.traceID })
        #expect(kept.all.filter { $0.name != "call" }.allSatisfy { $0.parentID == call.context.spanID })
        let record = try #require(exchange.store.records.first)
        #expect(text(call, "call.id") == "\(record.uuid)" && text(call, "sip.call_id") == record.sipCallID)
        #expect(text(call, "call.state") == "completed" && text(call, "call.end_reason") == "caller_hangup")
        let invites = kept.named("sip INVITE")
        #expect(Set(invites.map(\.kind)) == [.server, .client])
        #expect(invites.compactMap { text($0, "leg.id") } == ["\(record.uuid)-1", "\(record.uuid)-2"].reversed())
        #expect(Set(invites.compactMap { text($0, "sip.call_id") }).count == 2)
        for span in invites + kept.named("call.ringing") {
            // The phone rings for a second.
            #expect(span.start >= begun && (span.end - span.start) > .milliseconds(900))
            #expect(span.end - span.start < .seconds(2) && span.failure == nil)
        }
        let bridge = try #require(kept.named("media.bridge").first)
        #expect(bridge.end - bridge.start >= .seconds(7) && bridge.end - bridge.start < .seconds(8))
        #expect(kept.named("call.answer").count == 1 && kept.named("call.teardown").count == 1)
        #expect(call.start <= invites[0].start && kept.all.allSatisfy { $0.end <= call.end && $0.start <= $0.end })
        withExtendedLifetime(second) {}
    }

    @Test func `a call that nobody takes says so where it failed`() throws {
        let kept = KeptSpans()
        let exchange = try Exchange(seed: 4, users: 2, spans: kept)
        let first = try exchange.addPhone("1001")
        let second = try exchange.addPhone("1002", script: { _ in .reject(status: 486, after: .seconds(1)) })
        #expect(exchange.register())
        _ = first.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(60))
        let ours = try #require(kept.named("sip INVITE").first { $0.kind == .client })
        #expect(ours.failure == "SIP 486")
        #expect(text(kept.named("call").first, "call.state") == "busy")
        #expect(kept.named("media.bridge").isEmpty)
        withExtendedLifetime(second) {}
    }

    @Test func `numbers are masked, and what follows from the call carries its own span`() throws {
        let kept = KeptSpans()
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let exchange = try Exchange(
            seed: 5, users: 1, trunks: [Trunk(name: "default", host: "10.0.9.9", port: 5060, transport: .udp)],
            spans: kept,
            publish: { event in
                [
                    .outbox(
                        OutboxItem(
                            kind: "test", orderingKey: "k", messageID: "m", body: "", traceParent: event.traceParent,
                            at: event.record.updatedAt))
                ]
            })
        let calls = exchange.calls
        let request = CallRequest(caller: .page(userID: 1), target: "+79991234567", source: .webrtc)
        _ = try exchange.loop.complete {
            try await TraceContext.$parent.withValue(parent) { try await calls.originate(request) }
        }
        exchange.loop.advance(by: .seconds(120))
        let call = try #require(kept.named("call").first)
        #expect(call.parentID?.description == "00f067aa0ba902b7")
        #expect(text(call, "call.to") == "+7999***4567")
        let later = exchange.store.outbox.dropFirst()
        #expect(!later.isEmpty && later.allSatisfy { $0.item.traceParent == call.context.traceParent })
    }
}
