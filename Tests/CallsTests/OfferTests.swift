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

/// Later offers in every form: afterwards both sides hear each other as before, or as agreed anew.
struct OfferTests {
    /// 1001 talks to 1002.
    private struct Talk {
        let exchange: Exchange
        let (caller, callee): (ScriptedPhone, ScriptedPhone)
        let leg: SIPLegID

        init(seed: UInt64, _ callerCodecs: [Codec] = [.pcma, .pcmu], _ calleeCodecs: [Codec] = [.pcma, .pcmu]) throws {
            exchange = try Exchange(seed: seed, users: 2)
            let caller = try exchange.addPhone("1001", codecs: callerCodecs)
            callee = try exchange.addPhone("1002", codecs: calleeCodecs)
            self.caller = caller
            #expect(exchange.register())
            leg = caller.assumeIsolated { $0.call("1002") }
            exchange.loop.advance(by: .seconds(3))
            #expect(exchange.media.partners.count == 2)
        }

        func wait(_ seconds: Int = 3) { exchange.loop.advance(by: .seconds(seconds)) }
        func offer(_ codecs: [Codec], _ direction: MediaDirection = .sendrecv) {
            let leg = leg
            caller.assumeIsolated { $0.offer(codecs, direction, on: leg) }
            wait()
        }
        var codecs: [Codec] { exchange.media.remotes.values.map(\.stream.codec) }
        var directions: Set<MediaDirection> { Set(exchange.media.remotes.values.map(\.stream.direction)) }
        var isTalking: Bool {
            let leg = leg
            return caller.assumeIsolated { $0.fates[leg] } == .talking && exchange.media.partners.count == 2
        }
    }

    @Test func `an offer that repeats the last one touches no media`() throws {
        let talk = try Talk(seed: 31)
        talk.offer([.pcma, .pcmu])
        let before = talk.exchange.media.configurations
        talk.offer([.pcma, .pcmu])
        #expect(talk.exchange.media.configurations == before)
        #expect(talk.isTalking)
    }

    @Test func `an offer without the codec in use takes the other side along`() throws {
        let talk = try Talk(seed: 32)
        #expect(talk.codecs == [.pcma, .pcma])
        talk.offer([.pcmu])
        #expect(talk.codecs == [.pcmu, .pcmu])
        #expect(talk.isTalking)
        #expect(talk.caller.assumeIsolated { $0.refusedOffers } == 0)
    }

    @Test func `a codec the other side does not know is transcoded, until both have one in common again`() throws {
        let talk = try Talk(seed: 33, [.pcma, .pcmu], [.pcma])
        talk.offer([.pcmu])
        #expect(talk.caller.assumeIsolated { $0.refusedOffers } == 0)
        #expect(Set(talk.codecs) == [.pcmu, .pcma])
        #expect(talk.isTalking)
        talk.offer([.pcma])
        #expect(talk.codecs == [.pcma, .pcma])
        #expect(talk.isTalking)
    }

    @Test func `a codec that can only be carried is refused, and the call goes on as it was`() throws {
        let talk = try Talk(seed: 39, [.pcma, .pcmu], [.pcma])
        let before = talk.exchange.media.remotes
        talk.offer([Codec(encoding: "G729", clockRate: 8000)])
        #expect(talk.caller.assumeIsolated { $0.refusedOffers } == 1)
        #expect(talk.exchange.media.remotes == before)
        #expect(talk.isTalking)
    }

    @Test(arguments: [MediaDirection.sendonly, .inactive])
    func `hold in either form stops the sound, and resuming brings it back both ways`(direction: MediaDirection) throws
    {
        let talk = try Talk(seed: 34)
        talk.offer([.pcma], direction)
        #expect(talk.exchange.media.partners.isEmpty)
        #expect(talk.exchange.store.records.first?.state == .held)
        talk.offer([.pcma])
        #expect(talk.directions == [.sendrecv])
        #expect(talk.exchange.store.records.first?.state == .answered)
        #expect(talk.isTalking)
    }

    @Test func `both sides offering at once end up talking`() throws {
        let talk = try Talk(seed: 35)
        let (leg, callee) = (talk.leg, talk.callee)
        let other = try #require(callee.assumeIsolated { $0.fates.keys.first })
        talk.caller.assumeIsolated { $0.offer([.pcmu], on: leg) }
        callee.assumeIsolated { $0.offer([.pcma, .pcmu], on: other) }
        talk.wait(20)
        #expect(Set(talk.codecs).count == 1)
        #expect(talk.directions == [.sendrecv])
        #expect(talk.isTalking)
    }

    @Test func `another address is where the media goes from then on`() throws {
        let talk = try Talk(seed: 36)
        let moved = SocketAddress(ip: IPAddress(v4: 0x0A00_0909), port: 4444)
        talk.caller.assumeIsolated { $0.speak(.rtp(moved)) }
        talk.offer([.pcma])
        let targets = talk.exchange.media.remotes.values.map { remote -> SocketAddress? in
            guard case .sip(let rtp, _, _, _) = remote else { return nil }
            return rtp
        }
        #expect(targets.contains(moved))
        #expect(talk.isTalking)
    }

    @Test func `an offer for an offer leaves the media alone`() throws {
        let talk = try Talk(seed: 37)
        let before = talk.exchange.media.remotes
        talk.exchange.calls.assumeIsolated { calls in
            for leg in [SIPLegID(rawValue: 1), SIPLegID(rawValue: 2)] { calls.sipEvent(leg, .offered(sdp: nil)) }
        }
        talk.wait()
        #expect(talk.exchange.media.remotes == before)
        #expect(talk.isTalking)
    }
}
