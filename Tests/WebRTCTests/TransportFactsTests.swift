import Crypto
import DTLS
import ICE
import TestKit
import Testing
import WebRTC
import Wire

struct TransportFactsTests {
    @Test func `a leg that connected tells its checks, its pair and its part in the handshake`() throws {
        let scene = try Scene()
        #expect(scene.leg.facts == TransportFacts())
        let before = scene.now
        scene.connect()
        let facts = scene.leg.facts
        #expect(facts.checks > 0 && facts.firstCheckAt == before && facts.lastCheckAt != nil)
        #expect(facts.validated == [Scene.home])
        #expect(facts.selected == Scene.home)
        #expect(facts.handshake == .connected && facts.connectedAt != nil)
        #expect(facts.role == .server && facts.failure == nil)
        scene.leg.close()
        #expect(scene.leg.facts.handshake == .closed)
        #expect(scene.leg.facts.checks == facts.checks)
    }

    @Test func `a wrong certificate is told as that, with the alert we sent`() throws {
        let scene = try Scene()
        let other = try Scene.makeContext().fingerprint
        scene.connect(RemotePeer(credentials: scene.browser.credentials, fingerprints: [other]))
        scene.advance(.seconds(1))
        let facts = scene.leg.facts
        #expect(facts.handshake == .failed && facts.failure == .fingerprintMismatch)
        #expect(facts.sentAlert != nil)
        #expect(facts.selected == Scene.home)
    }

    @Test func `a handshake whose datagrams vanish stays under way until it times out`() throws {
        let scene = try Scene()
        scene.blocks = { bytes, source in source == Scene.server && DatagramKind(bytes.span.bytes) == .dtls }
        scene.connect()
        scene.advance(.seconds(5))
        #expect(scene.leg.facts.handshake == .underWay)
        scene.advance(.seconds(60))
        #expect(scene.leg.facts.handshake == .failed && scene.leg.facts.failure == .timedOut)
    }

    @Test func `a browser that falls silent has lost consent`() throws {
        let scene = try Scene()
        scene.connect()
        scene.blocks = { _, _ in true }
        scene.advance(.seconds(60))
        #expect(scene.leg.facts.isConsentLost)
        #expect(scene.leg.facts.handshake == .connected)
    }

    @Test func `checks that never come leave nothing but zeros`() throws {
        let scene = try Scene()
        scene.blocks = { _, _ in true }
        scene.connect()
        scene.advance(.seconds(40))
        #expect(scene.failure == .noConnectivity)
        #expect(scene.leg.facts.checks == 0 && scene.leg.facts.firstCheckAt == nil)
        #expect(scene.leg.facts.handshake == .waiting)
    }
}
