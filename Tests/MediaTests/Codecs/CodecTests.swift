import COpus
import Testing
import Wire

@testable import Media

struct CodecTests {
    @Test(arguments: AudioEncoding.allCases, SampleRate.allCases)
    func `a tone keeps its level and frequency through every codec at every rate`(
        encoding: AudioEncoding, rate: SampleRate
    ) throws {
        for frequency in [440.0, 1004, 2500] {
            let sound = Sounds.tone(frequency, seconds: 1, rate: rate)
            var decoder = try Decoder(encoding, rate)
            let heard = decoder.hear(Sounds.payloads(sound, encoding, rate)).dropFirst(rate.rawValue / 5)
            #expect(abs(Ear.decibels(Array(heard), over: sound.map(Double.init))) < 1)
            let found = Ear.frequency(Array(heard), rate: Double(rate.rawValue))
            #expect(abs(found / frequency - 1) < 0.01)
            #expect(Ear.longestGap(Array(heard), rate: Double(rate.rawValue)) == 0)
        }
    }

    @Test(arguments: [AudioEncoding.pcmu, .pcma])
    func `a tone keeps its level from a telephone to Opus`(encoding: AudioEncoding) throws {
        let rate = SampleRate.narrowband
        for frequency in [440.0, 1004, 2500] {
            let sound = Sounds.tone(frequency, seconds: 2, rate: rate)
            var telephone = try Decoder(encoding, rate)
            // The noise of the first codec is more than the second one would like to spend bits on.
            let once = telephone.hear(Sounds.payloads(sound, encoding, rate)).map { Int16($0) }
            var decoder = try Decoder(.opus, rate)
            let twice = decoder.hear(Sounds.payloads(once, .opus, rate)).dropFirst(rate.rawValue / 5)
            #expect(abs(Ear.decibels(Array(twice), over: sound.map(Double.init))) < 1)
        }
    }

    @Test(arguments: AudioEncoding.allCases)
    func `speech keeps its level`(encoding: AudioEncoding) throws {
        let rate = SampleRate.wideband
        let sound = Sounds.speech(seconds: 3, rate: rate, seed: 11)
        var decoder = try Decoder(encoding, rate)
        let heard = decoder.hear(Sounds.payloads(sound, encoding, rate))
        #expect(abs(Ear.decibels(heard, over: sound.map(Double.init))) < 1)
    }

    @Test(arguments: AudioEncoding.allCases, SampleRate.allCases)
    func `a packet in twenty may be lost without a gap`(encoding: AudioEncoding, rate: SampleRate) throws {
        let seed = UInt64.random(in: 1...(.max))
        print("losses, seed \(seed)")
        var entropy = Entropy(seed: seed)
        let sound = Sounds.tone(700, seconds: 4, rate: rate)
        let payloads: [[UInt8]?] = Sounds.payloads(sound, encoding, rate).enumerated().map { index, payload in
            index > 5 && Int.random(in: 0..<20, using: &entropy) == 0 ? nil : payload
        }
        var decoder = try Decoder(encoding, rate)
        let heard = Array(decoder.hear(payloads).dropFirst(rate.rawValue / 5))
        #expect(Ear.longestGap(heard, rate: Double(rate.rawValue)) <= 100)
        #expect(abs(Ear.frequency(heard, rate: Double(rate.rawValue)) / 700 - 1) < 0.01)
        #expect(abs(Ear.decibels(heard, over: sound.map(Double.init))) < 1.5)
    }

    @Test(arguments: [AudioEncoding.pcmu, .pcma, .g722])
    func `what stays away fades to silence, and begins again without a click`(encoding: AudioEncoding) throws {
        let rate = SampleRate.wideband
        let payloads = Sounds.payloads(Sounds.tone(500, seconds: 1, rate: rate), encoding, rate)
        var decoder = try Decoder(encoding, rate)
        for payload in payloads.prefix(20) { _ = decoder.decode(payload) }
        let levels = (0..<6).map { _ in Ear.level(decoder.conceal()) }
        #expect(levels[0] > 3000)
        #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 >= $1 })
        #expect(levels[4] == 0)
        let again = decoder.decode(payloads[20])
        #expect(abs(again[0]) < 500)
        #expect(Ear.level(decoder.decode(payloads[21])) > 3000)
    }

    @Test(arguments: [AudioEncoding.pcmu, .g722])
    func `a loss sounds alike at every rate`(encoding: AudioEncoding) throws {
        let native = encoding.nativeRate(wanted: .narrowband)
        let payloads = Sounds.payloads(Sounds.tone(500, seconds: 1, rate: native), encoding, native)
        let lossy: [[UInt8]?] = payloads.enumerated().map { index, payload in index % 15 == 14 ? nil : payload }
        var original = try Decoder(encoding, native)
        let whole = original.hear(lossy).map { Int16($0) }
        for rate in SampleRate.allCases where rate != native {
            guard let resampler = Resampler.make(from: native, to: rate) else { throw RigError.noAnswer }
            var expected: [Double] = []
            for frame in Sounds.frames(whole, native) {
                var output = [Int16](repeating: 0, count: rate.longestPacket)
                let made = frame.withUnsafeBufferPointer { samples in
                    output.withUnsafeMutableBufferPointer { resampler.process(samples, into: $0) }
                }
                expected += output[..<made].map(Double.init)
            }
            var decoder = try Decoder(encoding, rate)
            #expect(decoder.hear(lossy) == expected)
        }
    }

    @Test func `the redundancy of Opus brings back what concealment cannot know`() throws {
        let rate = SampleRate.wideband
        let payloads = Sounds.payloads(Sounds.speech(seconds: 3, rate: rate, seed: 5), .opus, rate)
        // Each word is ten frames long: its beginning cannot be guessed from the one before.
        var (redundant, guessed) = (0.0, 0.0)
        for lost in stride(from: 51, to: 140, by: 10) {
            var whole = try Decoder(.opus, rate)
            let truth = payloads[...lost].map { whole.decode($0) }[lost]
            for next in [payloads[lost + 1], nil] {
                var decoder = try Decoder(.opus, rate)
                for payload in payloads[..<lost] { _ = decoder.decode(payload) }
                let error = Ear.level(zip(decoder.conceal(before: next), truth).map { $0 - $1 })
                if next == nil { guessed += error } else { redundant += error }
            }
        }
        #expect(redundant < guessed * 0.8)
    }

    @Test(arguments: AudioEncoding.allCases, SampleRate.allCases)
    func `no payload upsets a decoder`(encoding: AudioEncoding, rate: SampleRate) throws {
        let seed = UInt64.random(in: 1...(.max))
        print("hostile payloads, seed \(seed)")
        var entropy = Entropy(seed: seed)
        var decoder = try Decoder(encoding, rate)
        let good = Sounds.payloads(Sounds.tone(600, seconds: 1, rate: rate), encoding, rate)
        for round in 0..<3000 {
            var payload = entropy.bytes(Int.random(in: 0...1500, using: &entropy))
            // Cut short, or with another table of contents.
            if round % 3 == 0, let kept = good.randomElement(using: &entropy) {
                payload = Array(kept.prefix(Int.random(in: 0...kept.count, using: &entropy)))
            } else if round % 3 == 1, var changed = good.randomElement(using: &entropy), !changed.isEmpty {
                changed[0] = UInt8.random(in: 0...255, using: &entropy)
                payload = changed
            }
            #expect(decoder.decode(payload).count <= rate.longestPacket)
            #expect(decoder.conceal(before: payload.isEmpty ? nil : payload).count == rate.samplesPerFrame)
            let lasts = payload.withUnsafeBytes { encoding.duration(of: $0) } ?? 0
            #expect(lasts <= encoding.clockRate * 120 / 1000)
        }
        let heard = good.flatMap { decoder.decode($0) }
        #expect(Ear.level(heard.suffix(rate.rawValue / 2)) > 4000)
    }

    @Test(arguments: [AudioEncoding.pcmu, .g722, .opus], SampleRate.allCases)
    func `comfort noise has the level that was described, until speech comes`(
        encoding: AudioEncoding, rate: SampleRate
    ) throws {
        var decoder = try Decoder(encoding, rate)
        decoder.startNoise([40, 3, 7])
        let noise = (0..<50).flatMap { _ in decoder.conceal() }
        #expect(abs(20 * Ear.decimalLogarithm(Ear.level(noise) / 32_768) + 40) < 1)
        for payload in Sounds.payloads([Int16](repeating: 0, count: rate.rawValue / 5), encoding, rate) {
            _ = decoder.decode(payload)
        }
        #expect(Ear.level(decoder.conceal()) < 20)
    }

    @Test func `a browser's stereo is heard in one ear, its pauses included`() throws {
        let rate = Int32(48_000)
        let encoder = try #require(opus_encoder_create(rate, 2, OPUS_APPLICATION_AUDIO, nil))
        defer { opus_encoder_destroy(encoder) }
        _ = tandem_opus_encoder_set(encoder, OPUS_SET_DTX_REQUEST, 1)
        let tone = Sounds.tone(800, seconds: 1, rate: .fullband)
        var decoder = try Decoder(.opus, .narrowband)
        var heard: [Double] = []
        for frame in Sounds.frames(tone, .fullband) {
            var payload = [UInt8](repeating: 0, count: 1275)
            let both = frame.flatMap { [$0, $0] }
            let length = opus_encode(encoder, both, 960, &payload, 1275)
            heard += decoder.decode(Array(payload[..<Int(length)]))
        }
        #expect(heard.count == 8000)
        #expect(abs(Ear.decibels(Array(heard.dropFirst(800)), over: tone.map(Double.init))) < 1)
        #expect(abs(Ear.frequency(Array(heard.dropFirst(800))) / 800 - 1) < 0.01)
        // A packet of a pause is its table of contents alone.
        #expect(decoder.decode([0x0C]).count == 160)
    }
}
