import Testing
import Wire

@testable import Media

struct SoundTests {
    /// What somebody hears of a sound in an encoding, at 8000 or 16,000 Hz.
    private func hear(
        _ sound: Sound, _ encoding: AudioEncoding, frames: Int, loops: Bool = true, rate: SampleRate = .narrowband
    ) throws -> [Double] {
        var player = SoundPlayer(sound, loops: loops)
        player.tune(to: encoding)
        var decoder = try Decoder(encoding, rate)
        var heard: [Double] = []
        for _ in 0..<frames { heard += decoder.decode(player.next()) }
        return heard
    }

    @Test(arguments: AudioEncoding.allCases)
    func `the milliwatt is 1004 Hz at 0 dBm0 in every codec, without a click at its seam`(
        encoding: AudioEncoding
    ) throws {
        let heard = try hear(SoundLibrary().milliwatt, encoding, frames: 150)
        // Codecs need some time to find their way.
        let samples = Array(heard.dropFirst(8000))
        #expect(samples.count == 16_000)
        #expect(Ear.share(of: 1004, in: samples) > (encoding == .opus ? 0.96 : 0.999))
        let decibels = 20 * Ear.decimalLogarithm(Ear.level(samples) / (22_740 / 2.0.squareRoot()))
        #expect(abs(decibels) < (encoding == .opus ? 0.5 : 0.1))
    }

    @Test(arguments: AudioEncoding.allCases)
    func `the music is at −16 dBm0 in every codec and never clips`(encoding: AudioEncoding) throws {
        let samples = try hear(SoundLibrary().music, encoding, frames: 800)
        let decibels = 20 * Ear.decimalLogarithm(Ear.level(samples) / (22_740 / 2.0.squareRoot()))
        #expect(abs(decibels + 16) < 1)
        #expect(samples.allSatisfy { abs($0) < 31_000 })
        // No second of it is silent.
        for start in stride(from: 0, to: samples.count, by: 8000) {
            #expect(Ear.level(Array(samples[start..<start + 8000])) > 500)
        }
    }

    @Test func `silence is silence`() throws {
        for encoding in AudioEncoding.allCases {
            #expect(Ear.level(try hear(SoundLibrary().silence, encoding, frames: 50)) < 10)
        }
        var player = SoundPlayer(SoundLibrary().silence, loops: true)
        player.tune(to: .pcma)
        let payload = player.next()
        #expect(payload == [UInt8](repeating: 0xD5, count: 160))
    }

    @Test(arguments: [AudioEncoding.g722, .opus])
    func `wideband sound is heard in its whole width where the codec carries it`(encoding: AudioEncoding) throws {
        let high = Sounds.tone(5000, seconds: 1, rate: .wideband)
        let sound = Sound(narrow: [Int16](repeating: 0, count: 8000), wide: high)
        let wide = Array(try hear(sound, encoding, frames: 100, rate: .wideband).dropFirst(8000))
        #expect(Ear.share(of: 5000, in: wide, rate: 16_000) > 0.9)
        #expect(Ear.level(try hear(sound, .pcmu, frames: 50)) < 10)
    }

    @Test func `a sound that does not go round ends, padded to whole packets, and silence follows`() {
        var player = SoundPlayer(Sound(narrow: [Int16](repeating: 8000, count: 400)), loops: false)
        player.tune(to: .pcmu)
        var frames: [[Double]] = []
        while !player.isOver { frames.append(player.next().map(Ear.muLaw)) }
        #expect(frames.count == 3)
        #expect(frames[1].allSatisfy { $0 > 7000 })
        #expect(frames[2][..<80].allSatisfy { $0 > 7000 } && frames[2][80...].allSatisfy { $0 == 0 })
    }

    @Test func `what goes round goes on in the middle of a packet`() {
        var player = SoundPlayer(Sound(narrow: (0..<100).map { Int16($0 * 100) }), loops: true)
        player.tune(to: .pcma)
        var heard: [Double] = []
        for _ in 0..<5 { heard += player.next().map(Ear.aLaw) }
        let isOver = player.isOver
        #expect(!isOver)
        for (index, sample) in heard.enumerated() {
            #expect(abs(sample - Double(index % 100) * 100) < 300)
        }
    }

    @Test func `another codec goes on where the first one was`() throws {
        let sound = Sound(narrow: Sounds.tone(400, seconds: 1, rate: .narrowband) + [Int16](repeating: 0, count: 8000))
        var player = SoundPlayer(sound, loops: false)
        player.tune(to: .pcmu)
        for _ in 0..<40 { _ = player.next() }
        player.tune(to: .opus)
        var decoder = try Decoder(.opus, .narrowband)
        var heard: [Double] = []
        for _ in 0..<40 { heard += decoder.decode(player.next()) }
        // 200 ms of the tone were left.
        #expect(Ear.level(Array(heard[400..<1500])) > 4000)
        #expect(Ear.level(Array(heard[2400...])) < 50)
    }

    @Test func `a codec that can only be carried gets nothing, and time passes`() {
        var player = SoundPlayer(Sound(narrow: [Int16](repeating: 1, count: 320)), loops: false)
        player.tune(to: nil)
        let payload = player.next()
        player.advance()
        let isOver = player.isOver
        #expect(payload.isEmpty && isOver)
    }
}

extension SoundPlayer {
    /// The next payload.
    mutating func next() -> [UInt8] {
        var payload = [UInt8](repeating: 0, count: AudioEncoder.longestPayload)
        let length = payload.withUnsafeMutableBytes { makeFrame(into: $0) }
        return Array(payload[..<length])
    }
}
