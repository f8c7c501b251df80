import Media
import RTP
import SDP
import Testing
import Wire

@testable import Media

/// Digits as sound, apart from any leg.
struct ToneDetectorTests {
    private static let codecs = [LegFormats.Encoding.pcmu, .pcma, .g722]

    /// Every digit that began and ended in the audio.
    private func digits(in audio: [UInt8], _ encoding: LegFormats.Encoding, packet: Int = 160) throws -> [String] {
        let made = ToneDetector.make(encoding)
        guard let detector = made else { throw RigError.notConnected }
        var heard: [String] = []
        for start in stride(from: 0, to: audio.count, by: packet) {
            audio[start..<min(start + packet, audio.count)].withUnsafeBytes { bytes in
                var rest = bytes
                while let change = detector.hear(&rest) {
                    if let ended = change.ended, let digit = TelephoneEvent.digit(ended.code) {
                        heard.append("\(digit)")
                        #expect(abs(ended.milliseconds - 100) <= 30)
                    }
                }
            }
        }
        return heard
    }

    private func pressed(_ encoding: LegFormats.Encoding) throws -> [UInt8] {
        let tones = DigitTones()
        var audio: [UInt8] = []
        for code in UInt8(0)..<16 { audio += try #require(tones.frames(code, encoding)) }
        return audio
    }

    @Test(arguments: codecs, [40, 80, 160, 240, 480])
    func `all sixteen digits of ours are heard once, whatever a packet holds`(
        encoding: LegFormats.Encoding, packet: Int
    ) throws {
        let heard = try digits(in: try pressed(encoding), encoding, packet: packet)
        #expect(heard == "0123456789*#ABCD".map(String.init))
    }

    @Test(arguments: [0.9, 0.3, 0.08, 0.05])
    func `digits may be loud or faint`(gain: Double) throws {
        let samples = try pressed(.pcma).map { Double(Ear.aLaw($0)) * gain / 0.6 }
        let scaled = samples.map { G711.aLaw(Int16(max(-32_768, min(32_767, $0.rounded())))) }
        #expect(try digits(in: scaled, .pcma).count == 16)
    }

    @Test func `music, noise and a passing likeness are no digits`() throws {
        let library = SoundLibrary()
        let music = library.music.narrow.map(G711.aLaw)
        #expect(try digits(in: music, .pcma).isEmpty)
        let milliwatt = library.milliwatt.narrow.map(G711.aLaw)
        #expect(try digits(in: milliwatt + milliwatt, .pcma).isEmpty)
        var entropy = Entropy(seed: 7)
        let noise = (0..<80_000).map { _ in G711.aLaw(Int16.random(in: -8000...8000, using: &entropy)) }
        #expect(try digits(in: noise, .pcma).isEmpty)
        // 20 ms of each digit, as speech may have it.
        let tones = DigitTones()
        var short: [UInt8] = []
        for code in UInt8(0)..<16 {
            let frames = try #require(tones.frames(code, .pcma))
            short += frames[640..<800] + frames.prefix(640)
        }
        #expect(try digits(in: short, .pcma).isEmpty)
    }

    @Test func `voices of falling and rising pitch are no digits`() throws {
        var entropy = Entropy(seed: 8)
        var audio: [UInt8] = []
        var phases = [Double](repeating: 0, count: 24)
        for _ in 0..<400 {
            // A vowel of 100 ms: harmonics of one pitch, shaped by two random formants.
            let pitch = Double.random(in: 85...255, using: &entropy)
            let formants = [Double.random(in: 300...900, using: &entropy), .random(in: 900...2300, using: &entropy)]
            for index in 0..<800 {
                let glide = pitch * (1 + 0.1 * Double(index) / 800)
                var sample = 0.0
                for harmonic in 1...24 where glide * Double(harmonic) < 3500 {
                    let frequency = glide * Double(harmonic)
                    phases[harmonic - 1] += frequency / 8000
                    let nearest = formants.map { abs($0 - frequency) }.min() ?? 0
                    sample += Ear.sine(phases[harmonic - 1]) / (1 + nearest / 120)
                }
                audio.append(G711.aLaw(Int16(max(-32_000, min(32_000, sample * 3000)))))
            }
        }
        #expect(try digits(in: audio, .pcma).isEmpty)
    }
}

extension MediaTests {
    struct InBandDigitTests {
        private let tones = DigitTones()

        /// Plays digits into a leg as its phone would, 20 ms a packet without waiting.
        private func play(_ digits: String, on phone: Phone, _ encoding: LegFormats.Encoding = .pcmu) throws {
            for digit in digits {
                let code = try #require(TelephoneEvent.code(digit))
                let frames = try #require(tones.frames(code, encoding))
                for start in stride(from: 0, to: frames.count, by: 160) {
                    phone.send(Array(frames[start..<start + 160]))
                }
            }
        }

        private func told(_ rig: MediaRig, by id: MediaLegID) -> Character? {
            rig.event { if case .digit(id, let digit, _) = $0 { digit } else { nil } }
        }

        /// A phone without telephone-event whose digits are tones.
        private func makeToneOnly(_ rig: MediaRig, _ codec: Codec = .pcmu, type: UInt8 = 0) throws -> Phone {
            let phone = try Phone(rig, stream: audio(codec, type: type, events: nil))
            let id = phone.id
            rig.on { $0.setDTMF(.inBand, of: id) }
            try rig.settle(id)
            return phone
        }

        @Test(arguments: [(Codec.pcmu, UInt8(0), LegFormats.Encoding.pcmu), (.pcma, 8, .pcma), (.g722, 9, .g722)])
        func `tones are told, each once`(codec: Codec, type: UInt8, encoding: LegFormats.Encoding) throws {
            let rig = try MediaRig()
            let phone = try makeToneOnly(rig, codec, type: type)
            try play("7#", on: phone, encoding)
            #expect(told(rig, by: phone.id) == "7")
            #expect(told(rig, by: phone.id) == "#")
            try rig.settle(phone.id)
            #expect(!rig.hasHeard { if case .digit = $0 { true } else { false } })
        }

        @Test func `nobody listens to a leg that has telephone-event, or was not said to need it`() throws {
            let rig = try MediaRig()
            let (plain, events) = (try Phone(rig, stream: audio(events: nil)), try Phone(rig))
            let id = events.id
            rig.on { $0.setDTMF(.inBand, of: id) }
            try rig.settle(id)
            try play("1", on: plain)
            try play("1", on: events)
            try rig.wait(.sipPacketsReceived, toReach: 22, of: id)
            #expect(!rig.hasHeard { if case .digit = $0 { true } else { false } })
        }

        @Test func `a tone becomes a telephone-event for the other side, which does not hear it, too`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try makeToneOnly(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            try play("5", on: alice)
            alice.send([9, 9])
            #expect(told(rig, by: first) == "5")
            var receiver = TelephoneEventReceiver(clockRate: 8000)
            var events: [UInt8] = []
            var audioPackets = 0
            while events.isEmpty {
                let packet = try #require(bob.receive())
                guard packet.header.payloadType == 101 else {
                    audioPackets += 1
                    continue
                }
                let event = try #require(packet.payload.withUnsafeBytes { TelephoneEvent($0) })
                let told = receiver.receive(
                    event, timestamp: packet.header.timestamp, ssrc: packet.header.ssrc, at: .zero)
                if let digit = told.0 ?? told.1 { events.append(digit.code) }
            }
            #expect(events == [5])
            // Of its eleven frames those before it was recognised and those after it had ended.
            #expect(audioPackets <= 8)
        }

        @Test func `a telephone-event becomes a tone for the other side`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try makeToneOnly(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            alice.send([UInt8](repeating: 0xFF, count: 160))
            _ = try #require(bob.receive())
            var payload = [UInt8](repeating: 0, count: TelephoneEvent.size)
            payload.withUnsafeMutableBytes { TelephoneEvent(code: 8, isEnd: true, duration: 800).write(to: $0, at: 0) }
            for _ in 0..<3 { alice.send(payload, type: 101, step: 0) }
            #expect(told(rig, by: first) == "8")
            var heard: [UInt8] = []
            for _ in 0..<DigitTones.framesPerDigit {
                let packet = try #require(bob.receive())
                #expect(packet.header.payloadType == 0)
                heard += packet.payload
            }
            #expect(heard == tones.frames(8, .pcmu))
            var after: SeenPacket?
            while after == nil {
                alice.send([1, 2, 3])
                after = bob.receive(milliseconds: 20)
            }
            #expect(after?.payload == [1, 2, 3])
        }

        @Test func `tones pass untouched between two that have nothing else`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try makeToneOnly(rig), try makeToneOnly(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            try play("3", on: alice)
            var heard: [UInt8] = []
            for _ in 0..<DigitTones.framesPerDigit { heard += try #require(bob.receive()).payload }
            #expect(heard == tones.frames(3, .pcmu))
            #expect(told(rig, by: first) == "3")
            #expect(bob.receive(milliseconds: 60) == nil)
        }

        @Test func `a side that is told by INFO gets neither tones nor telephone-events`() throws {
            let rig = try MediaRig()
            let (alice, bob) = (try Phone(rig), try Phone(rig))
            let (first, second) = (alice.id, bob.id)
            rig.on {
                $0.setDTMF(.none, of: second)
                $0.bridge(first, second)
            }
            try rig.settle(first)
            var payload = [UInt8](repeating: 0, count: TelephoneEvent.size)
            payload.withUnsafeMutableBytes { TelephoneEvent(code: 8, isEnd: true, duration: 800).write(to: $0, at: 0) }
            alice.send(payload, type: 101, step: 0)
            #expect(told(rig, by: first) == "8")
            rig.on { $0.sendDigits("1", to: second) }
            alice.send([1, 2, 3])
            #expect(try #require(bob.receive()).payload == [1, 2, 3])
            #expect(bob.receive(milliseconds: 60) == nil)
        }

        @Test func `digits for a peer without telephone-event are played to it`() throws {
            let rig = try MediaRig()
            let phone = try makeToneOnly(rig)
            let id = phone.id
            rig.on { $0.sendDigits("4*", to: id) }
            var heard: [UInt8] = []
            for _ in 0..<2 * DigitTones.framesPerDigit { heard += try #require(phone.receive()).payload }
            #expect(heard == (tones.frames(4, .pcmu) ?? []) + (tones.frames(10, .pcmu) ?? []))
        }

        @Test func `a telephone-event in a clock the other side has not is made anew in its own`() throws {
            let rig = try MediaRig()
            let other = NegotiatedAudio(
                codec: .opus, sendPayloadType: 111, receivePayloadType: 111,
                telephoneEvent: NegotiatedTelephoneEvent(sendPayloadType: 101, receivePayloadType: 101, clockRate: 8000)
            )
            let alice = try Phone(rig, stream: audio(.opus, type: 111, events: 110))
            let bob = try Phone(rig, stream: other)
            let (first, second) = (alice.id, bob.id)
            rig.on { $0.bridge(first, second) }
            try rig.settle(first)
            var payload = [UInt8](repeating: 0, count: TelephoneEvent.size)
            payload.withUnsafeMutableBytes { TelephoneEvent(code: 2, isEnd: true, duration: 4800).write(to: $0, at: 0) }
            alice.send(payload, type: 110, step: 0)
            let packet = try #require(bob.receive())
            #expect(packet.header.payloadType == 101)
            let event = try #require(packet.payload.withUnsafeBytes { TelephoneEvent($0) })
            #expect(event.code == 2 && event.duration == 160)
        }
    }
}
