import Testing
import Wire

@testable import SIP

/// Calls being set up: answers, refusals, delayed offers, lost messages.
struct CallSetupTests {
    private let link = SimulatedLink(seed: 1)

    /// The right side answers with a status after its 180.
    private func answer(_ status: Int, ringing: [UInt8]? = nil, sdp: [UInt8] = [2]) {
        link.invited = { [link] end, invite, flow in
            let peer = link.peer(of: end)
            guard let id = link.with(end, { $0.beginSession(invite, from: flow, peer: peer, now: link.now) })
            else { return }
            link.after(.seconds(1)) {
                link.with(end) { $0.ring(id, status: ringing == nil ? 180 : 183, sdp: ringing, now: link.now) }
            }
            link.after(.seconds(3)) {
                link.with(end) {
                    if status < 300 {
                        $0.accept(id, sdp: sdp, now: link.now)
                    } else {
                        $0.reject(id, status: status, now: link.now)
                    }
                }
            }
        }
    }

    @Test func `an INVITE is answered 100 at once and then rings and is answered`() {
        answer(200)
        let id = link.call(from: .left)
        link.run(for: .milliseconds(20))
        #expect(link.responses(100, to: .invite, from: .right).count == 1)
        link.run(for: .seconds(10))
        #expect(link.events(of: .left) == [.progress(status: 180, sdp: nil, fork: link.fork), .answered(sdp: [2])])
        #expect(link.events(of: .right) == [.established])
        link.with(.left) { $0.hangUp(id, now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.local])
        #expect(link.endings(of: .right) == [.remote(nil)])
        #expect(link.isIdle)
    }

    @Test func `a 2xx without a Contact is acknowledged, and ended, at the address that was called`() throws {
        answer(200)
        link.rewrite = { message in
            guard case .response(var response) = message, response.status == 200 else { return message }
            response.headers.contacts = []
            return .response(response)
        }
        let id = link.call(from: .left)
        link.run(for: .seconds(10))
        #expect(link.events(of: .left).last == .answered(sdp: [2]))
        #expect(link.events(of: .right) == [.established])
        link.with(.left) { $0.hangUp(id, now: link.now) }
        link.run()
        #expect(link.requests(.bye, from: .left).last?.uri.user == "right")
        #expect(link.endings(of: .right) == [.remote(nil)])
        #expect(link.isIdle)
    }

    @Test func `early media comes with 183 and holds for an answer without a description`() {
        answer(200, ringing: [7], sdp: [])
        link.call(from: .left)
        link.run(for: .seconds(10))
        #expect(link.events(of: .left) == [.progress(status: 183, sdp: [7], fork: link.fork), .answered(sdp: [7])])
    }

    @Test func `a refusal ends the call with its status`() {
        answer(486)
        link.call(from: .left)
        link.run()
        #expect(link.endings(of: .left) == [.rejected(status: 486, reason: "Busy Here")])
        #expect(link.endings(of: .right) == [.local])
        #expect(link.requests(.ack, from: .left).count == 1)
        #expect(link.isIdle)
    }

    @Test func `a call nobody answers at all ends with 408 after 64 T1`() {
        link.filter = { _, _ in true }
        link.call(from: .left)
        link.run()
        #expect(link.endings(of: .left) == [.rejected(status: 408, reason: "Request Timeout", isOwn: true)])
        #expect(link.now == .zero + .seconds(32))
        #expect(link.requests(.invite, from: .left).count == 7)
        #expect(link.isIdle)
    }

    @Test func `a call that only rings is given up after the ring limit`() {
        link.invited = { [link] end, invite, flow in
            let peer = link.peer(of: end)
            let id = link.with(end) { $0.beginSession(invite, from: flow, peer: peer, now: link.now) }
            if let id { link.with(end) { $0.ring(id, status: 180, sdp: nil, now: link.now) } }
        }
        link.call(from: .left)
        link.run()
        #expect(link.endings(of: .left) == [.rejected(status: 408, reason: "Request Timeout", isOwn: true)])
        #expect(link.endings(of: .right) == [.cancelled(nil)])
        #expect(link.responses(180, to: .invite, from: .right).count == 3)
        #expect(link.isIdle)
    }

    @Test func `a lost 200 is sent again until it is acknowledged`() {
        answer(200)
        var lost = 0
        link.filter = { message, end in
            guard end == .right, case .response(let response) = message, response.status == 200, lost < 3
            else { return false }
            lost += 1
            return true
        }
        link.call(from: .left)
        link.run(for: .seconds(20))
        #expect(link.responses(200, to: .invite, from: .right).count == 4)
        #expect(link.events(of: .right) == [.established])
    }

    @Test func `a 200 without its ACK is sent again at T1 doubling up to T2 until 64 T1`() {
        answer(200)
        link.filter = { message, end in
            guard end == .right, case .response(let response) = message else { return false }
            return response.status == 200
        }
        link.call(from: .left)
        link.run(for: .seconds(35))
        // At 0, 0.5, 1.5, 3.5, 7.5, 11.5 … 31.5 s.
        #expect(link.responses(200, to: .invite, from: .right).count == 11)
        #expect(link.endings(of: .right).isEmpty)
        link.run(for: .seconds(1))
        #expect(link.endings(of: .right) == [.lost(.acknowledgementMissing)])
    }

    @Test func `a lost ACK is sent again for each 200 that comes again`() {
        answer(200)
        var lost = 0
        link.filter = { message, _ in
            guard case .request(let request) = message, request.method == .ack, lost < 2 else { return false }
            lost += 1
            return true
        }
        link.call(from: .left)
        link.run(for: .seconds(20))
        let acks = link.requests(.ack, from: .left).map { $0.serialized() }
        #expect(acks.count == 3 && Set(acks).count == 1)
        #expect(link.events(of: .left).count { $0 == .answered(sdp: [2]) } == 1)
        #expect(link.events(of: .right) == [.established])
    }

    @Test func `an ACK that never comes ends the call by BYE after 64 T1`() {
        answer(200)
        link.filter = { message, _ in
            if case .request(let request) = message { request.method == .ack } else { false }
        }
        link.call(from: .left)
        link.run()
        #expect(link.endings(of: .right) == [.lost(.acknowledgementMissing)])
        #expect(link.endings(of: .left) == [.remote(nil)])
        #expect(link.isIdle)
    }

    @Test func `hanging up before the ACK waits for it before the BYE`() {
        link.filter = { message, _ in
            if case .request(let request) = message { request.method == .ack } else { false }
        }
        link.invited = { [link] end, invite, flow in
            let peer = link.peer(of: end)
            guard let id = link.with(end, { $0.beginSession(invite, from: flow, peer: peer, now: link.now) })
            else { return }
            link.with(end) {
                $0.accept(id, sdp: [2], now: link.now)
                $0.hangUp(id, now: link.now)
            }
        }
        link.call(from: .left)
        link.run(for: .seconds(2))
        #expect(link.endings(of: .right) == [.local])
        #expect(link.requests(.bye, from: .right).isEmpty)
        link.filter = { _, _ in false }
        link.run(for: .seconds(5))
        #expect(link.requests(.bye, from: .right).count == 1)
        link.run()
        #expect(link.isIdle)
    }

    @Test func `an INVITE without an offer is answered with one and the ACK brings the answer`() {
        answer(200, sdp: [8])
        let id = link.call(from: .left, offer: nil)
        link.run(for: .seconds(5))
        #expect(link.events(of: .left).last == .answeredWithOffer(sdp: [8]))
        #expect(link.requests(.ack, from: .left).isEmpty)
        link.with(.left) { $0.answerOffer(id, sdp: [9], now: link.now) }
        link.run(for: .seconds(5))
        #expect(link.events(of: .right) == [.answered(sdp: [9]), .established])
    }

    @Test func `an offer in a 200 that nobody answers ends the call with ACK and BYE`() {
        answer(200, sdp: [8])
        link.call(from: .left, offer: nil)
        link.run()
        #expect(link.endings(of: .left) == [.lost(.undecided)])
        #expect(link.requests(.ack, from: .left).count >= 1)
        #expect(link.isIdle)
    }

    @Test func `a request within no dialog of ours is answered 481`() {
        answer(200)
        link.call(from: .left)
        link.run(for: .seconds(5))
        guard var bye = link.requests(.invite, from: .left).first else { return }
        bye.method = .bye
        bye.headers.cseq = CSeq(9, .bye)
        bye.headers.topVia?.branch = "z9hG4bKforged"
        bye.headers.to?.tag = "guess"
        link.inject(.request(bye), to: .right)
        #expect(link.responses(481, to: .bye, from: .right).count == 1)
        #expect(link.endings(of: .right).isEmpty)
    }

    @Test func `a BYE with a CSeq that is too low is answered 500 and changes nothing`() {
        answer(200)
        link.call(from: .left)
        link.run(for: .seconds(5))
        guard var bye = link.requests(.ack, from: .left).first else { return }
        bye.method = .bye
        bye.headers.cseq = CSeq(1, .bye)
        bye.headers.topVia?.branch = "z9hG4bKforged"
        link.inject(.request(bye), to: .right)
        #expect(link.responses(500, to: .bye, from: .right).count == 1)
        #expect(link.endings(of: .right).isEmpty)
    }
}
