import Media
import RTP
import SDP
import Testing
import Wire

extension MediaTests {
    /// What strangers and rogue peers try.
    struct GuardTests {
        @Test func `a browser leg cannot be pointed at an address by a description without ICE`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            let victim = try TestSocket(IPAddress(v4: 0x7F00_0912))
            let (id, before) = (browser.id, rig.counter(.refused))
            let address = victim.address
            rig.on {
                $0.configure(id, .sip(rtp: address, rtcp: address, mux: true, stream: audio(.pcma, type: 8)))
                $0.play(.echo, to: id)
            }
            try rig.settle(id)
            #expect(rig.counter(.refused) - before == 1)
            browser.send([1, 2, 3])
            #expect(try #require(browser.receive()).payload == [1, 2, 3])
            #expect(victim.receive(milliseconds: 0) == nil)
        }

        @Test func `a SIP leg keeps its peer and its format when a description is a browser's`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let (id, before) = (phone.id, rig.counter(.refused))
            rig.on {
                $0.configure(
                    id,
                    .browser(
                        usernameFragment: "ufrag", password: "password", fingerprints: [], setup: .active,
                        stream: audio(.pcma, type: 8)))
                $0.play(.echo, to: id)
            }
            try rig.settle(id)
            #expect(rig.counter(.refused) - before == 1)
            phone.send([1, 2, 3])
            #expect(try #require(phone.receive()).payload == [1, 2, 3])
        }

        @Test func `a page cannot take the address another page's media comes from`() throws {
            let rig = try MediaRig()
            let (alice, phone) = (try BrowserPeer(rig), try Phone(rig))
            try alice.connect()
            let (first, second) = (alice.id, phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            // The same address, which only a forger of sources can have while Alice is there.
            let mallory = try BrowserPeer(rig, call: 1, seed: 99, socket: alice.socket)
            for _ in 0..<4 { mallory.pump(milliseconds: 20) }
            try rig.settle(mallory.id)
            alice.send([7, 7])
            #expect(try #require(phone.receive(milliseconds: 1000)).payload == [7, 7])
            #expect(try rig.statistics(of: mallory.id).srtpFailures.total == 0)
        }

        @Test func `a page gets its address as soon as the leg that had it is closed`() throws {
            let rig = try MediaRig()
            let gone = try BrowserPeer(rig)
            try gone.connect()
            let back = try BrowserPeer(rig, seed: 99, socket: gone.socket)
            for _ in 0..<4 { back.pump(milliseconds: 20) }
            #expect(!rig.hasHeard { $0 == .connected(back.id) })
            let id = gone.id
            rig.on { $0.close(id) }
            try back.connect()
        }

        /// A compound of a report, with a block about `target`, and a goodbye of `source`.
        private func farewell(
            of source: UInt32, to target: UInt32, _ sender: SenderInformation? = nil
        ) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: RTCPWriter.capacity)
            let length = bytes.withUnsafeMutableBytes { raw in
                var writer = RTCPWriter(raw)
                writer.report(
                    ssrc: source, sender: sender,
                    about: ReportBlock(
                        ssrc: target, fractionLost: 255, cumulativeLost: 9999, highestSequence: 1, jitter: 99))
                writer.goodbye(ssrc: source)
                return writer.count
            }
            return Array(bytes[..<length])
        }

        /// Whether a report has heard of a sender report of ours; nil when it has no block.
        private static func answersSenderReport(_ bytes: UnsafeRawBufferPointer) -> Bool? {
            var reader = RTCPReader(bytes)
            switch reader.next() {
            case .senderReport(_, _, let blocks), .receiverReport(_, let blocks):
                return blocks.count > 0 ? blocks[0].lastSenderReport != 0 : nil
            default: return nil
            }
        }

        @Test func `goodbyes and reports forged by another host are refused, and end and change nothing`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let stranger = try TestSocket(IPAddress(v4: 0x7F00_0913))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            #expect(alice.latch() && bob.latch())
            _ = (alice.receive(), bob.receive())
            bob.send([1])
            let heard = try #require(alice.receive()).header.ssrc
            let lie = SenderInformation(
                ntpTime: NTPTime(value: 0xDEAD_BEEF_0000_0000), rtpTimestamp: 0, packetCount: 1, octetCount: 1)
            let control = SocketAddress(ip: alice.gateway.ip, port: alice.gateway.port + 1)
            for forged in [farewell(of: alice.stream.ssrc, to: heard), farewell(of: alice.stream.ssrc, to: heard, lie)]
            {
                stranger.send(forged, to: control)
                stranger.send(forged, to: alice.gateway)
            }
            var figures = try rig.statistics(of: first)
            // The kernel itself keeps strangers from the RTP port, which is connected; RTCP's is not.
            while figures.packetsRefused < 2 { figures = try rig.statistics(of: first) }
            #expect(figures.remote == nil && figures.reportsHeard == 0)
            alice.send([2, 2])
            bob.send([3, 3])
            #expect(try #require(bob.receive()).payload == [2, 2])
            #expect(try #require(alice.receive()).payload == [3, 3])
            #expect(rig.on { $0.openLegs } == 2)
            #expect(!rig.hasHeard { $0 == .hungUp(first) || $0 == .hungUp(second) || $0 == .disconnected(first) })
            #expect(stranger.receive(milliseconds: 0) == nil)
            // What the gateway reports next answers no sender report: the forged one was not taken.
            let report = try #require(alice.rtcp.receive(milliseconds: 9000))
            #expect(report.withUnsafeBytes { Self.answersSenderReport($0) } == false)
        }

        @Test func `a goodbye in a phone's own name ends nothing, for signalling alone ends a call`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            try rig.echo(to: id)
            #expect(phone.latch())
            let heard = try #require(phone.receive()).header.ssrc
            let control = SocketAddress(ip: phone.gateway.ip, port: phone.gateway.port + 1)
            phone.rtcp.send(farewell(of: phone.stream.ssrc, to: heard), to: control)
            while try rig.statistics(of: id).reportsHeard == 0 {}
            phone.send([1, 2, 3])
            #expect(try #require(phone.receive()).payload == [1, 2, 3])
            #expect(rig.on { $0.openLegs } == 1 && !rig.hasHeard { $0 == .hungUp(id) })
        }

        @Test func `a goodbye to a page's leg that is not sealed is counted and forgotten, from whatever address`()
            throws
        {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            let id = browser.id
            try rig.echo(to: id)
            browser.send([1])
            let heard = try #require(browser.receive()).header.ssrc
            let (forged, refused) = (farewell(of: browser.stream.ssrc, to: heard), rig.counter(.refused))
            // From the page's own address, as who forges sources would send it, and from another.
            browser.socket.send(forged, to: browser.gateway)
            try TestSocket(IPAddress(v4: 0x7F00_0914)).send(forged, to: browser.gateway)
            try rig.wait(.refused, toReach: refused + 1, of: id)
            var figures = try rig.statistics(of: id)
            while figures.srtpFailures.total == 0 { figures = try rig.statistics(of: id) }
            #expect(figures.srtpFailures.total == 1)
            #expect(figures.remote == nil && figures.reportsHeard == 0)
            browser.send([1, 2, 3])
            #expect(try #require(browser.receive()).payload == [1, 2, 3])
            #expect(!rig.hasHeard { $0 == .hungUp(id) || $0 == .disconnected(id) })
        }
    }
}
