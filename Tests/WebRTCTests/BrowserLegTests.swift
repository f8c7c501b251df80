import Crypto
import DTLS
import ICE
import TestKit
import Testing
import WebRTC
import Wire

struct BrowserLegTests {
    @Test(arguments: [DTLSRole.client, .server])
    func `a browser connects in either part of the handshake`(browserRole: DTLSRole) throws {
        let scene = try Scene(browserRole: browserRole)
        let role: DTLSRole = browserRole == .client ? .server : .client
        let described = scene.browserDescription
        scene.connect(RemotePeer(credentials: described.credentials, fingerprints: described.fingerprints, role: role))
        let ours = try #require(scene.legKeys)
        let theirs = try #require(scene.browserKeys)
        #expect(ours.send == theirs.receive && ours.receive == theirs.send)
        #expect(ours.profile == .aeadAES128GCM)
        #expect(scene.leg.selected == Scene.homePath)
    }

    @Test func `events come in the order validated with each check, selected, connected`() throws {
        let scene = try Scene()
        scene.connect()
        let words = scene.legEvents.map { event in
            switch event {
            case .validated(Scene.homePath): "validated"
            case .selected(Scene.homePath): "selected"
            case .connected(_, remote: Scene.homePath): "connected"
            default: "other"
            }
        }
        #expect(words == ["validated", "validated", "selected", "connected"])
    }

    @Test func `a browser may begin before its description has arrived`() throws {
        let scene = try Scene()
        scene.browser.connect(to: scene.legDescription, now: scene.now)
        scene.pump()
        #expect(scene.leg.selected == Scene.homePath)
        #expect(scene.legKeys == nil)
        scene.leg.configure(scene.browserDescription, now: scene.now)
        scene.pump()
        #expect(scene.legKeys != nil)
    }

    @Test func `a peer that also wants to be controlled learns its role`() throws {
        let scene = try Scene(isControlling: false)
        scene.connect()
        scene.advance(.seconds(1))
        #expect(scene.browser.isControlling)
        #expect(scene.legKeys != nil)
    }

    @Test func `a ClientHello from anywhere but a validated address is ignored`() throws {
        let scene = try Scene()
        let racer = SocketAddress(ip: IPAddress(v4: 0xC000_0266), port: 666)
        var attack = try DTLSConnection(context: Scene.makeContext(), role: .client, expecting: [], now: scene.now)
        let first = attack.nextDatagram()
        let hello = try #require(first)
        scene.leg.configure(scene.browserDescription, now: scene.now)
        scene.arrive(hello, from: racer)
        #expect(scene.leg.nextOutput() == nil)
        scene.connect()
        #expect(scene.legKeys != nil)
        scene.arrive(hello, from: racer)
        #expect(scene.leg.nextOutput() == nil)
    }

    @Test func `a certificate other than the announced one ends the leg`() throws {
        let scene = try Scene()
        let stranger = try Scene.makeContext().fingerprint
        scene.connect(RemotePeer(credentials: scene.browser.credentials, fingerprints: [stranger]))
        #expect(scene.failure == .handshake(.fingerprintMismatch))
        #expect(scene.legKeys == nil)
        #expect(scene.leg.nextDeadline == .never)
    }

    @Test func `a browser that never sends its ClientHello fails after thirty seconds`() throws {
        let scene = try Scene()
        scene.blocks = { bytes, _ in DatagramKind(bytes.span.bytes) == .dtls }
        scene.connect()
        scene.advance(.seconds(29))
        #expect(scene.failure == nil)
        scene.advance(.seconds(1))
        #expect(scene.failure == .handshake(.timedOut))
    }

    @Test func `a repeated description keeps the association, whatever part it names`() throws {
        let scene = try Scene()
        scene.connect()
        let peer = scene.browserDescription
        let again = RemotePeer(credentials: peer.credentials, fingerprints: peer.fingerprints, role: .client)
        scene.leg.configure(again, now: scene.now)
        scene.pump()
        #expect(scene.legEvents.count { if case .connected = $0 { true } else { false } } == 1)
        scene.advance(.seconds(60))
        #expect(scene.failure == nil && !scene.isConsentLost)
    }

    @Test func `other fingerprints start another handshake`() throws {
        let scene = try Scene()
        scene.connect()
        let first = try #require(scene.legKeys)
        let context = try Scene.makeContext()
        let fingerprints = [context.fingerprint]
        scene.leg.configure(
            RemotePeer(credentials: scene.browser.credentials, fingerprints: fingerprints), now: scene.now)
        var client = try DTLSConnection(
            context: context, role: .client, expecting: scene.legDescription.fingerprints, now: scene.now)
        while let datagram = client.nextDatagram() { scene.arrive(datagram, from: Scene.home) }
        while let output = scene.leg.nextOutput() {
            if case .transmit(let bytes, _) = output { _ = client.receive(bytes.span.bytes, now: scene.now) }
            while let datagram = client.nextDatagram() { scene.arrive(datagram, from: Scene.home) }
            if case .event(.connected(let keys, _)) = output { #expect(keys != first) }
        }
        let isConnected = client.isConnected
        #expect(isConnected)
    }

    /// The browser's datagrams of the handshake in which it says Finished, and what answers them.
    private func lastFlights(_ scene: Scene) -> (browser: [[UInt8]], leg: [[UInt8]]) {
        var (browser, leg): ([[UInt8]], [[UInt8]]) = ([], [])
        scene.blocks = { bytes, source in
            guard DatagramKind(bytes.span.bytes) == .dtls else { return false }
            if source == Scene.home {
                browser.append(bytes)
            } else {
                leg.append(bytes)
            }
            return false
        }
        scene.connect()
        scene.blocks = { _, _ in false }
        return (browser.suffix(1), leg.suffix(1))
    }

    /// What the leg sends, until it has nothing more to say.
    private func sent(_ scene: Scene) -> [[UInt8]] {
        var sent: [[UInt8]] = []
        while let output = scene.leg.nextOutput() {
            if case .transmit(let bytes, to: Scene.homePath) = output { sent.append(bytes) }
        }
        return sent
    }

    @Test func `a browser that repeats its last flight is given ours again, until its media comes`() throws {
        let scene = try Scene()
        let flights = lastFlights(scene)
        for datagram in flights.browser { scene.arrive(datagram, from: Scene.home) }
        #expect(sent(scene) == flights.leg)
        scene.leg.mediaArrived()
        for datagram in flights.browser { scene.arrive(datagram, from: Scene.home) }
        #expect(sent(scene).isEmpty)
    }

    @Test func `a last flight that was changed on its way, or comes late, is not answered`() throws {
        let scene = try Scene()
        let flights = lastFlights(scene)
        for datagram in flights.browser {
            var changed = datagram
            changed[changed.count - 1] ^= 1
            scene.arrive(changed, from: Scene.home)
        }
        #expect(sent(scene).isEmpty)
        scene.advance(BrowserLeg.settleTime)
        for datagram in flights.browser { scene.arrive(datagram, from: Scene.home) }
        #expect(sent(scene).isEmpty)
    }

    @Test(arguments: [Duration.zero, .seconds(10)])
    func `close_notify ends the leg, soon and late`(age: Duration) throws {
        let scene = try Scene()
        scene.connect()
        scene.advance(age)
        scene.browser.close()
        scene.pump()
        #expect(scene.isClosed)
        #expect(scene.leg.nextDeadline == .never)
    }

    @Test(arguments: [Duration.zero, .seconds(10)])
    func `closing tells the browser, soon and late`(age: Duration) throws {
        let scene = try Scene()
        scene.connect()
        scene.advance(age)
        scene.leg.close()
        scene.pump()
        #expect(scene.browserEvents.contains { if case .closed = $0 { true } else { false } })
        #expect(scene.leg.nextDeadline == .never)
    }
}

struct BrowserLegPathTests {
    @Test func `checks keep the path alive and their end ends it`() throws {
        let scene = try Scene()
        scene.connect()
        scene.advance(.seconds(300))
        #expect(!scene.isConsentLost)
        scene.browser.checkInterval = nil
        scene.advance(.seconds(29))
        #expect(!scene.isConsentLost)
        scene.advance(.seconds(3))
        #expect(scene.isConsentLost)
        #expect(scene.leg.nextDeadline == .never)
    }

    @Test func `a browser that nobody can reach fails after thirty seconds`() throws {
        let scene = try Scene()
        scene.blocks = { _, _ in true }
        scene.connect()
        scene.advance(.seconds(29))
        #expect(scene.failure == nil)
        scene.advance(.seconds(1))
        #expect(scene.failure == .noConnectivity)
    }

    @Test func `lost checks are repeated`() throws {
        let scene = try Scene()
        var remaining = 3
        scene.blocks = { bytes, _ in
            guard DatagramKind(bytes.span.bytes) == .stun, remaining > 0 else { return false }
            remaining -= 1
            return true
        }
        scene.connect()
        scene.advance(.seconds(2))
        #expect(scene.leg.selected == Scene.homePath)
        #expect(scene.legKeys != nil)
    }

    @Test func `media follows the browser to another network`() throws {
        let scene = try Scene()
        scene.connect()
        scene.browser.move(to: Scene.mobile, now: scene.now)
        scene.pump()
        #expect(scene.leg.selected == Scene.mobilePath)
        scene.advance(.seconds(60))
        #expect(!scene.isConsentLost)
    }

    @Test func `an ICE restart keeps the keys and retires the old ufrag`() throws {
        let scene = try Scene()
        scene.connect()
        let old = scene.leg.localCredentials
        let keys = scene.legKeys
        scene.leg.restartICE(with: ICECredentials(from: &scene.entropy))
        scene.browser.refreshCredentials()
        scene.browser.move(to: Scene.mobile, now: scene.now)
        scene.connect()
        scene.advance(.seconds(60))
        #expect(scene.leg.selected == Scene.mobilePath)
        #expect(scene.legKeys == keys)
        #expect(!scene.isConsentLost)
        let retired = scene.legEvents.compactMap { if case .retired(let ufrag) = $0 { ufrag } else { nil } }
        #expect(retired == [old.ufrag])
    }

    @Test func `noise in STUN and DTLS changes nothing`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let scene = try Scene(seed: seed)
        scene.connect()
        var noise = Entropy(seed: seed)
        for _ in 0..<2000 {
            var bytes = noise.bytes(Int.random(in: 1...200, using: &noise))
            bytes[0] = [0, 1, 20, 21, 22, 23][Int.random(in: 0..<6, using: &noise)]
            scene.arrive(bytes, from: Bool.random(using: &noise) ? Scene.home : Scene.mobile)
        }
        scene.pump()
        #expect(scene.failure == nil && !scene.isClosed, "seed \(seed)")
        scene.advance(.seconds(60))
        #expect(!scene.isConsentLost)
    }

    @Test func `after the first media a repeated handshake is no longer answered`() throws {
        let scene = try Scene()
        scene.connect()
        let before = scene.leg.nextDeadline
        scene.arrive([0x80] + [UInt8](repeating: 0, count: 40), from: Scene.home)
        #expect(scene.leg.nextDeadline > before)
        #expect(scene.leg.nextOutput() == nil)
    }
}
