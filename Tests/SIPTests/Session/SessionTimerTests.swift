import Testing
import Wire

@testable import SIP

/// Session timers, laid beside RFC 4028: who refreshes, how, and what happens when nobody does.
struct SessionTimerTests {
    private let link = SimulatedLink(seed: 31)
    private let timer = SessionOptions(timer: .seconds(600))

    private func updates(from end: SimulatedLink.End) -> Int { link.requests(.update, from: end).count }

    /// Makes both ends believe that the other takes no UPDATE.
    private func withoutUpdate(_ message: SIPMessage) -> SIPMessage {
        switch message {
        case .request(var request):
            request.headers.allow.removeAll { $0 == .update }
            return .request(request)
        case .response(var response):
            response.headers.allow.removeAll { $0 == .update }
            return .response(response)
        }
    }

    @Test func `a caller that asks for a timer refreshes by UPDATE every half interval, and the call stays up`() throws
    {
        link.setOptions(timer, SessionOptions())
        let call = link.talk()
        let invite = try #require(link.requests(.invite, from: .left).first)
        #expect(invite.headers.sessionExpires == SessionExpires(interval: 600))
        #expect(invite.headers.offersOption("timer"))
        let answer = try #require(link.responses(200, to: .invite, from: .right).first)
        #expect(answer.headers.sessionExpires == SessionExpires(interval: 600, refresher: .uac))
        #expect(answer.headers.requiresOption("timer"))
        link.run(for: .seconds(3600))
        #expect(updates(from: .left) == 12 || updates(from: .left) == 11)
        #expect(updates(from: .right) == 0)
        let update = try #require(link.requests(.update, from: .left).last)
        #expect(update.body.isEmpty)
        #expect(update.headers.sessionExpires == SessionExpires(interval: 600, refresher: .uac))
        #expect(link.endings(of: .left).isEmpty && link.endings(of: .right).isEmpty)
        link.with(.left) { $0.hangUp(call.left, now: link.now) }
        link.run()
        #expect(link.isIdle)
    }

    @Test func `a callee that wants a timer refreshes itself`() throws {
        link.setOptions(SessionOptions(), timer)
        _ = link.talk()
        let answer = try #require(link.responses(200, to: .invite, from: .right).first)
        #expect(answer.headers.sessionExpires == SessionExpires(interval: 600, refresher: .uas))
        link.run(for: .seconds(1000))
        #expect(updates(from: .right) == 3)
        #expect(updates(from: .left) == 0)
        #expect(
            link.responses(200, to: .update, from: .left).last?.headers.sessionExpires
                == SessionExpires(interval: 600, refresher: .uac))
    }

    @Test func `the shorter of two wishes holds`() {
        link.setOptions(timer, SessionOptions(timer: .seconds(200)))
        _ = link.talk()
        #expect(
            link.responses(200, to: .invite, from: .right).first?.headers.sessionExpires
                == SessionExpires(interval: 200, refresher: .uac))
    }

    @Test func `without a wish on either side nobody refreshes`() {
        _ = link.talk()
        link.run(for: .seconds(10_000))
        #expect(updates(from: .left) == 0 && updates(from: .right) == 0)
        #expect(link.requests(.invite, from: .left).first?.headers.sessionExpires == nil)
        #expect(link.responses(200, to: .invite, from: .right).first?.headers.sessionExpires == nil)
    }

    @Test func `a session that is not refreshed ends by BYE a third or 32 s before it expires`() {
        link.setOptions(SessionOptions(timer: .seconds(90)), SessionOptions())
        _ = link.talk()
        let start = link.now
        var ended: Instant?
        link.react = { [link] end, _, event in
            if end == .right, case .ended = event { ended = link.now }
        }
        link.filter = { message, end in
            if case .request(let request) = message { end == .left && request.method == .update } else { false }
        }
        link.run(for: .seconds(80))
        #expect(link.endings(of: .right) == [.lost(.expired)])
        // 90 - 30 s after the 200, which went a second before the start.
        #expect(ended.map { $0 - start } ?? .zero <= .seconds(60))
        #expect(link.requests(.bye, from: .right).first?.headers.reason?.cause == 408)
        link.run()
        #expect(link.isIdle)
    }

    @Test func `a refresh that nobody answers ends the session`() {
        link.setOptions(timer, SessionOptions())
        _ = link.talk()
        link.filter = { _, _ in true }
        link.run()
        #expect(link.endings(of: .left) == [.lost(.peerGone)])
        #expect(link.endings(of: .right) == [.lost(.expired)])
        #expect(link.isIdle)
    }

    @Test func `an interval that is too short is refused with 422, and asked for again as long as it must be`() throws {
        link.setOptions(timer, SessionOptions())
        link.filter = { message, end in
            guard end == .left, case .request(let request) = message, request.method == .invite else { return false }
            return request.headers.minSE == nil
        }
        link.welcome { [link] id in link.with(.right) { $0.accept(id, sdp: [2], now: link.now) } }
        link.call(from: .left)
        let invite = try #require(link.requests(.invite, from: .left).first)
        var refusal = SIPResponse(to: invite, status: 422, toTag: "proxy")
        refusal.headers.minSE = 1800
        link.inject(.response(refusal), to: .left)
        link.run(for: .seconds(1))
        let second = try #require(link.requests(.invite, from: .left).last)
        #expect(second.headers.sessionExpires == SessionExpires(interval: 1800))
        #expect(second.headers.minSE == 1800)
        #expect(second.headers.cseq?.number == 2)
        #expect(second.headers.callID == invite.headers.callID && second.headers.from?.tag == invite.headers.from?.tag)
        #expect(link.events(of: .left) == [.answered(sdp: [2])])
    }

    @Test func `a server that asks for more with every 422 does not get more for ever`() throws {
        link.setOptions(timer, SessionOptions())
        link.filter = { _, end in end == .left }
        link.call(from: .left)
        for minimum: UInt32 in [1800, 1800] {
            let invite = try #require(link.requests(.invite, from: .left).last)
            var refusal = SIPResponse(to: invite, status: 422, toTag: "proxy")
            refusal.headers.minSE = minimum
            link.inject(.response(refusal), to: .left)
        }
        #expect(link.endings(of: .left) == [.rejected(status: 422, reason: "Session Interval Too Small")])
    }

    @Test func `as a server we refuse less than 90 s from a client that knows timers`() throws {
        link.filter = { _, end in end == .left }
        link.call(from: .left)
        link.welcome { _ in }
        for knowsTimers in [true, false] {
            var invite = try #require(link.requests(.invite, from: .left).first)
            invite.headers.sessionExpires = SessionExpires(interval: 60)
            invite.headers.topVia?.branch = "z9hG4bKshort\(knowsTimers)"
            invite.headers.callID = "short\(knowsTimers)"
            if !knowsTimers { invite.headers.supported = [] }
            link.inject(.request(invite), to: .right)
        }
        #expect(link.responses(422, to: .invite, from: .right).map(\.headers.minSE) == [90])
    }

    @Test func `a peer that takes no UPDATE is refreshed by a re-INVITE that says the same`() {
        link.setOptions(timer, SessionOptions())
        link.rewrite = withoutUpdate
        _ = link.talk()
        link.react = { [link] end, id, event in
            if case .offered = event { link.with(end) { $0.answerOffer(id, sdp: [2], now: link.now) } }
        }
        link.run(for: .seconds(700))
        #expect(link.requests(.invite, from: .left).count == 3)
        #expect(link.requests(.invite, from: .left).last?.body == Array("offer".utf8))
        // Nothing changed, so that the user of the side that refreshes hears nothing.
        #expect(link.events(of: .left) == [.answered(sdp: [2])])
        #expect(updates(from: .left) == 0)
    }

    @Test func `an answer to a refresh that says something else is told`() {
        link.setOptions(timer, SessionOptions())
        link.rewrite = withoutUpdate
        _ = link.talk()
        link.react = { [link] end, id, event in
            if case .offered = event { link.with(end) { $0.answerOffer(id, sdp: [3], now: link.now) } }
        }
        link.run(for: .seconds(310))
        #expect(link.events(of: .left).last == .offerAnswered(sdp: [3]))
    }

    @Test func `a refresh that meets an offer waits, and the offer refreshes too`() {
        link.setOptions(timer, SessionOptions())
        let call = link.talk()
        link.after(.milliseconds(299_000)) { [link] in
            link.with(.right) { $0.offer(call.right, sdp: [5], now: link.now) }
        }
        link.react = { [link] end, id, event in
            guard case .offered = event else { return }
            link.after(.seconds(5)) { link.with(end) { $0.answerOffer(id, sdp: [6], now: link.now) } }
        }
        link.run(for: .seconds(500))
        #expect(updates(from: .left) == 0)
        #expect(link.events(of: .right).last == .offerAnswered(sdp: [6]))
        let offer = link.requests(.invite, from: .right).last
        #expect(offer?.headers.sessionExpires == SessionExpires(interval: 600, refresher: .uas))
        link.run(for: .seconds(300))
        #expect(updates(from: .left) == 1)
        #expect(link.endings(of: .left).isEmpty)
    }

    @Test func `a peer that knows no timers is refreshed by us alone, and never hung up on for its silence`() {
        link.setOptions(timer, SessionOptions())
        link.rewrite = { message in
            guard case .response(var response) = message else { return message }
            response.headers.sessionExpires = nil
            return .response(response)
        }
        _ = link.talk()
        link.run(for: .seconds(2000))
        #expect((6...7).contains(updates(from: .left)))
        #expect(link.endings(of: .left).isEmpty)
    }

    @Test func `UPDATE refused with 405 is followed by re-INVITEs`() throws {
        link.setOptions(timer, SessionOptions())
        _ = link.talk()
        link.filter = { message, end in
            if case .request(let request) = message { end == .left && request.method == .update } else { false }
        }
        link.react = { [link] end, id, event in
            if case .offered = event { link.with(end) { $0.answerOffer(id, sdp: [2], now: link.now) } }
            if event == .offerWanted { link.with(end) { $0.offer(id, sdp: [1], now: link.now) } }
        }
        link.run(for: .seconds(300))
        let update = try #require(link.requests(.update, from: .left).first)
        link.inject(.response(SIPResponse(to: update, status: 405, toTag: link.fork)), to: .left)
        link.run(for: .seconds(400))
        #expect(link.requests(.invite, from: .left).count >= 2)
        #expect(link.endings(of: .left).isEmpty && link.endings(of: .right).isEmpty)
    }
}
