import Testing
import Wire

@testable import SIP

/// Offers in early dialogs: UPDATE, laid beside RFC 3311 section 5 and RFC 6337.
struct EarlyUpdateTests {
    private let link = SimulatedLink(seed: 21)

    init() { link.setOptions(SessionOptions(reliable: .supported), SessionOptions(reliable: .supported)) }

    /// A call that rings with early media.
    private func ring(reliably: Bool = true) throws -> (left: SessionID, right: SessionID) {
        if !reliably { link.setOptions(SessionOptions(), SessionOptions()) }
        var callee: SessionID?
        link.welcome { [link] id in
            callee = id
            link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) }
        }
        let caller = link.call(from: .left)
        link.run(for: .seconds(1))
        return (caller, try #require(callee))
    }

    private func id(_ end: SimulatedLink.End, _ call: (left: SessionID, right: SessionID)) -> SessionID {
        end == .left ? call.left : call.right
    }

    @Test(arguments: SimulatedLink.End.allCases)
    func `an offer before the answer goes by UPDATE from either side`(end: SimulatedLink.End) throws {
        let call = try ring()
        link.with(end) { $0.offer(id(end, call), sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.requests(.update, from: end).first?.body == [5])
        #expect(link.events(of: end.other).last == .offered(sdp: [5]))
        link.with(end.other) { $0.answerOffer(id(end.other, call), sdp: [6], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: end).last == .offerAnswered(sdp: [6]))
        // The 200 says nothing new, and what was agreed since the 183 holds.
        link.with(.right) { $0.accept(call.right, sdp: end == .left ? [6] : [5], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .left).last == .answered(sdp: end == .left ? [6] : [5]))
        #expect(link.events(of: .right).last == .established)
    }

    @Test func `without a reliable answer an offer waits until the call is answered`() throws {
        let call = try ring(reliably: false)
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.requests(.update, from: .left).isEmpty)
        link.with(.right) { $0.accept(call.right, sdp: [7], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.requests(.invite, from: .left).last?.body == [5])
    }

    @Test func `an UPDATE with an offer before the first answer is refused with 500 and a time to come back`() throws {
        let call = try ring(reliably: false)
        var update = try #require(link.requests(.invite, from: .left).first)
        update.method = .update
        update.headers.cseq = CSeq(2, .update)
        update.headers.to?.tag = link.fork
        update.headers.topVia?.branch = "z9hG4bKearly"
        link.inject(.request(update), to: .right)
        #expect(link.responses(500, to: .update, from: .right).first?.headers.retryAfter != nil)
        #expect(link.endings(of: .right).isEmpty)
        link.with(.right) { $0.accept(call.right, sdp: [7], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .right).last == .established)
    }

    @Test func `an UPDATE of the callee before the answer came reliably is refused with 491`() throws {
        _ = try ring(reliably: false)
        let invite = try #require(link.requests(.invite, from: .left).first)
        var update = SIPRequest(.update, SIPURI(user: "left", address: SimulatedLink.End.left.address))
        update.headers.prependVia(Via(transport: .udp, sentBy: SimulatedLink.End.right.address, branch: "z9hG4bKu"))
        update.headers.from = invite.headers.to
        update.headers.from?.tag = link.fork
        update.headers.to = invite.headers.from
        update.headers.callID = invite.headers.callID
        update.headers.cseq = CSeq(1, .update)
        update.setSDP([9])
        link.inject(.request(update), to: .left)
        #expect(link.responses(491, to: .update, from: .left).count == 1)
        update.setSDP(nil)
        update.headers.cseq = CSeq(2, .update)
        update.headers.topVia?.branch = "z9hG4bKv"
        link.inject(.request(update), to: .left)
        #expect(link.responses(200, to: .update, from: .left).count == 1)
        update.method = .invite
        update.headers.cseq = CSeq(3, .invite)
        update.headers.topVia?.branch = "z9hG4bKw"
        link.inject(.request(update), to: .left)
        #expect(link.responses(491, to: .invite, from: .left).count == 1)
    }

    @Test func `a re-INVITE before the answer to the INVITE is refused with 500`() throws {
        _ = try ring()
        var second = try #require(link.requests(.invite, from: .left).first)
        second.headers.cseq = CSeq(9, .invite)
        second.headers.to?.tag = link.fork
        second.headers.topVia?.branch = "z9hG4bKsecond"
        link.inject(.request(second), to: .right)
        #expect(link.responses(500, to: .invite, from: .right).first?.headers.retryAfter != nil)
        #expect(link.endings(of: .right).isEmpty)
    }

    @Test func `offers by UPDATE that collide are refused with 491 and asked for again`() throws {
        let call = try ring()
        link.react = { [link] end, id, event in
            if event == .offerWanted { link.with(end) { $0.offer(id, sdp: [5], now: link.now) } }
            guard case .offered = event else { return }
            link.after(.milliseconds(10)) { link.with(end) { $0.answerOffer(id, sdp: [9], now: link.now) } }
        }
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.with(.right) { $0.offer(call.right, sdp: [6], now: link.now) }
        link.run(for: .seconds(20))
        for end in SimulatedLink.End.allCases {
            #expect(link.responses(491, to: .update, from: end).count >= 1)
            #expect(link.events(of: end).contains(.offerAnswered(sdp: [9])))
        }
    }

    @Test func `a 200 waits for the answer to an UPDATE of the caller`() throws {
        let call = try ring()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        link.with(.right) { $0.accept(call.right, sdp: [6], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.responses(200, to: .invite, from: .right).isEmpty)
        link.with(.right) { $0.answerOffer(call.right, sdp: [6], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .left).suffix(2) == [.offerAnswered(sdp: [6]), .answered(sdp: [6])])
    }

    @Test func `an UPDATE that waits for its answer does not outlive the call`() throws {
        let call = try ring()
        link.with(.right) { $0.offer(call.right, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        link.with(.left) { $0.hangUp(call.left, now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.local])
        #expect(link.endings(of: .right) == [.cancelled(nil)])
        #expect(link.isIdle)
    }
}
