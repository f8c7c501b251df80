import CAllocations
import Glibc
import RTP
import SDP
import Testing
import Wire

@testable import Media

/// 160 bytes that tell which packet they are.
private func mark(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 160) }

extension MediaTests {
    /// Legs of two workers; those of an odd call number are on the second.
    struct TieLineTests {
        private let rig: MediaRig

        init() throws { rig = try MediaRig { $0.workers = 2 } }

        private func bridge(_ first: MediaLegID, _ second: MediaLegID) throws {
            rig.on { $0.bridge(first, second) }
            try settle([first, second])
        }

        private func settle(_ legs: [MediaLegID]) throws { for leg in legs { try rig.settle(leg) } }

        private func converse(_ alice: Phone, _ bob: Phone, packets: Int = 50) throws {
            for number in 0..<packets {
                alice.send(mark(number))
                let heard = try #require(bob.receive())
                #expect(heard.payload == mark(number))
                bob.send(mark(number + 100))
                let answer = try #require(alice.receive())
                #expect(answer.payload == mark(number + 100))
            }
        }

        @Test func `two phones on different workers hear each other, untouched and under our identity`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1))
            try bridge(alice.id, bob.id)
            try converse(alice, bob)
            let figures = [try rig.statistics(of: alice.id), try rig.statistics(of: bob.id)]
            #expect(figures.allSatisfy { $0.packetsReceived == 50 && $0.packetsSent == 50 && $0.packetsLost == 0 })
            #expect(rig.plane.counter(.sipLegs) == [1, 1])
            #expect(rig.counter(.sendFailures) == 0)
        }

        @Test func `numbers and timestamps go on as the sender's do`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1))
            try bridge(alice.id, bob.id)
            var last: RTPHeader?
            for number in 0..<20 {
                if number == 10 { _ = alice.stream.next(mark(0)) }
                alice.send(mark(number))
                let heard = try #require(bob.receive()).header
                #expect(heard.marker == (number == 0))
                if let last {
                    let lost: UInt16 = number == 10 ? 1 : 0
                    #expect(heard.sequenceNumber == last.sequenceNumber &+ 1 &+ lost && heard.ssrc == last.ssrc)
                    #expect(heard.timestamp == last.timestamp &+ 160 &* UInt32(1 + lost))
                }
                last = heard
            }
        }

        @Test func `a browser on one worker and a phone on another hear each other`() throws {
            let browser = try BrowserPeer(rig)
            let phone = try Phone(rig, call: 0)
            try browser.connect()
            try bridge(browser.id, phone.id)
            for number in 0..<20 {
                browser.send(mark(number))
                #expect(try #require(phone.receive()).payload == mark(number))
                phone.send(mark(number + 50))
                #expect(try #require(browser.receive()).payload == mark(number + 50))
            }
        }

        @Test func `what is bridged before it is described, and described anew afterwards, is heard`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1))
            try bridge(alice.id, bob.id)
            alice.describe(audio(type: 0, events: nil, direction: .recvonly))
            try settle([alice.id, bob.id])
            alice.send(mark(1))
            bob.send(mark(2))
            alice.describe(audio(type: 0, events: nil))
            try settle([alice.id, bob.id])
            bob.send(mark(3))
            #expect(try #require(alice.receive()).payload == mark(3))
        }

        @Test(arguments: [true, false])
        func `different codecs are transcoded once, on one of the two workers`(isFirst: Bool) throws {
            let alice = try Phone(rig, call: isFirst ? 0 : 1)
            let bob = try Phone(rig, call: isFirst ? 1 : 0, stream: audio(.pcma, type: 8))
            try bridge(alice.id, bob.id)
            let transcoders = rig.on { plane in
                plane.transcoding(.transcoders).reduce(0) { $0 + $1.value }
            }
            #expect(transcoders == 2)
            var heard: [Double] = []
            // Both are paced by what the worker makes each 20 ms.
            for number in 0..<60 {
                alice.send(tone(500, frame: number))
                bob.send([UInt8](repeating: 0xD5, count: 160))
                let packet = try #require(bob.receive())
                #expect(packet.header.payloadType == 8)
                heard += packet.payload.map(Ear.aLaw)
            }
            #expect(Ear.share(of: 500, in: Array(heard.dropFirst(4000))) > 0.95)
        }

        @Test func `a digit is told once, of the leg it was pressed on, and relayed`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1, stream: audio(events: 96)))
            try bridge(alice.id, bob.id)
            press(5, on: alice)
            for _ in 0..<8 { #expect(try #require(bob.receive()).header.payloadType == 96) }
            #expect(rig.hears(.digit(alice.id, "5", milliseconds: 100)))
            try settle([alice.id, bob.id])
            #expect(!rig.hasHeard { if case .digit = $0 { true } else { false } })
        }

        @Test func `a leg that takes digits as tones alone hears them across workers`() throws {
            let alice = try Phone(rig, call: 0)
            let bob = try Phone(rig, call: 1, stream: audio(events: nil))
            let id = bob.id
            rig.on { $0.setDTMF(.inBand, of: id) }
            try bridge(alice.id, bob.id)
            press(1, on: alice)
            var heard: [Double] = []
            for _ in 0..<9 { heard += try #require(bob.receive()).payload.map(Ear.muLaw) }
            // A pause comes first.
            let tone = Array(heard.dropFirst(4 * 160))
            #expect(Ear.share(of: 697, in: tone) + Ear.share(of: 1209, in: tone) > 0.9)
        }

        @Test func `whoever is parted is heard no more, and can be joined with others`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1))
            let carol = try Phone(rig, call: 0)
            try bridge(alice.id, bob.id)
            try converse(alice, bob, packets: 5)
            let id = bob.id
            rig.on { $0.unbridge(id) }
            try settle([alice.id, bob.id])
            alice.send(mark(1))
            try rig.wait(.sipPacketsReceived, toReach: 11, of: alice.id)
            try bridge(alice.id, carol.id)
            try converse(alice, carol, packets: 5)
            try bridge(carol.id, bob.id)
            // What alice said meanwhile has not reached bob.
            try converse(carol, bob, packets: 5)
            let first = alice.id
            rig.on { $0.close(first) }
            try converse(bob, carol, packets: 5)
        }

        @Test func `a leg that is closed leaves nothing behind`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1))
            let carol = try Phone(rig, call: 0)
            try bridge(alice.id, bob.id)
            try converse(alice, bob, packets: 5)
            #expect(rig.plane.counter(.standIns) == [1, 1])
            try bridge(alice.id, carol.id)
            try settle([alice.id, bob.id])
            #expect(rig.plane.counter(.standIns) == [0, 0])
            try confer([alice, bob, carol])
            #expect(rig.plane.counter(.standIns) == [1, 1])
            let third = carol.id
            rig.on { $0.close(third) }
            for id in [alice.id, bob.id] { rig.on { $0.close(id) } }
            for id in [alice.id, bob.id, carol.id] {
                let isClosed: Bool? = rig.event { if case .closed(id, _) = $0 { true } else { nil } }
                #expect(isClosed == true)
            }
            #expect(!rig.hasHeard { if case .closed = $0 { true } else { false } })
            #expect(rig.counter(.sipLegs) == 0 && rig.counter(.standIns) == 0)
            let isForgotten = rig.on { $0.tieLines.isEmpty }
            #expect(isForgotten)
        }

        @Test func `two of a conference on different workers are relayed, untouched`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1))
            try confer([alice, bob])
            // Whoever came first heard music until then.
            while alice.receive(milliseconds: 100) != nil {}
            try converse(alice, bob, packets: 10)
            #expect(rig.counter(.conferences) == 1 && rig.counter(.conferenceLegs) == 2)
        }

        @Test func `of three on two workers, each hears the other two and not itself`() throws {
            let phones = [try Phone(rig, call: 0), try Phone(rig, call: 1), try Phone(rig, call: 1)]
            try confer(phones)
            let frequencies = [500.0, 900, 1300]
            var heard = [[Double]](repeating: [], count: 3)
            for number in 0..<100 {
                for (phone, frequency) in zip(phones, frequencies) { phone.send(tone(frequency, frame: number)) }
                for index in phones.indices {
                    heard[index] += try #require(phones[index].receive()).payload.map(Ear.muLaw)
                }
            }
            for listener in phones.indices {
                let steady = Array(heard[listener].dropFirst(8000))
                for speaker in phones.indices {
                    let share = Ear.share(of: frequencies[speaker], in: steady)
                    #expect(speaker == listener ? share < 0.02 : share > 0.3, "\(listener) of \(speaker): \(share)")
                }
            }
            let speakers = try phones.map { phone in
                try #require(rig.event { if case .speaking(phone.id, true) = $0 { phone.id } else { nil } })
            }
            #expect(speakers == phones.map(\.id))
            let left = phones[0].id
            rig.on { $0.unbridge(left) }
            try settle(phones.map(\.id))
            while phones[1].receive(milliseconds: 60) != nil {}
            while phones[2].receive(milliseconds: 60) != nil {}
            try converse(phones[1], phones[2], packets: 5)
        }

        @Test(.enabled(if: allocations_are_counted() != 0))
        func `packets that cross workers cost no allocation either`() throws {
            let (alice, bob) = (try Phone(rig, call: 0), try Phone(rig, call: 1))
            try bridge(alice.id, bob.id)
            try converse(alice, bob, packets: 10)
            let rounds = 2000
            allocations_watch("media-")
            for _ in 0..<rounds {
                alice.send(mark(1))
                bob.send(mark(2))
                guard alice.receive() != nil, bob.receive() != nil else { throw RigError.noAnswer }
            }
            let allocations = allocations_stop()
            #expect(allocations < UInt64(2 * rounds / 50))
        }

        private func confer(_ phones: [Phone]) throws {
            let conference = ConferenceID(rawValue: 1)
            for phone in phones {
                let id = phone.id
                rig.on { $0.confer(id, in: conference) }
            }
            try settle(phones.map(\.id))
        }

        /// The eight packets of a pressed digit.
        private func press(_ code: UInt8, on phone: Phone) {
            for packet in 0..<8 {
                let event = TelephoneEvent(code: code, isEnd: packet > 4, duration: UInt16(min(packet + 1, 5)) * 160)
                var payload = [UInt8](repeating: 0, count: TelephoneEvent.size)
                payload.withUnsafeMutableBytes { event.write(to: $0, at: 0) }
                phone.send(payload, marker: packet == 0, type: 101, step: packet == 0 ? 160 : 0)
            }
        }

        /// 20 ms of a tone in PCMU.
        private func tone(_ frequency: Double, frame: Int) -> [UInt8] {
            (0..<160).map { index in
                let sample = 6000 * sin(2 * Double.pi * frequency * Double(frame * 160 + index) / 8000)
                return G711.muLaw(Int16(sample))
            }
        }
    }
}
