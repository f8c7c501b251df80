import Telemetry
import Testing
import Wire

@testable import Observability

/// Keeps what was recorded.
final class KeptSpans: SpanSink {
    private let kept = Locked<[Span]>([])

    var spans: [Span] { kept.withLock { $0 } }

    func record(_ spans: [Span]) { kept.withLock { $0 += spans } }
}

struct SpanEncodingTests {
    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func moment(_ nanoseconds: UInt64) -> Instant { Instant(nanoseconds: 500 + nanoseconds) }

    /// A span with a given name, which a tracer does not give.
    private func span(
        _ id: UInt64, parent: UInt64?, _ name: String, _ kind: Span.Kind, _ start: UInt64, _ attributes: [LogField]
    ) -> Span {
        let trace = TraceID(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736)
        let context = SpanContext(traceID: trace, spanID: SpanID(rawValue: id), isSampled: true)
        return Span(
            context, parent: parent.map(SpanID.init(rawValue:)), name, kind, at: moment(start), attributes)
    }

    @Test func `a request is byte for byte what the official library writes`() throws {
        var call = span(
            0x00f0_67aa_0ba9_02b7, parent: nil, "call", .internal, 1000,
            [LogField("call.id", "7"), LogField("call.from", Private.number("+79991234567"))])
        call.end = moment(5_000_000_000)
        var invite = span(
            0x5399_5c3f_42cd_8ad8, parent: 0x00f0_67aa_0ba9_02b7, "sip INVITE", .client, 2000,
            [
                LogField("sip.status", 486), LogField("share", 0.5), LogField("retried", true),
                LogField("quiet", false), LogField("none", ""),
            ])
        invite.note("ringing", at: moment(2500), [LogField("early", true)])
        invite.end = moment(3000)
        invite.failure = "SIP 486"
        let encoder = SpanEncoder(
            resource: [LogField("service.name", "gw"), LogField("service.version", "1.0.0")], version: "1.0.0")
        let bytes = encoder.encode([call, invite], epoch: 1_700_000_000_000_000_000 - 500)
        #expect(Hex.encode(bytes) == OTLPFixtures.request)
    }

    @Test func `nothing to tell is an empty request, which a collector can be found by`() {
        #expect(SpanEncoder(resource: [LogField("service.name", "gw")], version: "1").encode([], epoch: 0).isEmpty)
    }

    @Test(arguments: [(OTLPFixtures.partialSuccess, 3), ("", 0), ("ffffff", 0)])
    func `a collector's answer says how many spans it did not take`(answer: String, count: Int) throws {
        #expect(SpanEncoder.rejected(in: try #require(Hex.decode(answer))) == count)
    }

    @Test func `what others send is cut, and events are counted where there are too many`() {
        let long = String(repeating: "x", count: 100_000)
        var span = span(1, parent: nil, "call", .internal, 0, [LogField("sip.call_id", long)])
        for _ in 0..<100 { span.note("ringing", at: moment(0), [LogField("why", long)]) }
        #expect(span.events.count == 32 && span.droppedEvents == 68)
        let bytes = SpanEncoder(resource: [], version: "1").encode([span], epoch: 0)
        #expect(bytes.count < 32 * 400)
    }
}
