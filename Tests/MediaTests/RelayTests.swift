import DTLS
import Media
import RTP
import SDP
import Testing
import Wire

/// 160 bytes that tell which packet they are.
private func mark(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 160) }

extension MediaTests {
    struct RelayTests {
        private func bridge(_ rig: MediaRig, _ first: MediaLegID, _ second: MediaLegID) throws {
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
        }

        @Test func `two phones hear each other, untouched and under our identity`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            try bridge(rig, alice.id, bob.id)
            for number in 0..<50 {
                alice.send(mark(number))
                let heard = try #require(bob.receive())
                #expect(heard.payload == mark(number))
                #expect(heard.header.ssrc != alice.stream.ssrc)
                #expect(heard.header.marker == (number == 0))
                bob.send(mark(number + 100))
                let answer = try #require(alice.receive())
                #expect(answer.payload == mark(number + 100))
            }
            let figures = try rig.statistics(of: alice.id)
            #expect(figures.packetsReceived == 50 && figures.packetsSent == 50)
            #expect(figures.packetsLost == 0)
            #expect(figures.remoteAddress == alice.rtp.address)
        }

        @Test(arguments: SRTPEngineKind.allCases)
        func `a browser and a phone hear each other`(engine: SRTPEngineKind) throws {
            let rig = try MediaRig { $0.engine = engine }
            let browser = try BrowserPeer(rig)
            let phone = try Phone(rig)
            try browser.connect()
            try bridge(rig, browser.id, phone.id)
            for number in 0..<30 {
                browser.send(mark(number))
                #expect(try #require(phone.receive()).payload == mark(number))
                phone.send(mark(number + 50))
                #expect(try #require(browser.receive()).payload == mark(number + 50))
            }
            #expect(rig.counter(.srtpFailures) == 0)
            #expect(rig.counter(.sipPacketsSent) == 30)
        }

        @Test func `a browser that knows AES_CM alone is heard`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig, profiles: [.aes128CMHMACSHA1Tag80])
            let phone = try Phone(rig)
            try browser.connect()
            try bridge(rig, browser.id, phone.id)
            browser.send(mark(1))
            #expect(try #require(phone.receive()).payload == mark(1))
        }

        @Test func `two browsers hear each other`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try BrowserPeer(rig), try BrowserPeer(rig))
            try alice.connect()
            try bob.connect()
            try bridge(rig, alice.id, bob.id)
            for number in 0..<20 {
                alice.send(mark(number))
                #expect(try #require(bob.receive()).payload == mark(number))
                bob.send(mark(number))
                #expect(try #require(alice.receive()).payload == mark(number))
            }
        }

        @Test func `payload types are translated and extensions left behind`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig, stream: audio(.opus, type: 111, events: 110))
            let phone = try Phone(rig, stream: audio(.opus, type: 96, events: 97))
            try browser.connect()
            try bridge(rig, browser.id, phone.id)
            var packet = browser.stream.next([1, 2, 3, 4], step: 960)
            packet[0] |= 0x10
            packet.insert(contentsOf: [0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0], at: 12)
            browser.sendPlain(packet)
            let heard = try #require(phone.rtp.receive())
            #expect(heard.count == 16)
            #expect(heard[0] == 0x80)
            #expect(heard[1] & 0x7F == 96)
            #expect(heard.suffix(4) == [1, 2, 3, 4])
        }

        @Test func `a change of partners has no seam`() throws {
            let rig = try MediaRig()
            let (alice, bob, carol) = (try Phone(rig), try Phone(rig), try Phone(rig))
            try bridge(rig, alice.id, bob.id)
            bob.send(mark(1))
            bob.send(mark(2))
            let first = try #require(alice.receive())
            let second = try #require(alice.receive())
            try bridge(rig, alice.id, carol.id)
            carol.send(mark(3))
            let third = try #require(alice.receive())
            #expect(second.header.sequenceNumber == first.header.sequenceNumber &+ 1)
            #expect(third.header.sequenceNumber == second.header.sequenceNumber &+ 1)
            #expect(third.header.ssrc == first.header.ssrc)
            #expect(third.header.marker && third.payload == mark(3))
            #expect(Int32(bitPattern: third.header.timestamp &- second.header.timestamp) >= 160)
            bob.send(mark(4))
            carol.send(mark(5))
            #expect(try #require(alice.receive()).payload == mark(5))
        }

        @Test func `what is muted or held is not heard, and comes back without a seam`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            try bridge(rig, alice.id, bob.id)
            alice.send(mark(1))
            let before = try #require(bob.receive())
            let id = alice.id
            for isMute in [true, false] {
                if isMute { rig.on { $0.setMuted(id, true) } } else { alice.describe(audio(direction: .sendonly)) }
                try rig.settle(id)
                alice.send(mark(2))
                try rig.settle(id)
                if isMute { rig.on { $0.setMuted(id, false) } } else { alice.describe(audio()) }
                try rig.settle(id)
            }
            alice.send(mark(3))
            let after = try #require(bob.receive())
            #expect(after.payload == mark(3))
            #expect(after.header.sequenceNumber == before.header.sequenceNumber &+ 1)
            #expect(after.header.marker)
        }

        @Test func `a peer that must not hear us is sent nothing`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig, stream: audio(direction: .recvonly)))
            try bridge(rig, alice.id, bob.id)
            alice.send(mark(1))
            bob.send(mark(2))
            #expect(try #require(alice.receive()).payload == mark(2))
            #expect(bob.receive(milliseconds: 0) == nil)
        }

        @Test func `what can only be carried is not heard by those who speak something else`() throws {
            let rig = try MediaRig()
            let gsm = Codec(encoding: "GSM", clockRate: 8000)
            let (alice, bob) = (try Phone(rig), try Phone(rig, stream: audio(gsm, type: 3)))
            try bridge(rig, alice.id, bob.id)
            alice.send(mark(1))
            try rig.settle(alice.id)
            bob.describe(audio())
            alice.send(mark(2))
            #expect(try #require(bob.receive()).payload == mark(2))
        }

        @Test func `forged SRTP is counted and goes nowhere`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            let phone = try Phone(rig)
            try browser.connect()
            try bridge(rig, browser.id, phone.id)
            for number in 0..<1000 {
                var sealed = try #require(browser.seal(browser.stream.next(mark(number))))
                sealed[40] ^= 1
                browser.socket.send(sealed, to: browser.gateway)
            }
            browser.send(mark(7))
            #expect(try #require(phone.receive()).payload == mark(7))
            #expect(try rig.statistics(of: browser.id).srtpFailures.total == 1000)
        }

        @Test func `a browser that restarts ICE is heard as before`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            let phone = try Phone(rig)
            try browser.connect()
            try bridge(rig, browser.id, phone.id)
            browser.send(mark(1))
            #expect(try #require(phone.receive()).payload == mark(1))
            try browser.restartICE()
            browser.send(mark(2))
            #expect(try #require(phone.receive()).payload == mark(2))
            phone.send(mark(3))
            #expect(try #require(browser.receive()).payload == mark(3))
        }

        @Test func `the echo says back what it hears`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            let id = browser.id
            try rig.echo(to: id)
            for number in 0..<20 {
                browser.send(mark(number))
                #expect(try #require(browser.receive()).payload == mark(number))
            }
        }
    }
}
