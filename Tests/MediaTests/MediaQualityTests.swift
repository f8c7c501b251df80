import Media
import RTP
import SDP
import Testing
import WebRTC
import Wire

struct MediaQualityTests {
    private let now = Instant(nanoseconds: 100_000_000_000)

    private func figures(received: UInt64, lost: UInt64 = 0, gaps: UInt64 = 0, sent: UInt64 = 0) -> LegStatistics {
        var figures = LegStatistics()
        (figures.packetsReceived, figures.packetsLost) = (received, lost)
        (figures.gaps, figures.packetsSent) = (gaps, sent)
        return figures
    }

    private func report(_ fraction: Double, roundTrip: Duration? = nil, age: Duration = .zero)
        -> LegStatistics.RemoteReport
    {
        LegStatistics.RemoteReport(
            packetsLost: 3, fractionLost: fraction, jitter: .milliseconds(2), roundTrip: roundTrip,
            heardAt: Instant(nanoseconds: now.nanoseconds - age.wholeNanoseconds))
    }

    private func quality(_ figures: LegStatistics, since earlier: LegStatistics? = nil, _ codec: Codec = .pcma)
        -> MediaQuality
    {
        MediaQuality(figures, since: earlier.map(MediaQuality.Mark.init) ?? MediaQuality.Mark(), codec: codec, at: now)
    }

    @Test func `only what happened since the last look counts`() throws {
        let bad = figures(received: 100, lost: 100)
        let then = figures(received: 350, lost: 100)
        let received = try #require(quality(then, since: bad).received)
        #expect(received.loss == 0)
        #expect(abs(received.mos - 4.41) < 0.01)
        #expect(try #require(quality(then).received).loss > 0.2)
    }

    @Test func `where nothing was due nothing is said`() {
        let same = figures(received: 100, lost: 5, sent: 100)
        #expect(quality(same, since: same) == quality(LegStatistics()))
        #expect(quality(same, since: same).mos == nil)
        // Late packets made up for losses.
        #expect(quality(figures(received: 101, lost: 4), since: same).received?.loss == 0)
    }

    @Test func `the worse way is the leg's`() throws {
        var mixed = figures(received: 250, sent: 250)
        mixed.remote = report(0.2)
        let quality = quality(mixed)
        #expect(quality.mos == quality.sent?.mos)
        #expect(try #require(quality.sent).mos < 3)
        #expect(try #require(quality.received).mos > 4.4)
    }

    @Test func `a report of long ago says nothing of now, and neither does one about a stream that rests`() {
        var figures = figures(received: 250, sent: 250)
        figures.remote = report(0.2, roundTrip: .milliseconds(400), age: .seconds(13))
        #expect(quality(figures).sent == nil && quality(figures).roundTrip == nil)
        figures.remote = report(0.2)
        #expect(quality(figures, since: figures).sent == nil)
    }

    @Test func `a long way there and back costs both ways`() throws {
        var far = figures(received: 250, sent: 250)
        far.remote = report(0, roundTrip: .milliseconds(600))
        let quality = quality(far)
        #expect(quality.roundTrip == .milliseconds(600))
        #expect(try #require(quality.received).mos < 4)
        #expect(try #require(quality.sent).mos < 4)
    }

    @Test func `losses in a row are worse than the same losses spread`() throws {
        let spread = try #require(quality(figures(received: 240, lost: 10, gaps: 10)).received)
        let burst = try #require(quality(figures(received: 240, lost: 10, gaps: 1)).received)
        #expect(spread.loss == burst.loss && burst.mos < spread.mos)
    }

    @Test(arguments: [(Codec.pcmu, CodecImpairment.g711), (.g722, .g722), (.opus, .opus)])
    func `codecs are told apart`(codec: Codec, impairment: CodecImpairment) throws {
        #expect(CodecImpairment(codec) == impairment)
        let received = try #require(quality(figures(received: 245, lost: 5, gaps: 5), codec).received)
        let rating = EModel.rating(of: impairment, delay: .milliseconds(40), loss: 0.02)
        #expect(received.mos == EModel.meanOpinionScore(of: rating))
    }
}

extension MediaTests {
    struct LegFactsTests {
        @Test func `a leg tells when packets came and went, and from where`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1])
            _ = try #require(bob.receive())
            alice.send([2])
            _ = try #require(bob.receive())
            let (heard, told) = (try rig.statistics(of: first), try rig.statistics(of: second))
            #expect(try #require(heard.firstPacketAt) <= #require(heard.lastPacketAt))
            #expect(heard.firstSentAt == nil && told.firstPacketAt == nil)
            #expect(try #require(told.firstSentAt) <= #require(told.lastSentAt))
            #expect(heard.announcedAddress == alice.rtp.address && heard.remoteAddress == alice.rtp.address)
            #expect(told.announcedAddress == bob.rtp.address && told.remoteAddress == nil)
        }

        @Test func `strangers are remembered by address, the first few of them`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            for host in UInt32(0)..<6 {
                let stranger = try TestSocket(IPAddress(v4: 0x7F00_0A01 + host))
                for _ in 0...host { stranger.send([0x80, 0, 0, 1], to: phone.gateway) }
                let sent = UInt64((host + 1) * (host + 2) / 2)
                try rig.wait(.refused, toReach: sent, of: phone.id)
            }
            let refused = try rig.statistics(of: phone.id).refused
            #expect(refused.packets == 21)
            #expect(refused.sources.map(\.packets) == [1, 2, 3, 4])
            #expect(refused.sources.first?.address.ip == IPAddress(v4: 0x7F00_0A01))
        }

        @Test func `SRTP that does not open is told by why`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            try browser.connect()
            let sealed = try #require(browser.seal(browser.stream.next([1])))
            for _ in 0..<3 { browser.socket.send(sealed, to: browser.gateway) }
            var forged = try #require(browser.seal(browser.stream.next([2])))
            forged[forged.count - 1] ^= 1
            browser.socket.send(forged, to: browser.gateway)
            try rig.wait(.srtpFailures, toReach: 3, of: browser.id)
            let figures = try rig.statistics(of: browser.id)
            #expect(figures.srtpFailures.replayed == 2)
            #expect(figures.srtpFailures.authentication == 1)
            #expect(figures.srtpFailures.total == 3)
            let transport = try #require(figures.transport)
            #expect(transport.handshake == .connected && transport.selected == browser.socket.address)
        }

        @Test func `a stream that rests is reported as a receiver's`() throws {
            let (phone, control) = (try TestSocket(.loopbackIPv4), try TestSocket(.loopbackIPv4))
            var worker = try IdleWorker(expecting: phone.address, reportingTo: control.address)
            var stream = TestStream(ssrc: 1, sequence: 1, timestamp: 1)
            worker.play(.echo)
            phone.send(stream.next([1, 2, 3]), to: worker.gateway)
            worker.receive(times: 1)
            var types: [UInt8] = []
            for _ in 0..<3 {
                worker.report()
                types.append(try #require(control.receive())[1])
            }
            // One packet went out before the first; nothing since the report before the third.
            #expect(types == [RTCPPacket.senderReportType, RTCPPacket.senderReportType, RTCPPacket.receiverReportType])
        }
    }
}
