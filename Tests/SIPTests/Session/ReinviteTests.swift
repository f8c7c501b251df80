import Testing
import Wire

@testable import SIP

/// re-INVITE in all its forms (RFC 3261 section 14, RFC 6141).
struct ReinviteTests {
    private let link = SimulatedLink(seed: 41)

    @Test func `the peer is asked for its offer and the ACK brings our answer`() {
        let call = link.talk()
        link.react = { [link] end, id, event in
            switch event {
            case .offered(nil): link.with(end) { $0.answerOffer(id, sdp: [6], now: link.now) }
            case .answeredWithOffer(let sdp):
                #expect(sdp == [6])
                link.after(.seconds(1)) { link.with(end) { $0.answerOffer(id, sdp: [7], now: link.now) } }
            default: break
            }
        }
        link.with(.left) { $0.requestOffer(call.left, now: link.now) }
        link.run(for: .seconds(5))
        #expect(link.events(of: .right).last == .offerAnswered(sdp: [7]))
        #expect(link.requests(.ack, from: .left).last?.body == [7])
        // The 200 came twice while the answer was awaited; the session goes on as usual.
        link.with(.right) { $0.offer(call.right, sdp: [8], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .left).last == .offered(sdp: [8]))
    }

    @Test func `an offer in a 200 to a re-INVITE that nobody answers ends the call with ACK and BYE`() {
        let call = link.talk()
        link.react = { [link] end, id, event in
            if event == .offered(sdp: nil) { link.with(end) { $0.answerOffer(id, sdp: [6], now: link.now) } }
        }
        link.with(.left) { $0.requestOffer(call.left, now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.lost(.undecided)])
        #expect(link.requests(.ack, from: .left).last?.headers.cseq?.number == 2)
        #expect(link.endings(of: .right).count == 1)
        #expect(link.isIdle)
    }

    @Test func `a re-INVITE without an answer is cancelled after 64 T1 and leaves the session as it was`() throws {
        let call = link.talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        // The right end's user is silent, and would refuse by itself at the same moment.
        link.filter = { message, end in
            guard end == .right, case .response(let response) = message else { return false }
            return response.status == 488
        }
        link.run(for: .seconds(40))
        #expect(link.events(of: .left).last == .offerRejected(status: 408) || link.endings(of: .left).isEmpty)
        #expect(link.endings(of: .left).isEmpty && link.endings(of: .right).isEmpty)
    }

    @Test func `nothing is left of a call whose re-INVITE was cancelled`() {
        let call = link.talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(40))
        #expect(link.requests(.cancel, from: .left).count == 1)
        link.with(.left) { $0.hangUp(call.left, now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.local])
        #expect(link.isIdle)
    }

    @Test func `a CANCEL of the peer's re-INVITE answers it 487 and keeps the call`() throws {
        let call = link.talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        let reinvite = try #require(link.requests(.invite, from: .left).last)
        link.inject(.request(reinvite.cancellation(reason: nil)), to: .right)
        link.run(for: .seconds(1))
        #expect(link.responses(200, to: .cancel, from: .right).count == 1)
        #expect(link.responses(487, to: .invite, from: .right).count == 1)
        #expect(link.events(of: .left).last == .offerRejected(status: 487))
        #expect(link.endings(of: .right).isEmpty)
        link.with(.right) { $0.offer(call.right, sdp: [8], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .left).last == .offered(sdp: [8]))
    }

    @Test(arguments: [481, 408])
    func `a re-INVITE answered 481 or 408 ends the call`(status: Int) {
        let call = link.talk()
        link.react = { [link] end, id, event in
            guard case .offered = event else { return }
            link.with(end) { $0.rejectOffer(id, status: status, now: link.now) }
        }
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(2))
        #expect(link.endings(of: .left) == [.lost(.peerGone)])
        #expect(link.endings(of: .right) == [.remote(nil)])
    }

    @Test func `an offer that waited while another was answered is asked for again, never sent as it was`() {
        let call = link.talk()
        link.with(.right) { $0.offer(call.right, sdp: [5], now: link.now) }
        link.run(for: .milliseconds(100))
        link.with(.left) {
            $0.offer(call.left, sdp: [6], now: link.now)
            $0.answerOffer(call.left, sdp: [7], now: link.now)
        }
        link.run(for: .seconds(2))
        #expect(link.events(of: .left).last == .offerWanted)
        #expect(link.requests(.invite, from: .left).count == 1)
        link.with(.left) { $0.offer(call.left, sdp: [8], now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.events(of: .right).last == .offered(sdp: [8]))
    }

    @Test(arguments: [SIPMethod.invite, .update])
    func `a target that moves is followed once the request is accepted, and not before`(method: SIPMethod) throws {
        let call = link.talk()
        var request = try #require(link.forge(method, from: .left, sequence: 50))
        let moved = try #require(SIPURI("sip:left@192.0.2.77:5099"))
        request.headers.contacts = [NameAddress(uri: moved)]
        request.setSDP([5])
        link.inject(.request(request), to: .right)
        link.with(.right) { $0.rejectOffer(call.right, status: 488, now: link.now) }
        request.headers.cseq = CSeq(51, method)
        request.headers.topVia?.branch = "z9hG4bKagain"
        link.inject(.request(request), to: .right)
        #expect(link.with(.right) { $0.sessions[call.right]?.value.dialog?.remoteTarget.port } == 5060)
        link.with(.right) { $0.answerOffer(call.right, sdp: [6], now: link.now) }
        #expect(link.with(.right) { $0.sessions[call.right]?.value.dialog?.remoteTarget } == moved)
        link.with(.right) { $0.hangUp(call.right, now: link.now) }
        link.run(for: .seconds(40))
        #expect(link.requests(.bye, from: .right).first?.uri == moved)
    }

    @Test func `the target of a 2xx to a re-INVITE is followed`() throws {
        let call = link.talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.filter = { _, end in end == .right }
        link.run(for: .milliseconds(20))
        let reinvite = try #require(link.requests(.invite, from: .left).last)
        var response = SIPResponse(to: reinvite, status: 200)
        response.headers.contacts = [NameAddress(uri: try #require(SIPURI("sip:right@192.0.2.2:5077")))]
        response.setSDP([6])
        link.inject(.response(response), to: .left)
        #expect(link.events(of: .left).last == .offerAnswered(sdp: [6]))
        #expect(link.requests(.ack, from: .left).last?.uri.port == 5077)
    }

    @Test func `BYE of the peer while our re-INVITE waits ends both once`() {
        let call = link.talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        link.with(.right) { $0.hangUp(call.right, now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.remote(nil)])
        #expect(link.endings(of: .right) == [.local])
        #expect(link.isIdle)
    }

    @Test func `UPDATE is not sent to a peer that does not list it`() {
        link.rewrite = { message in
            guard case .response(var response) = message else { return message }
            response.headers.allow = [.invite, .ack, .bye, .cancel]
            return .response(response)
        }
        let call = link.talk()
        link.with(.left) { $0.offer(call.left, sdp: [5], by: .update, now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.requests(.update, from: .left).isEmpty)
        #expect(link.requests(.invite, from: .left).last?.body == [5])
    }
}
