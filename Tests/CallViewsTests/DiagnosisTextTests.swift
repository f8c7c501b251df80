import CallModel
import CallViews
import Testing
import Wire

struct DiagnosisTextTests {
    private func diagnosis(_ legs: [LegFacts]) -> CallDiagnosis {
        var entropy = Entropy(seed: 1)
        var record = CallRecord(
            id: 1, uuid: UUID(using: &entropy), source: .sip, direction: .internal, state: .completed,
            callerNumber: "1001", receiverNumber: "1002", startedAt: WallTime(milliseconds: 0))
        (record.answeredAt, record.endReason) = (WallTime(milliseconds: 1000), .callerHangup)
        record.endedAt = WallTime(milliseconds: 61_000)
        return CallDiagnosis(record, legs: legs)
    }

    private var phone: LegFacts {
        var leg = LegFacts(leg: 2, kind: .sip, party: "phone 1002", side: .callee, state: .over)
        (leg.codec, leg.sends, leg.receives, leg.upFor) = ("PCMA/8000", true, true, .seconds(60))
        (leg.sent.packets, leg.sent.bytes) = (3000, 516_000)
        (leg.sent.firstAt, leg.sent.lastAt) = (WallTime(milliseconds: 1000), WallTime(milliseconds: 61_000))
        leg.announced = SocketAddress("10.1.0.7:4000")
        leg.local = [SocketAddress("192.0.2.1:20000")].compactMap(\.self)
        leg.strangers = SocketAddress("203.0.113.9:4000").map { [LegFacts.Stranger(address: $0, packets: 1804)] } ?? []
        leg.strangersPackets = 1804
        return leg
    }

    @Test func `findings come first, then the steps, then each leg`() {
        let expected = """
            Call \(diagnosis([]).callID): completed (caller_hangup)

            PROBLEM: Phone 1002 (leg 2) announced 10.1.0.7:4000, and 1804 packets came from 203.0.113.9:4000 instead; \
            they were refused.
              → Its description names an address that is not its own (NAT without STUN, a media proxy, several \
            interfaces): let it announce the address it sends from.

            1970-01-01T00:00:00.000Z  initiated
            1970-01-01T00:00:01.000Z  answered
            1970-01-01T00:01:01.000Z  completed

            Leg 2: phone 1002, sip, PCMA/8000, sendrecv, up for 60 s
              received  nothing
              sent      3000 packets, 516000 bytes, 1970-01-01T00:00:01.000Z … 1970-01-01T00:01:01.000Z
              addresses local 192.0.2.1:20000, announced 10.1.0.7:4000, remote –
              refused   203.0.113.9:4000 (1804)
              quality   not measured

            """
        #expect(DiagnosisText(diagnosis([phone]).json).text == expected)
    }

    @Test func `a browser's transport, its failures and its figures are printed where there are any`() {
        var leg = phone
        var transport = TransportState()
        (transport.checks, transport.selected) = (12, SocketAddress("198.51.100.4:5000"))
        (transport.handshake, transport.failure) = (.failed, .refused(alert: 40))
        leg.transport = transport
        (leg.srtpFailures.authentication, leg.quality.roundTripMilliseconds) = (7, 40)
        leg.quality.mos = LegQuality.Score(current: 4, minimum: 3.5, average: 4.1)
        (leg.quality.received.loss, leg.quality.received.jitterMilliseconds) = (0.0123, 2)
        let text = DiagnosisText(diagnosis([leg]).json).text
        #expect(text.contains("  ICE       12 checks, selected 198.51.100.4:5000 udp, – … –"))
        #expect(text.contains("  DTLS      failed, refused by the browser, alert handshake_failure"))
        #expect(text.contains("  SRTP      authentication 7\n"))
        #expect(text.contains("  quality   MOS 4.1 (least 3.5), received: loss 1.2 %, jitter 2 ms, sent: loss –"))
    }

    @Test func `who called whom stands below the heading where it is known`() {
        let known: JSONValue = ["callId": "c", "state": "completed", "direction": "internal", "from": "1", "to": "2"]
        #expect(DiagnosisText(known).text.hasPrefix("Call c: completed\ninternal, from 1 to 2\n"))
        let page = DiagnosisPage(["direction": "incoming", "from": "<b>1</b>", "to": "2"], nil).html
        #expect(page.contains("<p>incoming, from &lt;b&gt;1&lt;/b&gt; to 2</p>"))
    }

    @Test func `what is no diagnosis prints dashes and does not trap`() {
        #expect(DiagnosisText(.null).text.hasPrefix("Call –: –"))
        #expect(!DiagnosisText(["legs": [1, [], "x"], "findings": [7], "timeline": "no"]).text.isEmpty)
    }
}
