import RTP
import SDP
import Testing
import Wire

@testable import Media

extension MediaTests {
    struct SourceTests {
        @Test(arguments: [(Codec.pcmu, UInt8(0)), (.pcma, 8)])
        func `a caller of the milliwatt hears 1004 Hz at 0 dBm0, packet after packet`(
            codec: Codec, type: UInt8
        ) throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig, stream: audio(codec, type: type))
            try browser.connect()
            let id = browser.id
            rig.on { $0.play(.milliwatt, to: id) }
            var samples: [Double] = []
            var last: RTPHeader?
            for _ in 0..<25 {
                let packet = try #require(browser.receive())
                #expect(packet.header.payloadType == type)
                #expect(packet.payload.count == 160)
                if let last {
                    #expect(packet.header.sequenceNumber == last.sequenceNumber &+ 1)
                    #expect(packet.header.timestamp == last.timestamp &+ 160)
                }
                #expect(packet.header.marker == (last == nil))
                last = packet.header
                samples += packet.payload.map(codec == .pcmu ? Ear.muLaw : Ear.aLaw)
            }
            #expect(Ear.share(of: 1004, in: samples) > 0.99)
            #expect((15_500...16_700).contains(Ear.level(samples)))
        }

        @Test func `silence keeps a stream alive, and music follows it without a seam`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            rig.on { $0.play(.silence, to: id) }
            let quiet = try #require(phone.receive())
            #expect(quiet.payload == [UInt8](repeating: 0xFF, count: 160))
            rig.on { $0.play(.music, to: id) }
            var packet = try #require(phone.receive())
            var expected = quiet.header.sequenceNumber &+ 1
            while packet.payload.allSatisfy({ $0 == 0xFF }) {
                #expect(packet.header.sequenceNumber == expected)
                expected &+= 1
                packet = try #require(phone.receive())
            }
            #expect(packet.header.sequenceNumber == expected)
            #expect(packet.header.ssrc == quiet.header.ssrc)
        }

        @Test func `a source ends when the leg is bridged`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.play(.silence, to: second) }
            let before = try #require(bob.receive())
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1, 2])
            var next = before.header.sequenceNumber &+ 1
            var packet = try #require(bob.receive())
            while packet.payload != [1, 2] {
                #expect(packet.header.sequenceNumber == next)
                next &+= 1
                packet = try #require(bob.receive())
            }
            #expect(packet.header.sequenceNumber == next)
            #expect(bob.receive(milliseconds: 100) == nil)
        }

        @Test func `the delayed echo comes after three seconds, one stream from then on`() throws {
            let rig = try MediaRig()
            let phone = try Phone(rig)
            let id = phone.id
            rig.on { $0.play(.delay, to: id) }
            try rig.settle(id)
            let began = ContinuousClock.now
            for number in UInt8(1)...10 { phone.send([number, number]) }
            for number in UInt8(1)...10 { #expect(try #require(phone.receive()).payload == [number, number]) }
            let passed = ContinuousClock.now - began
            #expect(passed >= .seconds(3) && passed < .seconds(5))
        }

        @Test func `a codec we cannot make rests under music, with reports, and goes on without a seam`() throws {
            let (rig, clock) = (try MediaRig(), UInt32(8000))
            let stream = audio(Codec(encoding: "G729", clockRate: clock), type: 18, events: nil)
            let (alice, bob) = (try Phone(rig, stream: stream), try Phone(rig, stream: stream))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([1], step: clock / 50)
            alice.send([2], step: clock / 50)
            _ = try #require(bob.receive())
            let before = try #require(bob.receive())
            let paused = ContinuousClock.now
            rig.on { $0.play(.music, to: second) }
            try rig.settle(second)
            for number in UInt8(3)..<10 { alice.send([number], step: clock / 50) }
            // The report tells of our stream, whose clock has gone on.
            let report = try #require(bob.rtcp.receive())
            let (ssrc, time) = try #require(senderTime(report))
            #expect(ssrc == before.header.ssrc)
            #expect(Int32(bitPattern: time &- before.header.timestamp) >= 0)
            #expect(bob.receive(milliseconds: 0) == nil)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            let resumed = ContinuousClock.now
            alice.send([10], step: clock / 50)
            alice.send([11], step: clock / 50)
            let after = try #require(bob.receive())
            let next = try #require(bob.receive())
            #expect(after.payload == [10] && after.header.marker)
            #expect(after.header.ssrc == before.header.ssrc)
            #expect(after.header.sequenceNumber == before.header.sequenceNumber &+ 1)
            #expect(next.header.sequenceNumber == after.header.sequenceNumber &+ 1)
            #expect(next.header.timestamp == after.header.timestamp &+ clock / 50)
            // The pause is in the timestamps, so that the receiver's clock and ours still agree.
            let gap = Double(after.header.timestamp &- before.header.timestamp) / Double(clock)
            #expect(gap >= (resumed - paused) / .seconds(1) - 0.005)
            #expect(gap < 10)
        }

        @Test(arguments: [(AudioEncoding.opus, UInt8(111), UInt32(960)), (.g722, 9, 160)])
        func `who speaks Opus or G722 alone hears the milliwatt, packet after packet`(
            encoding: AudioEncoding, type: UInt8, step: UInt32
        ) throws {
            let rig = try MediaRig()
            let phone = try Phone(rig, stream: audio(encoding.codec, type: type, events: nil))
            let id = phone.id
            rig.on { $0.play(.milliwatt, to: id) }
            var decoder = try Decoder(encoding, .narrowband)
            var (samples, last): ([Double], RTPHeader?) = ([], nil)
            for _ in 0..<50 {
                let packet = try #require(phone.receive())
                #expect(packet.header.payloadType == type)
                if let last {
                    #expect(packet.header.sequenceNumber == last.sequenceNumber &+ 1)
                    #expect(packet.header.timestamp == last.timestamp &+ step)
                }
                last = packet.header
                samples += decoder.decode(packet.payload)
            }
            let settled = Array(samples.dropFirst(3200))
            #expect(Ear.share(of: 1004, in: settled) > 0.97)
            #expect((15_000...17_200).contains(Ear.level(settled)))
        }

        /// Whose sender report it is and the RTP time in it.
        private func senderTime(_ report: [UInt8]) -> (UInt32, UInt32)? {
            report.withUnsafeBytes { raw in
                var reader = RTCPReader(raw)
                while let next = reader.next() {
                    if case .senderReport(let ssrc, let information, _) = next {
                        return (ssrc, information.rtpTimestamp)
                    }
                }
                return nil
            }
        }
    }
}
