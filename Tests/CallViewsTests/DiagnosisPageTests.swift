import CallModel
import CallViews
import SIP
import Testing
import Wire

struct DiagnosisPageTests {
    private func page(_ legs: [LegFacts], _ ladder: Ladder? = nil) -> String {
        var entropy = Entropy(seed: 1)
        let record = CallRecord(
            id: 1, uuid: UUID(using: &entropy), source: .sip, direction: .internal, state: .completed,
            callerNumber: "1001", receiverNumber: "1002", startedAt: WallTime(milliseconds: 0))
        return DiagnosisPage(CallDiagnosis(record, legs: legs).json, ladder).html
    }

    private func leg(_ party: String) -> LegFacts {
        var leg = LegFacts(leg: 1, kind: .sip, party: party, side: .caller, state: .over)
        (leg.sends, leg.receives, leg.upFor) = (true, true, .seconds(20))
        return leg
    }

    @Test func `nothing that others wrote is markup`() throws {
        let invite = TracedMessage(
            at: WallTime(milliseconds: 0), isIncoming: true, transport: "UDP",
            local: try #require(SocketAddress("192.0.2.1:5060")), remote: try #require(SocketAddress("192.0.2.2:5060")),
            bytes: Array("SIP/2.0 486 <script>x</script>\r\n\r\n".utf8))
        let html = page([leg("phone <img src=x onerror=alert(1)> \"'&")], Ladder(SIPTrace([invite])))
        #expect(!html.contains("<img") && !html.contains("<script"))
        #expect(html.contains("phone &lt;img src=x onerror=alert(1)&gt;"))
        #expect(html.contains("486 &lt;script&gt;"))
    }

    @Test func `a leg that was measured has its curves, with gaps where nothing was`() {
        var measured = leg("phone 1001")
        for score in [4.2, nil, 2.1] {
            measured.curve.add(
                QualityCurve.Point(mos: score, loss: score.map { $0 < 3 ? 0.12 : 0 }, jitterMilliseconds: score))
        }
        let html = page([measured, leg("phone 1002")])
        #expect(html.components(of: "<figure>") == 1)
        #expect(html.contains("0 s</text>") && html.contains("15 s</text>"))
        // The most that was lost is the top of its scale.
        #expect(html.contains("12 %</text>"))
        let curves = html.split(separator: "class=\"curve\"").dropFirst()
        #expect(curves.count == 3)
        #expect(curves.allSatisfy { $0.prefix { $0 != ">" }.filter { $0 == "M" }.count == 2 })
    }

    @Test func `a page runs and fetches nothing`() {
        let html = page([leg("phone 1001")])
        #expect(!html.contains("<script") && !html.contains("http:") && !html.contains("https:"))
        #expect(html.contains("No SIP message of this call was kept."))
        #expect(DiagnosisPage.contentSecurityPolicy.hasPrefix("default-src 'none'"))
    }

    @Test func `what is no diagnosis makes a page and does not trap`() {
        #expect(DiagnosisPage(.null, nil).html.hasPrefix("<!doctype html>"))
        let odd: JSONValue = ["legs": [1, ["curve": ["seconds": 0, "mos": [1]]]], "findings": [7], "timeline": "no"]
        #expect(DiagnosisPage(odd, nil).html.hasPrefix("<!doctype html>"))
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        split(separator: part, omittingEmptySubsequences: false).count - 1
    }
}
