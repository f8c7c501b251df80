import CAllocations
import RTP
import Reactor
import SDP
import Synchronization
import Testing
import Wire

@testable import Media

extension MediaTests {
    struct AllocationTests {
        /// Packets each way.
        private static let packets = 50_000
        private static let burst = 25

        @Test(.enabled(if: allocations_are_counted() != 0))
        func `a hundred thousand relayed packets cost no allocation`() throws {
            let rig = try MediaRig()
            let browser = try BrowserPeer(rig)
            let phone = try Phone(rig)
            try browser.connect()
            let (first, second) = (browser.id, phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            let voice = [UInt8](repeating: 0x55, count: 160)
            try exchange(browser, phone, voice)
            allocations_watch("media-")
            for _ in 0..<Self.packets / Self.burst { try exchange(browser, phone, voice) }
            let allocations = allocations_stop()
            let figures = try rig.statistics(of: first)
            #expect(figures.packetsReceived + figures.packetsSent >= UInt64(2 * Self.packets))
            // Reports, connectivity checks and questions to the leg are no packets of a call and may allocate; there are
            // the more of them the longer a busy machine takes.
            #expect(allocations < UInt64(2 * Self.packets / 50))
            print("\(allocations) allocations on media threads in \(2 * Self.packets) packets")
        }

        @Test(.enabled(if: allocations_are_counted() != 0))
        func `packets between two phones with keys cost no allocation either`() throws {
            let rig = try MediaRig()
            let alice = try SecurePhone(rig, makeKeys(.aesCM128HMACSHA1_80, seed: 1))
            let bob = try SecurePhone(rig, makeKeys(.aeadAES256GCM, seed: 2))
            let (first, second) = (alice.phone.id, bob.phone.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            let voice = [UInt8](repeating: 0x55, count: 160)
            try exchange(alice, bob, voice)
            allocations_watch("media-")
            for _ in 0..<Self.packets / Self.burst / 5 { try exchange(alice, bob, voice) }
            let allocations = allocations_stop()
            let figures = try rig.statistics(of: first)
            #expect(figures.packetsReceived + figures.packetsSent >= UInt64(2 * Self.packets / 5))
            #expect(allocations < UInt64(2 * Self.packets / 5 / 50))
            print("\(allocations) allocations on media threads in \(2 * Self.packets / 5) packets under keys")
        }

        @Test(.enabled(if: allocations_are_counted() != 0), arguments: Pair.all)
        func `transcoded frames cost none`(pair: Pair) throws {
            let outcome = Mutex<(frames: UInt64, allocations: UInt64)?>(nil)
            PlainThread(name: "media-virtual") {
                outcome.withLock { $0 = try? Self.transcode(pair) }
            }.join()
            let (frames, allocations) = try #require(outcome.withLock { $0 })
            #expect(frames > 1400)
            // Each leg is looked after once a second, and reports: that may allocate.
            #expect(allocations < 100)
        }

        @Test(.enabled(if: allocations_are_counted() != 0), arguments: AudioEncoding.allCases)
        func `music and announcements cost none either`(encoding: AudioEncoding) throws {
            let outcome = Mutex<UInt64?>(nil)
            PlainThread(name: "media-virtual") {
                outcome.withLock { $0 = try? Self.listen(encoding) }
            }.join()
            #expect(try #require(outcome.withLock { $0 }) < 100)
        }

        @Test(.enabled(if: allocations_are_counted() != 0))
        func `nor do frames of a conference`() throws {
            let outcome = Mutex<UInt64?>(nil)
            PlainThread(name: "media-virtual") {
                outcome.withLock { $0 = try? Self.confer() }
            }.join()
            let allocations = try #require(outcome.withLock { $0 })
            // Reports of the four legs.
            #expect(allocations < 100)
        }

        @Test(.enabled(if: allocations_are_counted() != 0), arguments: AudioEncoding.allCases)
        func `nor does what an audio stream hears and says`(encoding: AudioEncoding) throws {
            let outcome = Mutex<UInt64?>(nil)
            PlainThread(name: "media-virtual") {
                outcome.withLock { $0 = try? Self.stream(encoding) }
            }.join()
            #expect(try #require(outcome.withLock { $0 }) < 100)
        }

        /// A quarter of a minute of a call whose parties are both on a stream, which speaks every other second.
        private static func stream(_ encoding: AudioEncoding) throws -> UInt64 {
            var talk = try VirtualTalk(encoding, encoding)
            let phone = talk.phones[0]
            let rings = talk.phones.map { _ in
                StreamRings(
                    id: AudioStreamID(rawValue: 1), rate: .wideband, heard: RecordingRing(), speech: RecordingRing())
            }
            for (phone, rings) in zip(talk.phones, rings) { talk.perform(.stream(phone.id, rings)) }
            let speech = Sounds.payloads(Sounds.speech(seconds: 15, rate: .wideband, seed: 2), encoding, .wideband)
            let (room, samples) = (
                UnsafeMutableRawBufferPointer.allocate(byteCount: 2000, alignment: 8),
                [Int16](repeating: 900, count: 320)
            )
            defer { room.deallocate() }
            let header = RTPHeader(marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0)
            var allocations: UInt64 = 0
            for (index, payload) in speech.enumerated() {
                let packet = phone.stream.next(
                    payload, type: encoding.payloadType, step: encoding.clockRate / 50)
                if index / 50 % 2 == 1 {
                    samples.withUnsafeBytes { rings[1].speech?.tap.write(header, $0, .pcmu, at: .zero) }
                }
                allocations_watch("media-virtual")
                talk.send(packet, from: phone)
                talk.advance(20)
                let count = allocations_stop()
                if index > 10 { allocations += count }
                guard let entry = rings[0].heard.front else { throw RigError.noAnswer }
                _ = rings[0].heard.take(entry, into: room)
                guard !talk.phones[1].take().isEmpty || index < 3 || index % 50 < 3 else { throw RigError.noAnswer }
            }
            return allocations
        }

        /// Four speak at once for a quarter of a minute.
        private static func confer() throws -> UInt64 {
            var conference = try VirtualConference(AudioEncoding.allCases)
            let phones = conference.phones
            let speech = phones.map { phone in
                Sounds.payloads(Sounds.speech(seconds: 15, rate: .wideband, seed: 2), phone.encoding, .wideband)
            }
            var allocations: UInt64 = 0
            for frame in speech[0].indices {
                let packets = phones.indices.map { conference.packet(speech[$0][frame], from: phones[$0]) }
                allocations_watch("media-virtual")
                for index in phones.indices { conference.send(packets[index], from: phones[index]) }
                conference.advance(20)
                let count = allocations_stop()
                if frame > 10 { allocations += count }
                for phone in phones where phone.take().isEmpty && frame > 10 { throw RigError.noAnswer }
            }
            return allocations
        }

        /// A quarter of a minute of music, and as much of an announcement over it.
        private static func listen(_ encoding: AudioEncoding) throws -> UInt64 {
            var talk = try VirtualTalk(.pcmu, encoding)
            let phone = talk.phones[1]
            talk.perform(.play(.music, phone.id))
            let sound = Sound(narrow: [Int16](repeating: 1000, count: 800))
            var allocations: UInt64 = 0
            for frame in 0..<1500 {
                if frame == 750 {
                    talk.perform(
                        .announce(Announcement(id: AnnouncementID(rawValue: 1), sound: sound, loops: true), phone.id))
                }
                allocations_watch("media-virtual")
                talk.advance(20)
                let count = allocations_stop()
                if frame > 10 { allocations += count }
                guard phone.take().count == 1 || frame < 2 else { throw RigError.noAnswer }
            }
            return allocations
        }

        /// Half a minute of a call, over a network that loses packets and delays them.
        private static func transcode(_ pair: Pair) throws -> (frames: UInt64, allocations: UInt64) {
            var talk = try VirtualTalk(pair.from, pair.to)
            var entropy = Entropy(seed: 3)
            let phone = talk.phones[0]
            let sound = Sounds.speech(seconds: 30, rate: pair.rate, seed: 2)
            let packets = Sounds.payloads(sound, pair.from, pair.rate).map {
                phone.stream.next($0, type: pair.from.payloadType, step: pair.from.clockRate / 50)
            }
            var allocations: UInt64 = 0
            for (index, packet) in packets.enumerated() {
                let isLost = Int.random(in: 0..<20, using: &entropy) == 0
                allocations_watch("media-virtual")
                if !isLost { talk.send(packet, from: phone) }
                talk.advance(20)
                let count = allocations_stop()
                if index > 10 { allocations += count }
                _ = talk.phones[1].take()
            }
            return (talk.value(.frames, pair.from, pair.to), allocations)
        }

        private func exchange(_ alice: SecurePhone, _ bob: SecurePhone, _ voice: [UInt8]) throws {
            for _ in 0..<Self.burst {
                alice.send(voice)
                bob.send(voice)
            }
            for _ in 0..<Self.burst {
                _ = try #require(alice.phone.rtp.receive())
                _ = try #require(bob.phone.rtp.receive())
            }
        }

        private func exchange(_ browser: BrowserPeer, _ phone: Phone, _ voice: [UInt8]) throws {
            for _ in 0..<Self.burst {
                browser.send(voice)
                phone.send(voice)
            }
            for _ in 0..<Self.burst {
                _ = try #require(phone.rtp.receive())
                _ = try #require(browser.receive())
            }
        }
    }
}
