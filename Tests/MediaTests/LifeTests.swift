import Crypto
import DTLS
import Media
import RTP
import SDP
import Testing
import Wire

extension MediaTests {
    struct LifeTests {
        @Test func `a closed leg says its figures last, and closing again says nothing`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            #expect(phone.latch())
            rig.on {
                $0.close(id)
                $0.close(id)
            }
            let figures = rig.event { if case .closed(id, let figures) = $0 { figures } else { nil } }
            #expect(try #require(figures).packetsReceived == 1)
            let other = try Phone(rig)
            #expect(other.latch())
            #expect(!rig.hasHeard { if case .closed = $0 { true } else { false } })
            #expect(rig.on { $0.openLegs } == 1)
            #expect(rig.counter(.sipLegs) == 1)
        }

        @Test func `a partner outlives its leg`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on {
                $0.bridge(first, second)
                $0.close(first)
                $0.play(.echo, to: second)
            }
            try rig.settle(second)
            bob.send([3])
            #expect(try #require(bob.receive()).payload == [3])
        }

        @Test func `commands about legs that are not there are ignored`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let (id, nobody) = (phone.id, MediaLegID(rawValue: 999))
            rig.on {
                $0.bridge(id, nobody)
                $0.bridge(nobody, id)
                $0.bridge(id, id)
                $0.play(.music, to: nobody)
                $0.close(nobody)
                $0.sendDigits("1", to: nobody)
            }
            #expect(phone.latch())
        }

        @Test func `ports run out with a word, rest, and come back`() throws {
            let rig = try MediaRig {
                $0.rtpPorts = 14_000...14_005
                $0.portSilence = .milliseconds(200)
            }
            let ids = (0..<3).map { _ in rig.makeID() }
            var ports: Set<UInt16> = []
            for id in ids { ports.insert(try rig.openSIP(id).port) }
            #expect(ports == [14_000, 14_002, 14_004])
            let late = rig.makeID()
            #expect(throws: MediaError.portsExhausted) { _ = try rig.openSIP(late) }
            #expect(throws: MediaError.duplicateLeg) { _ = try rig.openSIP(ids[0]) }
            rig.on { $0.close(ids[1]) }
            #expect(rig.event { if case .closed(ids[1], _) = $0 { true } else { nil } } == true)
            #expect(throws: MediaError.portsExhausted) { _ = try rig.openSIP(late) }
            let began = ContinuousClock.now
            var opened: SocketAddress?
            while opened == nil, ContinuousClock.now - began < .seconds(5) { opened = try? rig.openSIP(late) }
            #expect(opened != nil)
            #expect(ContinuousClock.now - began >= .milliseconds(150))
        }

        @Test func `a port that somebody else holds is passed over`() throws {
            let rig = try MediaRig { $0.rtpPorts = 42_100...42_103 }
            let foreign = try TestSocket(.loopbackIPv4, port: 42_101)
            #expect(try rig.openSIP(rig.makeID()).port == 42_102)
            #expect(throws: MediaError.portsExhausted) { _ = try rig.openSIP(rig.makeID()) }
            #expect(foreign.address.port == 42_101)
        }

        @Test func `a taken browser port is a word and not a crash`() throws {
            let foreign = try TestSocket(.loopbackIPv4)
            #expect(throws: MediaError.system(errno: 98)) {
                _ = try MediaRig { $0.browserPort = foreign.address.port }
            }
        }

        @Test func `silence is told when something is expected, again after as long, and never on hold`() throws {
            let rig = try MediaRig { $0.timeout = .milliseconds(500) }
            let talking = try Phone(rig)
            let held = try [MediaDirection.sendonly, .recvonly, .inactive].map {
                try Phone(rig, stream: audio(direction: $0)).id
            }
            #expect(rig.hears(.timedOut(talking.id)))
            #expect(rig.hears(.timedOut(talking.id)))
            for quiet in held { #expect(!rig.hasHeard { $0 == .timedOut(quiet) }) }
        }

        @Test func `a browser that says goodbye is disconnected`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            browser.close()
            #expect(rig.hears(.hungUp(browser.id)))
        }

        @Test func `closing tells the browser by close_notify`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            let id = browser.id
            rig.on { $0.close(id) }
            for _ in 0..<200 where !browser.isClosed { browser.pump(milliseconds: 20) }
            #expect(browser.isClosed)
        }

        @Test func `a certificate other than announced never gets media`() throws {
            let rig = try MediaRig()
            let other = try Certificate.selfSigned(commonName: "else", now: WallTime(milliseconds: 0))
            let browser = try BrowserPeer(rig, announcing: other.fingerprint())
            for _ in 0..<100 where !rig.hasHeard({ if case .failed = $0 { true } else { false } }) {
                browser.pump(milliseconds: 20)
            }
            #expect(rig.hears(.failed(browser.id, .fingerprintMismatch)))
        }

        @Test func `calls are spread over the workers, each with its own port`() throws {
            let rig = try MediaRig { $0.workers = 2 }
            let one = try rig.openBrowser(rig.makeID(), call: 1)
            let two = try rig.openBrowser(rig.makeID(), call: 2)
            #expect(one.candidates != two.candidates)
            #expect(one.usernameFragment != two.usernameFragment)
            #expect(rig.plane.counter(.browserLegs).count == 2)
            let phones = try (0..<4).map { try Phone(rig, call: UInt64($0)) }
            for phone in phones { #expect(phone.latch()) }
            #expect(rig.plane.counter(.sipLegs) == [2, 2])
        }
    }
}
