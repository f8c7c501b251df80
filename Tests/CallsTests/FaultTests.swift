import CallKit
import CallModel
import Calls
import Media
import Reactor
import SDP
import SIPEndpoint
import TestKit
import Testing
import Wire

/// What goes wrong in a call, and what must not follow from it.
struct FaultTests {
    /// Two phones that talk.
    private func talking(seed: UInt64) throws -> (Exchange, ScriptedPhone, ScriptedPhone, SIPLegID) {
        let exchange = try Exchange(seed: seed, users: 3)
        let (first, second) = (try exchange.addPhone("1001"), try exchange.addPhone("1002"))
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        #expect(exchange.loop.run(until: { first.assumeIsolated { $0.fates[leg] } == .talking }))
        return (exchange, first, second, leg)
    }

    @Test func `a phone whose media is lost gets its BYE, and nothing is left behind`() throws {
        let (exchange, first, second, leg) = try talking(seed: 11)
        let lost = try #require(exchange.media.open.first)
        exchange.media.cause(.timedOut(lost))
        exchange.loop.advance(by: .seconds(40))
        #expect(first.assumeIsolated { $0.fates[leg] } == .ended)
        #expect(second.assumeIsolated { Array($0.fates.values) } == [.ended])
        #expect(exchange.store.records.first?.endReason == .mediaTimeout)
        #expect(exchange.statistics.legs == 0)
        #expect(exchange.statistics.dialogs == 0)
    }

    @Test func `a caller who speaks no codec of ours is refused before anything rings`() throws {
        let exchange = try Exchange(seed: 14, users: 2)
        let odd = try exchange.addPhone("1001", codecs: [Codec(encoding: "G729", clockRate: 8000)])
        let other = try exchange.addPhone("1002")
        #expect(exchange.register())
        let leg = odd.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(2))
        #expect(odd.assumeIsolated { $0.fates[leg] } == .rejected(status: 488))
        #expect(other.assumeIsolated { $0.calledBy } == [])
    }

    @Test func `silence does not end a call on hold`() throws {
        let (exchange, first, _, leg) = try talking(seed: 12)
        first.assumeIsolated { $0.hold(true, leg) }
        exchange.loop.advance(by: .seconds(2))
        for media in exchange.media.open { exchange.media.cause(.timedOut(media)) }
        exchange.loop.advance(by: .seconds(2))
        #expect(exchange.liveCount == 1)
        #expect(first.assumeIsolated { $0.fates[leg] } == .talking)
    }

    @Test func `an offer of plain RTP from a page is refused, and its media stays where it was`() throws {
        let exchange = try Exchange(seed: 13, users: 2)
        try exchange.addPhone("1002")
        #expect(exchange.register())
        let page = ScriptedPage("page", userID: 1)
        let record = try exchange.call("1002", from: page)
        exchange.loop.advance(by: .seconds(3))
        let before = exchange.media.remotes
        let aimed = """
            v=0\r\no=- 1 3 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\nm=audio 53 RTP/AVP 8\r\n

            """
        try exchange.calls.assumeIsolated { try $0.offer(record.key, from: page, sdp: aimed) }
        exchange.loop.advance(by: .seconds(1))
        #expect(exchange.media.remotes == before)
        #expect(page.messages.contains(.failed(.badDescription)))
    }

    @Test func `a room that nobody uses ends by itself`() throws {
        let exchange = try Exchange(seed: 14, users: 1)
        var request = CallRequest(caller: .page(userID: nil), target: "+79991234567", source: .webrtc)
        request.allowsRoom = true
        let room = request
        _ = try exchange.calls.assumeIsolated { try $0.originate(room) }
        #expect(exchange.liveCount == 1)
        exchange.loop.advance(by: .seconds(400))
        #expect(exchange.liveCount == 0)
        #expect(exchange.store.records.first?.endReason == .neverJoined)
    }

    @Test func `a refusal after somebody took the call changes nothing`() throws {
        let exchange = try Exchange(seed: 15, users: 2)
        let caller = try exchange.addPhone("1001")
        #expect(exchange.register())
        exchange.calls.assumeIsolated { $0.pagesChanged(userID: 2, online: 2) }
        _ = caller.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(1))
        let key = try #require(exchange.calls.assumeIsolated { $0.liveRecords() }.first?.key)
        try exchange.calls.assumeIsolated { _ = try $0.accept(key, userID: 2) }
        #expect(throws: CallError.alreadyAnswered) {
            try exchange.calls.assumeIsolated { _ = try $0.decline(key, userID: 2) }
        }
        #expect(exchange.liveCount == 1)
    }

    @Test func `a join that is refused leaves the call that is up alone`() throws {
        let exchange = try Exchange(seed: 16, users: 2)
        let page = ScriptedPage("page", userID: 1)
        let first = try exchange.call("9196", from: page)
        exchange.loop.advance(by: .seconds(1))
        let stranger = ScriptedPage("other", userID: 2)
        let taken = try exchange.calls.assumeIsolated { calls in
            let record = try calls.originate(CallRequest(caller: .page(userID: 2), target: "9196", source: .webrtc))
            _ = try calls.join(record.key, stranger)
            return record
        }
        #expect(throws: CallError.invalidState) {
            try exchange.calls.assumeIsolated { _ = try $0.join(taken.key, page) }
        }
        #expect(exchange.calls.assumeIsolated { $0.liveRecord(first.key)?.state } == .answered)
    }

    @Test func `a page on hold hears the music in its own codec, without another offer`() throws {
        let exchange = try Exchange(seed: 17, users: 2)
        let (caller, callee) = (ScriptedPage("a", userID: 1), ScriptedPage("b", userID: 2))
        exchange.calls.assumeIsolated { $0.pagesChanged(userID: 2, online: 1) }
        let key = try exchange.call("1002", from: caller).key
        exchange.loop.advance(by: .seconds(1))
        try exchange.calls.assumeIsolated { calls in
            _ = try calls.accept(key, userID: 2)
            _ = try calls.join(key, callee)
            try calls.offer(key, from: callee, sdp: ScriptedPage.offer())
        }
        exchange.loop.advance(by: .seconds(1))
        #expect(callee.answers.first?.contains("opus/48000/2") == true)
        _ = try exchange.calls.assumeIsolated { try $0.hold(key, true, userID: 1) }
        exchange.loop.advance(by: .seconds(1))
        #expect(exchange.media.sources.values.contains(.music))
        _ = try exchange.calls.assumeIsolated { try $0.hold(key, false, userID: 1) }
        exchange.loop.advance(by: .seconds(1))
        #expect(callee.offers.isEmpty)
        #expect(exchange.media.partners.count == 2)
    }
}
