import Testing
import Wire

@testable import SIP

/// Calls that take the place of others, laid beside RFC 3891 section 3; calls that are sent elsewhere.
struct ReplacementTests {
    private let link = SimulatedLink(seed: 71)

    private func verdict(_ replaces: String..., at end: SimulatedLink.End = .right) -> ReplacementVerdict {
        var invite = SIPRequest(.invite, SIPURI(user: "right", address: end.address))
        for value in replaces { invite.headers.append(.replaces, value) }
        return link.with(end) { $0.replacement(for: invite) }
    }

    private func naming(_ id: SessionID, at end: SimulatedLink.End) throws -> Replaces {
        try #require(link.with(end) { $0.replaces(naming: id) })
    }

    @Test func `a call is found by what its other end calls it`() throws {
        let call = link.talk()
        let replaces = try naming(call.left, at: .left)
        #expect(verdict(replaces.description) == .session(call.right))
        #expect(link.with(.right) { $0.session(replacing: replaces) } == call.right)
        // The tags are directed: the same text is not good at the end it was made.
        #expect(link.with(.left) { $0.session(replacing: replaces) } == nil)
        #expect(verdict(replaces.description + ";early-only") == .refused(status: 486))
    }

    @Test func `what matches nothing, is malformed or stands twice is refused`() throws {
        let call = link.talk()
        let replaces = try naming(call.left, at: .left)
        var other = replaces
        other.fromTag = "guess"
        #expect(verdict(other.description) == .refused(status: 481))
        other = replaces
        other.callID = "guess"
        #expect(verdict(other.description) == .refused(status: 481))
        #expect(verdict("nonsense") == .refused(status: 400))
        #expect(verdict(replaces.description, replaces.description) == .refused(status: 400))
        #expect(verdict() == .none)
    }

    @Test func `a call that is over is declined while it is remembered, then unknown`() throws {
        let call = link.talk()
        let replaces = try naming(call.left, at: .left)
        link.filter = { _, _ in true }
        link.with(.right) { $0.hangUp(call.right, now: link.now) }
        #expect(verdict(replaces.description) == .refused(status: 603))
        link.run()
        #expect(verdict(replaces.description) == .refused(status: 481))
    }

    @Test func `an early call can be replaced where it was placed, and nowhere else`() throws {
        var callee: SessionID?
        link.welcome { [link] id in
            callee = id
            link.with(.right) { $0.ring(id, status: 180, sdp: nil, now: link.now) }
        }
        let caller = link.call(from: .left)
        link.run(for: .seconds(1))
        let ringing = try naming(try #require(callee), at: .right)
        #expect(verdict(ringing.description + ";early-only", at: .left) == .session(caller))
        let invite = try #require(link.requests(.invite, from: .left).first)
        let placed = Replaces(
            callID: ringing.callID, toTag: link.fork, fromTag: invite.headers.from?.tag ?? "")
        #expect(verdict(placed.description) == .refused(status: 481))
    }

    @Test func `a redirection brings its contacts, the preferred first`() throws {
        link.filter = { _, end in end == .left }
        link.call(from: .left)
        let invite = try #require(link.requests(.invite, from: .left).first)
        var response = SIPResponse(to: invite, status: 302, toTag: "x")
        response.headers.append(
            .contact, "<sip:b@example.com>;q=0.5, <sip:a@example.com>, <sip:d@example.com>;q=nan, <tel:+1555>;q=0.9")
        link.inject(.response(response), to: .left)
        guard case .rejected(302, "Moved Temporarily", let contacts, nil, false)? = link.endings(of: .left).first else {
            Issue.record("no redirection: \(link.endings(of: .left))")
            return
        }
        #expect(contacts.first?.user == "a")
        #expect(contacts.map(\.user).contains("+1555") && contacts.count == 4)
    }

    @Test func `a server that is busy says when to come back, and its contacts are of no interest`() throws {
        link.filter = { _, end in end == .left }
        link.call(from: .left)
        let invite = try #require(link.requests(.invite, from: .left).first)
        var response = SIPResponse(to: invite, status: 503, toTag: "x")
        response.headers[.retryAfter] = "120 (maintenance);duration=60"
        response.headers.contacts = [NameAddress(uri: invite.uri)]
        link.inject(.response(response), to: .left)
        #expect(
            link.endings(of: .left) == [
                .rejected(status: 503, reason: "Service Unavailable", contacts: [], retryAfter: 120)
            ])
    }
}
