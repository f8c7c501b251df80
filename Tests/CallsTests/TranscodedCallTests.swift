import CallKit
import CallModel
import Calls
import Media
import Reactor
import SDP
import SIPEndpoint
import Synchronization
import TestKit
import Testing
import Wire

/// Calls between sides that may share no codec: they talk all the same, and nothing is transcoded that need not be.
struct TranscodedCallTests {
    private struct Talk {
        let exchange: Exchange
        let (caller, callee): (ScriptedPhone, ScriptedPhone)
        let leg: SIPLegID
        /// What the callee was offered first.
        let offered: [Codec]

        init(_ seed: UInt64, _ callerCodecs: [Codec], _ calleeCodecs: [Codec], early: Bool = false) throws {
            exchange = try Exchange(seed: seed, users: 2)
            let caller = try exchange.addPhone("1001", codecs: callerCodecs)
            self.caller = caller
            let noted = Noted()
            callee = try exchange.addPhone("1002", codecs: calleeCodecs) { invite in
                noted.offer.withLock { $0 = invite.offer }
                return early ? .earlyMedia(thenAccept: .seconds(2)) : .accept(after: .seconds(1))
            }
            #expect(exchange.register())
            leg = caller.assumeIsolated { $0.call("1002") }
            exchange.loop.advance(by: .seconds(1))
            let offer = try #require(noted.offer.withLock { $0 })
            offered = try RemoteAudio(parsing: offer).stream.codecs.map(\.codec)
        }

        func wait(_ seconds: Int = 3) { exchange.loop.advance(by: .seconds(seconds)) }
        var codecs: Set<Codec> { Set(exchange.media.remotes.values.map(\.stream.codec)) }
        var directions: Set<MediaDirection> { Set(exchange.media.remotes.values.map(\.stream.direction)) }
        var isTalking: Bool {
            let leg = leg
            return caller.assumeIsolated { $0.fates[leg] } == .talking && exchange.media.partners.count == 2
        }
        var callerAgreed: Codec? {
            let leg = leg
            return caller.assumeIsolated { $0.agreed[leg] }?.codec
        }
    }

    private final class Noted: Sendable { let offer = Mutex<[UInt8]?>(nil) }

    @Test(arguments: [
        ([Codec.pcmu], [Codec.opus]), ([.opus], [.pcma, .pcmu]), ([.g722], [.pcmu]), ([.pcmu], [.pcma]),
    ])
    func `phones that share no codec talk, each in its own`(caller: [Codec], callee: [Codec]) throws {
        let talk = try Talk(51, caller, callee)
        talk.wait()
        #expect(talk.isTalking)
        #expect(talk.codecs == [caller[0], callee[0]])
        #expect(talk.callerAgreed == caller[0])
        #expect(talk.callee.assumeIsolated { $0.offers }.isEmpty)
        #expect(talk.directions == [.sendrecv])
    }

    @Test func `the called side is offered what the caller knows first, then what can be made of it`() throws {
        let talk = try Talk(52, [.pcmu, .g722], [.opus, .g722])
        #expect(talk.offered == [.pcmu, .g722, .opus, .pcma])
        talk.wait()
        #expect(talk.codecs == [.g722])
        #expect(talk.isTalking)
    }

    @Test func `hold and resume change no codec where nothing is shared`() throws {
        let talk = try Talk(53, [.pcmu], [.opus])
        talk.wait()
        let leg = talk.leg
        talk.caller.assumeIsolated { $0.hold(true, leg) }
        talk.wait()
        #expect(talk.exchange.media.partners.isEmpty)
        talk.caller.assumeIsolated { $0.hold(false, leg) }
        talk.wait()
        #expect(talk.isTalking)
        #expect(talk.codecs == [.pcmu, .opus])
        #expect(talk.directions == [.sendrecv])
        #expect(talk.callee.assumeIsolated { $0.offers }.allSatisfy { $0.codecs.map(\.codec) == [.opus] })
    }

    @Test func `early media is heard in the caller's own codec`() throws {
        let talk = try Talk(54, [.pcmu], [.g722], early: true)
        #expect(talk.exchange.media.partners.count == 2)
        #expect(talk.codecs == [.pcmu, .g722])
        talk.wait()
        #expect(talk.isTalking)
        #expect(talk.codecs == [.pcmu, .g722])
    }

    @Test func `a page that knows Opus alone reaches a phone that knows law µ alone`() throws {
        let exchange = try Exchange(seed: 55, users: 2)
        let phone = try exchange.addPhone("1002", codecs: [.pcmu])
        #expect(exchange.register())
        let page = ScriptedPage("page", userID: 1)
        try exchange.calls.assumeIsolated { calls in
            let record = try calls.originate(
                CallRequest(caller: .page(userID: 1), target: "1002", source: .webrtc))
            _ = try calls.join(record.key, page)
            try calls.offer(record.key, from: page, sdp: ScriptedPage.offer(codecs: "111"))
        }
        exchange.loop.advance(by: .seconds(5))
        #expect(phone.assumeIsolated { $0.fates.values.contains(.talking) })
        #expect(exchange.media.partners.count == 2)
        #expect(Set(exchange.media.remotes.values.map(\.stream.codec)) == [.opus, .pcmu])
        #expect(page.answers.count == 1 && page.offers.isEmpty)
    }

    @Test func `who was transferred to somebody without a common codec keeps its own`() throws {
        let exchange = try Exchange(seed: 56, users: 3)
        let (first, second) = (
            try exchange.addPhone("1001", codecs: [.pcmu]), try exchange.addPhone("1002", codecs: [.pcmu])
        )
        let third = try exchange.addPhone("1003", codecs: [.opus])
        #expect(exchange.register())
        let leg = first.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(3))
        #expect(second.assumeIsolated { $0.fates.values.contains(.talking) })
        #expect(first.assumeIsolated { $0.transfer(leg, to: "1003") })
        exchange.loop.advance(by: .seconds(8))
        #expect(third.assumeIsolated { $0.fates.values.contains(.talking) })
        #expect(exchange.media.partners.count == 2)
        #expect(Set(exchange.media.remotes.values.map(\.stream.codec)) == [.opus, .pcmu])
    }

    @Test func `a caller with nothing but a codec that can only be carried is refused`() throws {
        let exchange = try Exchange(seed: 57, users: 2)
        let caller = try exchange.addPhone("1001", codecs: [Codec(encoding: "G729", clockRate: 8000)])
        try exchange.addPhone("1002")
        #expect(exchange.register())
        let leg = caller.assumeIsolated { $0.call("1002") }
        exchange.loop.advance(by: .seconds(5))
        #expect(caller.assumeIsolated { $0.fates[leg] } == .rejected(status: 488))
    }
}
