import Testing
import Wire

@testable import SIP

/// Reliable provisional responses, laid beside RFC 3262 sections 3 to 5.
struct ReliableTests {
    private let link = SimulatedLink(seed: 11)
    private let supported = SessionOptions(reliable: .supported)

    init() { link.setOptions(supported, supported) }

    private func right(_ change: @escaping (inout UserAgent) -> Void) { link.with(.right, change) }

    @Test func `a 183 with an answer is sent reliably, acknowledged by PRACK and not repeated in the 200`() throws {
        link.welcome { [link] id in
            link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) }
            link.after(.seconds(2)) { link.with(.right) { $0.accept(id, sdp: [7], now: link.now) } }
        }
        link.call(from: .left)
        link.run(for: .seconds(5))
        let progress = try #require(link.responses(183, to: .invite, from: .right).first)
        #expect(progress.headers.require == ["100rel"])
        let prack = try #require(link.requests(.prack, from: .left).first)
        #expect(prack.headers.rAck?.sequence == progress.headers.rSeq)
        #expect(prack.headers.rAck?.request == progress.headers.cseq)
        #expect(prack.headers.cseq?.number == 2)
        #expect(link.responses(200, to: .prack, from: .right).count == 1)
        #expect(link.responses(183, to: .invite, from: .right).count == 1)
        #expect(link.responses(200, to: .invite, from: .right).first?.body.isEmpty == true)
        #expect(
            link.events(of: .left) == [
                .progress(status: 183, sdp: [7], fork: progress.headers.to?.tag ?? ""), .answered(sdp: [7]),
            ])
        #expect(link.events(of: .right) == [.acceptable, .established])
    }

    @Test func `a user is told whether its 200 would have to wait, and when it need not any more`() throws {
        link.filter = { message, _ in
            if case .request(let request) = message { request.method == .prack } else { false }
        }
        var callee: SessionID?
        link.welcome { [link] id in
            callee = id
            link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) }
        }
        let caller = link.call(from: .left)
        link.run(for: .seconds(1))
        let id = try #require(callee)
        func mustWait() -> Bool {
            var mustWait = false
            link.with(.right) { mustWait = $0.mustWaitToAccept(id) }
            return mustWait
        }
        #expect(mustWait())
        link.filter = { _, _ in false }
        link.run(for: .seconds(5))
        #expect(!mustWait())
        #expect(link.events(of: .right) == [.acceptable])
        // The caller's own offer comes first, too.
        link.with(.left) { $0.offer(caller, sdp: [5], now: link.now) }
        link.run(for: .seconds(1))
        #expect(mustWait())
        link.with(.right) { $0.answerOffer(id, sdp: [6], now: link.now) }
        #expect(link.events(of: .right) == [.acceptable, .offered(sdp: [5]), .acceptable])
        link.with(.right) { $0.accept(id, sdp: [6], now: link.now) }
        #expect(!mustWait())
    }

    @Test func `a lost 183 is sent again at T1 doubling until its PRACK`() {
        var lost = 0
        link.filter = { message, _ in
            guard case .response(let response) = message, response.status == 183, lost < 3 else { return false }
            lost += 1
            return true
        }
        var times: [Instant] = []
        link.welcome { [link] id in link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) } }
        link.call(from: .left)
        let start = link.now
        link.react = { [link] _, _, _ in times.append(link.now) }
        link.run(for: .seconds(10))
        // 0.5, 1.5, 3.5 s after the first.
        #expect(link.responses(183, to: .invite, from: .right).count == 4)
        #expect(times.first.map { $0 - start } == .milliseconds(3510))
        #expect(link.requests(.prack, from: .left).count == 1)
    }

    @Test func `a PRACK that never comes refuses the INVITE with 504 after 64 T1`() {
        link.filter = { message, _ in
            if case .request(let request) = message { request.method == .prack } else { false }
        }
        link.welcome { [link] id in link.with(.right) { $0.ring(id, status: 180, sdp: nil, now: link.now) } }
        link.call(from: .left)
        link.run()
        #expect(link.endings(of: .right) == [.lost(.acknowledgementMissing)])
        #expect(link.endings(of: .left) == [.rejected(status: 504, reason: "Server Time-out")])
        // At 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s.
        #expect(link.responses(180, to: .invite, from: .right).count == 7)
        #expect(link.isIdle)
    }

    @Test func `a 200 waits for the PRACK of an answer, and not for that of a 180 without one`() {
        for (status, sdp) in [(183, [7] as [UInt8]?), (180, nil)] {
            let link = SimulatedLink(seed: 12)
            link.setOptions(supported, supported)
            link.filter = { message, _ in
                if case .request(let request) = message { request.method == .prack } else { false }
            }
            link.welcome { id in
                link.with(.right) {
                    $0.ring(id, status: status, sdp: sdp, now: link.now)
                    $0.accept(id, sdp: [7], now: link.now)
                }
            }
            link.call(from: .left)
            link.run(for: .seconds(1))
            #expect(link.responses(200, to: .invite, from: .right).isEmpty == (sdp != nil))
            link.filter = { _, _ in false }
            link.run(for: .seconds(5))
            #expect(link.events(of: .left).last == .answered(sdp: [7]))
        }
    }

    @Test func `a second provisional response waits for the PRACK of the first`() {
        link.filter = { message, _ in
            if case .request(let request) = message { request.method == .prack } else { false }
        }
        link.welcome { [link] id in
            link.with(.right) {
                $0.ring(id, status: 180, sdp: nil, now: link.now)
                $0.ring(id, status: 183, sdp: [7], now: link.now)
            }
        }
        link.call(from: .left)
        link.run(for: .milliseconds(400))
        #expect(link.responses(183, to: .invite, from: .right).isEmpty)
        link.filter = { _, _ in false }
        link.run(for: .seconds(5))
        let sequences = [180, 183].map { link.responses($0, to: .invite, from: .right).first?.headers.rSeq ?? 0 }
        #expect(sequences[1] == sequences[0] + 1)
        #expect(link.requests(.prack, from: .left).last?.headers.rAck?.sequence == sequences[1])
    }

    @Test func `a PRACK that matches nothing is answered 481`() throws {
        link.welcome { [link] id in link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) } }
        link.call(from: .left)
        link.run(for: .seconds(1))
        var prack = try #require(link.forge(.prack, from: .left, sequence: 40))
        link.inject(.request(prack), to: .right)
        #expect(link.responses(481, to: .prack, from: .right).count == 1)
        prack.headers.rAck = nil
        prack.headers.cseq = CSeq(41, .prack)
        prack.headers.topVia?.branch = "z9hG4bKnone"
        link.inject(.request(prack), to: .right)
        #expect(link.responses(481, to: .prack, from: .right).count == 2)
    }

    @Test func `a response out of order is dropped, and one that comes again is not acknowledged again`() throws {
        link.welcome { [link] id in link.with(.right) { $0.ring(id, status: 180, sdp: nil, now: link.now) } }
        link.call(from: .left)
        link.run(for: .seconds(1))
        let first = try #require(link.responses(180, to: .invite, from: .right).first)
        link.inject(.response(first), to: .left)
        var gap = first
        gap.headers.rSeq = (first.headers.rSeq ?? 0) + 2
        link.inject(.response(gap), to: .left)
        #expect(link.requests(.prack, from: .left).count == 1)
        #expect(link.events(of: .left).count == 1)
        gap.headers.rSeq = (first.headers.rSeq ?? 0) + 1
        link.inject(.response(gap), to: .left)
        #expect(link.requests(.prack, from: .left).count == 2)
    }

    @Test func `an offer in a reliable 183 is answered in its PRACK`() {
        var callee: SessionID?
        link.welcome { [link] id in
            callee = id
            link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) }
            link.after(.seconds(2)) { link.with(.right) { $0.accept(id, sdp: [7], now: link.now) } }
        }
        link.react = { [link] end, id, event in
            if event == .offered(sdp: [7]) { link.with(end) { $0.answerOffer(id, sdp: [8], now: link.now) } }
        }
        link.call(from: .left, offer: nil)
        link.run(for: .seconds(5))
        #expect(link.requests(.prack, from: .left).first?.body == [8])
        #expect(link.events(of: .right) == [.answered(sdp: [8]), .acceptable, .established])
        #expect(link.events(of: .left).last == .answered(sdp: [7]))
        #expect(link.requests(.ack, from: .left).last?.body.isEmpty == true)
        #expect(callee != nil)
    }

    @Test func `an offer in a 183 that nobody answers gives the call up`() {
        link.welcome { [link] id in link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) } }
        link.call(from: .left, offer: nil)
        link.run()
        #expect(link.endings(of: .left) == [.lost(.undecided)])
        #expect(link.endings(of: .right).count == 1)
        #expect(link.isIdle)
    }

    @Test func `an offer in a PRACK is told and answered`() throws {
        var callee: SessionID?
        link.welcome { [link] id in
            callee = id
            link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) }
        }
        link.filter = { message, end in
            if case .request(let request) = message { end == .left && request.method == .prack } else { false }
        }
        link.call(from: .left)
        link.run(for: .milliseconds(100))
        var prack = try #require(link.requests(.prack, from: .left).first)
        prack.setSDP([9])
        link.inject(.request(prack), to: .right)
        #expect(link.events(of: .right) == [.offered(sdp: [9])])
        let id = try #require(callee)
        right { [link] in $0.accept(id, sdp: [10], now: link.now) }
        #expect(link.responses(200, to: .invite, from: .right).isEmpty)
        right { [link] in $0.answerOffer(id, sdp: [10], now: link.now) }
        #expect(link.responses(200, to: .prack, from: .right).first?.body == [10])
        #expect(link.responses(200, to: .invite, from: .right).count == 1)
    }

    @Test func `who requires what the other refuses is told 420, and who lacks it 421`() {
        for (left, right, status) in [
            (SessionOptions.Reliability.required, SessionOptions.Reliability.off, 420), (.off, .required, 421),
        ] {
            let link = SimulatedLink(seed: 13)
            link.setOptions(SessionOptions(reliable: left), SessionOptions(reliable: right))
            link.welcome { _ in Issue.record("a session") }
            link.call(from: .left)
            link.run()
            let response = link.responses(status, to: .invite, from: .right).first
            #expect((status == 420 ? response?.headers.unsupported : response?.headers.require) == ["100rel"])
            #expect(link.endings(of: .left) == [.rejected(status: status, reason: SIPStatus.phrase(status))])
            #expect(link.isIdle)
        }
    }

    @Test func `a peer that does not know PRACK gets its 183 plainly`() {
        link.setOptions(SessionOptions(), supported)
        link.welcome { [link] id in link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) } }
        link.call(from: .left)
        link.run(for: .seconds(10))
        #expect(link.responses(183, to: .invite, from: .right).count == 1)
        #expect(link.responses(183, to: .invite, from: .right).first?.headers.rSeq == nil)
        #expect(link.requests(.prack, from: .left).isEmpty)
    }

    @Test func `a callee that accepts with something else than it rang with is asked for an offer`() {
        link.welcome { [link] id in
            link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) }
            link.after(.seconds(2)) { link.with(.right) { $0.accept(id, sdp: [8], now: link.now) } }
        }
        link.call(from: .left)
        link.run(for: .seconds(5))
        #expect(link.events(of: .right) == [.acceptable, .established, .offerWanted])
    }

    @Test func `a ringing callee says so every minute by a response of its own`() {
        link.welcome { [link] id in link.with(.right) { $0.ring(id, status: 180, sdp: nil, now: link.now) } }
        link.call(from: .left)
        link.run(for: .seconds(130))
        let sequences = link.responses(180, to: .invite, from: .right).map { $0.headers.rSeq ?? 0 }
        #expect(sequences.count == 3 && Set(sequences).count == 3)
        #expect(link.requests(.prack, from: .left).count == 3)
    }

    @Test func `CANCEL and 486 end a call in the middle of it all`() {
        for isCancelled in [true, false] {
            let link = SimulatedLink(seed: 14)
            link.setOptions(supported, supported)
            link.filter = { message, _ in
                if case .request(let request) = message { request.method == .prack } else { false }
            }
            link.welcome { id in
                link.with(.right) { $0.ring(id, status: 183, sdp: [7], now: link.now) }
                guard !isCancelled else { return }
                link.after(.seconds(1)) { link.with(.right) { $0.reject(id, status: 486, now: link.now) } }
            }
            let id = link.call(from: .left)
            link.run(for: .seconds(2))
            if isCancelled { link.with(.left) { $0.hangUp(id, now: link.now) } }
            link.run()
            #expect(link.endings(of: .left).count == 1 && link.endings(of: .right).count == 1)
            #expect(link.isIdle)
        }
    }
}
