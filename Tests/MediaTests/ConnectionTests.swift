import ICE
import Media
import RTP
import Testing
import WebRTC
import Wire

private func mark(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 160) }

extension MediaTests {
    /// Browsers whose network lets no UDP pass (RFC 6544).
    struct ConnectionTests {
        private func connected(_ rig: MediaRig) throws -> (BrowserPeer, Phone) {
            let (browser, phone) = (try BrowserPeer(rig, overTCP: true), try Phone(rig))
            try browser.connect()
            let (first, second) = (browser.id, phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            return (browser, phone)
        }

        private func connection(_ browser: BrowserPeer) throws -> TestConnection {
            try #require(browser.socket as? TestConnection)
        }

        @Test func `a browser that connects by TCP and a phone hear each other`() throws {
            let rig = try MediaRig()
            let (browser, phone) = try connected(rig)
            for number in 0..<30 {
                browser.send(mark(number))
                #expect(try #require(phone.receive()).payload == mark(number))
                phone.send(mark(number + 50))
                #expect(try #require(browser.receive()).payload == mark(number + 50))
            }
            let facts = try #require(try rig.statistics(of: browser.id).transport)
            #expect(facts.selected == browser.socket.address)
            #expect(facts.isOverTCP)
            #expect(rig.counter(.srtpFailures) == 0)
            #expect(rig.counter(.browserConnections) == 1)
        }

        @Test func `packets may come in any pieces`() throws {
            let rig = try MediaRig()
            let (browser, phone) = try connected(rig)
            let connection = try connection(browser)
            for cut in stride(from: 1, to: 180, by: 7) {
                let sealed = try #require(browser.seal(browser.stream.next(mark(cut))))
                let bytes = TestConnection.frame(sealed)
                connection.sendRaw(Array(bytes[..<cut]))
                try rig.settle(browser.id)
                connection.sendRaw(Array(bytes[cut...]))
                #expect(try #require(phone.receive()).payload == mark(cut))
            }
            let several = try (0..<40).flatMap { number in
                TestConnection.frame(try #require(browser.seal(browser.stream.next(mark(number)))))
            }
            connection.sendRaw(several)
            for number in 0..<40 { #expect(try #require(phone.receive()).payload == mark(number)) }
        }

        @Test func `a browser that reads nothing loses packets and holds nobody up`() throws {
            let rig = try MediaRig()
            let (deaf, talker) = try connected(rig)
            let (other, listener) = (try BrowserPeer(rig), try Phone(rig))
            try other.connect()
            let (third, fourth) = (other.id, listener.id)
            rig.on { $0.bridge(third, fourth) }
            try rig.settle(third)
            // Until the buffers of both sides are full.
            var sent = 0
            while rig.counter(.sendFailures) == 0, sent < 200_000 {
                for _ in 0..<200 { talker.send([UInt8](repeating: 3, count: 1200)) }
                sent += 200
                try rig.settle(deaf.id)
            }
            #expect(rig.counter(.sendFailures) > 0)
            other.send(mark(9))
            #expect(try #require(listener.receive()).payload == mark(9))
            // What was sent in part is completed once there is room: the frames that come are whole, and open.
            var heard = 0
            while deaf.receive(milliseconds: 200) != nil { heard += 1 }
            #expect(heard > 10)
            talker.send(mark(7))
            #expect(try #require(deaf.receive()).payload == mark(7))
        }

        @Test(arguments: [
            [0x80] + [UInt8](repeating: 0, count: 40), [22, 254, 253] + [UInt8](repeating: 0, count: 40),
            [0, 1, 0, 0] + [UInt8](repeating: 7, count: 16), [UInt8](repeating: 0x41, count: 30), [],
        ])
        func `whoever does not begin with a check of a leg's peer is cut off`(first: [UInt8]) throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            let stranger = try TestConnection(to: browser.gateway)
            stranger.send(first, to: browser.gateway)
            #expect(stranger.isClosed())
            #expect(rig.counter(.refused) == 1)
            #expect(rig.counter(.browserConnections) == 0)
        }

        @Test func `a frame longer than any packet ends the connection, and the browser may come back`() throws {
            let rig = try MediaRig()
            let (browser, _) = try connected(rig)
            let connection = try connection(browser)
            connection.sendRaw([0xFF, 0xFF, 1, 2, 3])
            #expect(connection.isClosed())
            #expect(rig.counter(.malformed) == 1)
            #expect(rig.counter(.browserConnections) == 0)
            try rig.settle(browser.id)
            let again = try BrowserPeer(rig, overTCP: true)
            try again.connect()
        }

        @Test func `a leg's connection ends with the leg`() throws {
            let rig = try MediaRig()
            let (browser, _) = try connected(rig)
            let id = browser.id
            rig.on { $0.close(id) }
            #expect(try connection(browser).isClosed())
            #expect(rig.counter(.browserConnections) == 0)
        }

        @Test func `a connection is one leg's: another leg's checks on it are refused, and that leg stays where it is`()
            throws
        {
            let rig = try MediaRig()
            let (owner, _) = try connected(rig)
            let connection = try connection(owner)
            let (other, phone) = (try BrowserPeer(rig, socket: connection), try Phone(rig))
            for _ in 0..<4 { other.pump(milliseconds: 20) }
            let (first, second) = (other.id, phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            #expect(rig.counter(.refused) > 0)
            #expect(!rig.hasHeard { $0 == .connected(first) })
            let id = owner.id
            rig.on { $0.close(id) }
            #expect(connection.isClosed())
            for _ in 0..<20 { phone.send(mark(1)) }
            try rig.settle(first)
        }

        @Test func `strangers from one address take only so many connections`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            let strangers = try (0..<40).map { _ in try TestConnection(to: browser.gateway) }
            #expect(try #require(strangers.last).isClosed())
            try rig.wait(.refused, toReach: 8, of: browser.id)
            #expect(rig.counter(.browserConnections) == 32)
        }
    }
}
