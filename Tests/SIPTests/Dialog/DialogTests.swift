import Testing
import Wire

@testable import SIP

/// Route sets, targets, sequence numbers (RFC 3261 section 12).
struct DialogTests {
    private func message(_ lines: String...) throws -> SIPMessage {
        let head = lines + ["Content-Length: 0", "", ""]
        return try SIPParser.parse(Array(head.joined(separator: "\r\n").utf8))
    }

    private func invite() throws -> SIPRequest {
        let parsed = try message(
            "INVITE sip:bob@biloxi.example.com SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
            "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>",
            "From: <sip:alice@atlanta.example.com>;tag=a", "To: <sip:bob@biloxi.example.com>", "Call-ID: 1@x",
            "CSeq: 7 INVITE", "Contact: <sip:alice@192.0.2.1>", "Max-Forwards: 70")
        guard case .request(let request) = parsed else { throw SIPParseMistake() }
        return request
    }

    private struct SIPParseMistake: Error {}

    private func response(_ status: Int, routes: String) throws -> SIPResponse {
        var response = SIPResponse(to: try invite(), status: status, toTag: "b")
        response.headers.append(.recordRoute, routes)
        response.headers.append(.contact, "<sip:bob@192.0.2.4>")
        return response
    }

    @Test func `the caller's route set is the reverse of the response's and the callee's is the request's`() throws {
        let routes = "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>"
        var caller = try #require(Dialog(calling: try invite(), answeredBy: try response(200, routes: routes)))
        var callee = try #require(Dialog(calledBy: try invite(), localTag: "b"))
        let there = caller.makeRequest(.bye)
        #expect(there.headers.routes.map(\.uri.host) == ["p1.example.com", "p2.example.com"])
        #expect(there.uri.description == "sip:bob@192.0.2.4")
        #expect(there.headers.cseq == CSeq(8, .bye))
        let back = callee.makeRequest(.bye)
        #expect(back.headers.routes.map(\.uri.host) == ["p2.example.com", "p1.example.com"])
        #expect(back.uri.description == "sip:alice@192.0.2.1")
        #expect(caller.nextHop.host == "p1.example.com")
        #expect((caller.id.localTag, caller.id.remoteTag) == ("a", "b"))
        #expect((callee.id.localTag, callee.id.remoteTag) == ("b", "a"))
    }

    @Test func `a strict router stands in the Request-URI and the target comes last`() throws {
        let answer = try response(200, routes: "<sip:loose.example.com;lr>, <sip:strict.example.com>")
        var dialog = try #require(Dialog(calling: try invite(), answeredBy: answer))
        let request = dialog.makeRequest(.bye)
        #expect(request.uri.host == "strict.example.com")
        #expect(request.headers.routes.map(\.uri.host) == ["loose.example.com", "192.0.2.4"])
        #expect(dialog.nextHop.host == "strict.example.com")
    }

    @Test func `a confirmed dialog has the route set of its 2xx, not of the provisional response`() throws {
        let early = try response(180, routes: "<sip:early.example.com;lr>")
        var dialog = try #require(Dialog(calling: try invite(), answeredBy: early))
        #expect(dialog.state == .early)
        dialog.confirm(by: try response(200, routes: "<sip:final.example.com;lr>"))
        #expect(dialog.state == .confirmed)
        #expect(dialog.nextHop.host == "final.example.com")
    }

    @Test func `a lower or equal CSeq is out of order and changes nothing`() throws {
        var dialog = try #require(Dialog(calledBy: try invite(), localTag: "b"))
        var request = try invite()
        var orders: [Dialog.Order] = []
        for number: UInt32 in [7, 6, 9, 8, 9, 10] {
            request.headers.cseq = CSeq(number, .info)
            orders.append(dialog.receive(request))
        }
        #expect(orders == [.outOfOrder, .outOfOrder, .inOrder, .outOfOrder, .outOfOrder, .inOrder])
    }

    @Test func `the ACK has the number of its INVITE and leaves the count alone`() throws {
        let answer = try response(200, routes: "<sip:p.example.com;lr>")
        var dialog = try #require(Dialog(calling: try invite(), answeredBy: answer))
        #expect(dialog.makeAcknowledgement(sequence: 7).headers.cseq == CSeq(7, .ack))
        let next = dialog.makeRequest(.invite)
        #expect(next.headers.cseq == CSeq(8, .invite))
    }

    @Test func `a Contact in a re-INVITE moves the target and its absence does not`() throws {
        var dialog = try #require(Dialog(calledBy: try invite(), localTag: "b"))
        var headers = SIPHeaders()
        dialog.refreshTarget(from: headers)
        #expect(dialog.remoteTarget.description == "sip:alice@192.0.2.1")
        headers.append(.contact, "<sip:alice@198.51.100.9:5099>")
        dialog.refreshTarget(from: headers)
        #expect(dialog.remoteTarget.description == "sip:alice@198.51.100.9:5099")
    }
}
