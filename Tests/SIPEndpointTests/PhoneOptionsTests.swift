import SIP
import Testing
import Wire

@testable import SIPEndpoint

/// What phones may ask of a call beyond RFC 3261.
struct PhoneOptionsTests {
    @Test func `a phone that requires reliable provisional responses gets them`() throws {
        let world = try Exchange()
        let endpoint = world.exchange.endpoint
        world.exchange.recorder.assumeIsolated {
            $0.whenInvited { leg, _ in endpoint.assumeIsolated { $0.ring(leg, answer: [2]) } }
        }
        let phone = try RawPeer(world.simulation, at: "192.0.2.10")
        var invite = phone.request(.invite)
        invite.headers.require = ["100rel"]
        invite.headers.contentType = .sdp
        invite.body = [1]
        phone.send(invite)
        world.run(.seconds(1))
        phone.send(try #require(phone.authorized(invite, as: "100")))
        world.run(.milliseconds(100))
        let ringing = try #require(phone.responses.first { (101..<200).contains($0.status) })
        #expect(ringing.headers.rSeq != nil)
        #expect(ringing.headers.require == ["100rel"])
    }

    @Test func `OPTIONS names what calls support`() throws {
        let world = try Exchange()
        let stranger = try RawPeer(world.simulation, at: "192.0.2.66")
        stranger.send(stranger.request(.options))
        world.run(.seconds(1))
        let named = stranger.responses.first?.headers.supported
        #expect(named == ["path", "100rel", "timer", "replaces", "norefersub"])
    }
}
