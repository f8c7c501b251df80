import Testing
import Wire

@testable import SIP

/// Calls given up before they were answered, and answers that cross.
struct CancellationTests {
    private let link = SimulatedLink(seed: 2)

    /// The right side takes the INVITE and tells the session to the test.
    private func welcome(_ then: @escaping (SessionID) -> Void = { _ in }) {
        link.invited = { [link] end, invite, flow in
            let peer = link.peer(of: end)
            let id = link.with(end) { $0.beginSession(invite, from: flow, peer: peer, now: link.now) }
            if let id { then(id) }
        }
    }

    @Test func `a CANCEL after a provisional response ends both sides`() {
        welcome()
        let id = link.call(from: .left)
        link.run(for: .seconds(1))
        let reason = SIPReason(cause: 200, text: "Call completed elsewhere")
        link.with(.left) { $0.hangUp(id, reason: reason, now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.local])
        #expect(link.endings(of: .right) == [.cancelled(reason)])
        #expect(link.responses(200, to: .cancel, from: .right).count == 1)
        #expect(link.responses(487, to: .invite, from: .right).count == 1)
        #expect(link.isIdle)
    }

    @Test func `a CANCEL waits for the first provisional response`() {
        welcome()
        link.filter = { _, end in end == .right }
        let id = link.call(from: .left)
        link.with(.left) { $0.hangUp(id, now: link.now) }
        link.run(for: .seconds(1))
        #expect(link.requests(.cancel, from: .left).isEmpty)
        link.filter = { _, _ in false }
        link.run()
        #expect(link.requests(.cancel, from: .left).count == 1)
        #expect(link.endings(of: .left) == [.local])
        #expect(link.endings(of: .right) == [.cancelled(nil)])
        #expect(link.isIdle)
    }

    @Test func `a 200 that crosses the CANCEL is acknowledged and followed by BYE`() {
        welcome { [link] id in
            link.after(.seconds(1)) { link.with(.right) { $0.accept(id, sdp: [2], now: link.now) } }
        }
        let id = link.call(from: .left)
        link.after(.milliseconds(1008)) { [link] in link.with(.left) { $0.hangUp(id, now: link.now) } }
        link.run()
        #expect(link.endings(of: .left) == [.local])
        #expect(link.endings(of: .right) == [.remote(nil)])
        #expect(link.requests(.ack, from: .left).count == 1)
        #expect(link.requests(.bye, from: .left).count == 1)
        #expect(link.isIdle)
    }

    @Test func `a cancelled INVITE that gets no final response is given up after 64 T1`() {
        welcome()
        let id = link.call(from: .left)
        link.run(for: .seconds(1))
        link.filter = { _, end in end == .right }
        link.with(.left) { $0.hangUp(id, now: link.now) }
        link.run()
        #expect(link.endings(of: .left) == [.local])
        #expect(link.isIdle)
    }

    @Test func `a second 200 from another fork is acknowledged and told BYE`() throws {
        welcome { [link] id in
            link.after(.seconds(1)) { link.with(.right) { $0.accept(id, sdp: [2], now: link.now) } }
        }
        link.call(from: .left)
        link.run(for: .seconds(3))
        var fork = try #require(link.responses(200, to: .invite, from: .right).first)
        fork.headers.to?.tag = "fork"
        for _ in 0..<2 { link.inject(.response(fork), to: .left) }
        let acks = link.requests(.ack, from: .left).filter { $0.headers.to?.tag == "fork" }
        let byes = link.requests(.bye, from: .left).filter { $0.headers.to?.tag == "fork" }
        #expect(acks.count == 2)
        #expect(byes.count == 1)
        #expect(link.endings(of: .left).isEmpty)
    }

    @Test func `an early dialog may refresh itself by UPDATE but not offer`() throws {
        welcome { [link] id in link.with(.right) { $0.ring(id, status: 180, sdp: nil, now: link.now) } }
        link.call(from: .left)
        link.run(for: .seconds(1))
        let ringing = try #require(link.responses(180, to: .invite, from: .right).first)
        let invite = try #require(link.requests(.invite, from: .left).first)
        for (number, body) in [(1, []), (2, [UInt8(5)])] as [(UInt32, [UInt8])] {
            var update = SIPRequest(.update, invite.uri)
            update.headers.prependVia(
                Via(transport: .udp, sentBy: SimulatedLink.End.right.address, branch: "z9hG4bKearly\(number)"))
            update.headers.from = ringing.headers.to
            update.headers.to = invite.headers.from
            update.headers.callID = invite.headers.callID
            update.headers.cseq = CSeq(number, .update)
            update.setSDP(body.isEmpty ? nil : body)
            link.inject(.request(update), to: .left)
        }
        #expect(link.responses(200, to: .update, from: .left).count == 1)
        #expect(link.responses(491, to: .update, from: .left).count == 1)
    }

    @Test func `a caller that says BYE before the answer gets 487 for its INVITE`() throws {
        welcome { [link] id in link.with(.right) { $0.ring(id, status: 180, sdp: nil, now: link.now) } }
        link.call(from: .left)
        link.run(for: .seconds(1))
        let ringing = try #require(link.responses(180, to: .invite, from: .right).first)
        var bye = try #require(link.requests(.invite, from: .left).first)
        bye.method = .bye
        bye.headers.to = ringing.headers.to
        bye.headers.cseq = CSeq(2, .bye)
        bye.headers.topVia?.branch = "z9hG4bKbye"
        link.inject(.request(bye), to: .right)
        #expect(link.responses(200, to: .bye, from: .right).count == 1)
        #expect(link.responses(487, to: .invite, from: .right).first?.headers.to?.tag == ringing.headers.to?.tag)
        #expect(link.endings(of: .right) == [.remote(nil)])
    }
}
