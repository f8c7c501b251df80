import Testing
import Wire

@testable import SIP

/// Offers in a session that is set up: re-INVITE and UPDATE both ways, collisions, refusals, BYE in between.
struct OfferTests {
    private let link = SimulatedLink(seed: 3)

    /// A call that is set up; the sessions of both ends.
    private func talk() -> (left: SessionID, right: SessionID) {
        var callee: SessionID?
        link.invited = { [link] end, invite, flow in
            let peer = link.peer(of: end)
            callee = link.with(end) { $0.beginSession(invite, from: flow, peer: peer, now: link.now) }
            if let callee { link.with(end) { $0.accept(callee, sdp: [2], now: link.now) } }
        }
        let caller = link.call(from: .left)
        link.run(for: .seconds(1))
        return (caller, callee ?? caller)
    }

    private func id(_ end: SimulatedLink.End, _ call: (left: SessionID, right: SessionID)) -> SessionID {
        end == .left ? call.left : call.right
    }

    @Test(arguments: SimulatedLink.End.allCases, [OfferMethod.reinvite, .update])
    func `an offer is answered from either side by either method`(end: SimulatedLink.End, method: OfferMethod) {
        let call = talk()
        link.with(end) { $0.offer(id(end, call), sdp: [5], by: method, now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: end.other).last == .offered(sdp: [5]))
        link.with(end.other) { $0.answerOffer(id(end.other, call), sdp: [6], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: end).last == .offerAnswered(sdp: [6]))
        #expect(link.requests(.ack, from: end).count == (method == .reinvite ? 1 : 0) + (end == .left ? 1 : 0))
        link.with(end) { $0.hangUp(id(end, call), now: link.now) }
        link.run()
        #expect(link.isIdle)
    }

    @Test func `a refused offer leaves the session as it was`() {
        let call = talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        link.with(.right) { $0.rejectOffer(call.right, status: 488, now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .left).last == .offerRejected(status: 488))
        #expect(link.endings(of: .left).isEmpty)
    }

    @Test func `offers that collide are refused with 491 and both come through in the end`() {
        let call = talk()
        link.react = { [link] end, id, event in
            if event == .offerWanted { link.with(end) { $0.offer(id, sdp: [7], now: link.now) } }
            guard case .offered = event else { return }
            link.after(.milliseconds(10)) { link.with(end) { $0.answerOffer(id, sdp: [9], now: link.now) } }
        }
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.with(.right) { $0.offer(call.right, sdp: [6], now: link.now) }
        link.run(for: .seconds(10))
        for end in SimulatedLink.End.allCases {
            #expect(link.responses(491, to: .invite, from: end).count >= 1)
            #expect(link.events(of: end).last { $0 == .offerAnswered(sdp: [9]) } != nil)
        }
    }

    @Test func `a second offer of the peer before the first is answered gets 500 and a time to come back`() throws {
        let call = talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        var second = try #require(link.requests(.invite, from: .left).last)
        second.headers.cseq = CSeq(99, .invite)
        second.headers.topVia?.branch = "z9hG4bKsecond"
        link.inject(.request(second), to: .right)
        #expect(link.responses(500, to: .invite, from: .right).first?.headers.retryAfter != nil)
    }

    @Test func `a re-INVITE without an offer gets ours and its ACK brings the answer`() throws {
        let call = talk()
        var reinvite = try #require(link.requests(.ack, from: .left).last)
        reinvite.method = .invite
        reinvite.headers.cseq = CSeq(50, .invite)
        reinvite.headers.topVia?.branch = "z9hG4bKempty"
        link.inject(.request(reinvite), to: .right)
        #expect(link.events(of: .right).last == .offered(sdp: nil))
        link.with(.right) { $0.answerOffer(call.right, sdp: [6], now: link.now) }
        var ack = reinvite
        ack.method = .ack
        ack.headers.cseq = CSeq(50, .ack)
        ack.headers.topVia?.branch = "z9hG4bKemptyack"
        ack.setSDP([7])
        link.inject(.request(ack), to: .right)
        #expect(link.events(of: .right).last == .offerAnswered(sdp: [7]))
    }

    @Test func `BYE while a re-INVITE waits ends the call and answers 487`() {
        let call = talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        link.with(.left) { $0.hangUp(call.left, now: link.now) }
        link.run()
        #expect(link.responses(487, to: .invite, from: .right).count == 1)
        #expect(link.endings(of: .left) == [.local])
        #expect(link.endings(of: .right) == [.remote(nil)])
        #expect(link.isIdle)
    }

    @Test func `an offer made while another is under way waits for its turn`() {
        let call = talk()
        link.with(.left) {
            $0.offer(call.left, sdp: [5], now: link.now)
            $0.offer(call.left, sdp: [6], now: link.now)
        }
        link.run(for: .seconds(1))
        link.with(.right) { $0.answerOffer(call.right, sdp: [7], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .right).last == .offered(sdp: [6]))
    }

    @Test func `a peer that knows the dialog no more ends the call`() {
        let call = talk()
        link.with(.right) { $0 = UserAgent(profile: $0.profile, validator: $0.validator, entropy: Entropy(seed: 5)) }
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.lost(.peerGone)])
        #expect(link.isIdle)
    }

    @Test func `BYE from both sides at once ends each once`() {
        let call = talk()
        for end in SimulatedLink.End.allCases { link.with(end) { $0.hangUp(id(end, call), now: link.now) } }
        link.run()
        #expect(link.endings(of: .left) == [.local])
        #expect(link.endings(of: .right) == [.local])
        #expect(link.responses(200, to: .bye, from: .left).count == 1)
        #expect(link.isIdle)
    }

    @Test func `INFO and REFER are answered and told, and that nothing came of the transfer too`() throws {
        let call = talk()
        var info = try #require(link.requests(.ack, from: .left).last)
        info.method = .info
        info.headers.cseq = CSeq(60, .info)
        info.headers.topVia?.branch = "z9hG4bKinfo"
        info.headers.contentType = MediaType(type: "application", subtype: "dtmf-relay")
        info.body = Array("Signal=5".utf8)
        link.inject(.request(info), to: .right)
        #expect(
            link.events(of: .right).last
                == .info(contentType: "application/dtmf-relay", body: Array("Signal=5".utf8)))
        var refer = info
        refer.method = .refer
        refer.headers.cseq = CSeq(61, .refer)
        refer.headers.topVia?.branch = "z9hG4bKrefer"
        let target = try #require(SIPURI("sip:300@example.com"))
        refer.headers.set(.referTo, [NameAddress(uri: target)])
        link.inject(.request(refer), to: .right)
        #expect(link.events(of: .right).last == .transferRequested(to: target, replaces: nil, referredBy: nil))
        #expect(link.responses(202, to: .refer, from: .right).count == 1)
        #expect(link.requests(.notify, from: .right).count == 1)
        link.with(.right) { $0.hangUp(call.right, now: link.now) }
        let notice = try #require(link.requests(.notify, from: .right).last)
        #expect(notice.headers[.subscriptionState]?.hasPrefix("terminated") == true)
        #expect(String(decoding: notice.body, as: UTF8.self).hasPrefix("SIP/2.0 487"))
    }
}
