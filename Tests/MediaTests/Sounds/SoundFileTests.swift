import Foundation
import Reactor
import Testing
import Wire

@testable import Media

/// Files as others write them, byte by byte.
struct WaveFile {
    enum Format: UInt16, CaseIterable {
        case linear = 1
        case aLaw = 6
        case muLaw = 7
    }

    static func bytes(_ channels: [[Int16]], rate: Int, _ format: Format = .linear) -> [UInt8] {
        let width = format == .linear ? 2 : 1
        var data: [UInt8] = []
        for index in channels[0].indices {
            for channel in channels {
                switch format {
                case .linear: data += little(UInt16(bitPattern: channel[index]))
                case .aLaw: data.append(G711.aLaw(channel[index]))
                case .muLaw: data.append(G711.muLaw(channel[index]))
                }
            }
        }
        let frame = channels.count * width
        let header =
            little(format.rawValue) + little(UInt16(channels.count)) + little(UInt32(rate))
            + little(UInt32(rate * frame)) + little(UInt16(frame)) + little(UInt16(8 * width))
        let body =
            Array("WAVEfmt ".utf8) + little(UInt32(header.count)) + header + Array("data".utf8)
            + little(UInt32(data.count)) + data
        return Array("RIFF".utf8) + little(UInt32(body.count)) + body
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian, Array.init)
    }
}

/// A folder that goes with the test.
final class SoundFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("sounds-\(Foundation.UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func link(_ name: String, to other: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: other)
    }
}

extension Sound {
    /// Copies: a sound's memory lives as long as the sound.
    var heardNarrow: [Double] { narrow.map(Double.init) }
    var heardWide: [Double] { wide.map { $0.map(Double.init) } ?? [] }
}

struct SoundFileTests {
    private func sine(_ frequency: Double, rate: Int, seconds: Double = 1) -> [Int16] {
        (0..<Int(seconds * Double(rate))).map {
            Int16(8000 * Ear.sine(frequency * Double($0) / Double(rate)))
        }
    }

    @Test(arguments: WaveFile.Format.allCases, [8000, 11_025, 16_000, 44_100, 48_000])
    func `files of every form and rate keep their pitch, level and length`(
        format: WaveFile.Format, rate: Int
    ) throws {
        let folder = try SoundFolder()
        let tone = sine(1000, rate: rate)
        try folder.write("tone.wav", WaveFile.bytes([tone], rate: rate, format))
        let sound = try HoldMusicFiles.load("\(folder.path)/tone.wav")
        let narrow = sound.heardNarrow
        #expect(abs(narrow.count - 8000) <= 1)
        #expect(Ear.share(of: 1000, in: narrow) > 0.99)
        #expect(abs(Ear.decibels(narrow, over: tone.map(Double.init))) < 0.2)
        #expect((sound.wide == nil) == (rate == 8000))
        guard rate > 8000 else { return }
        let wide = sound.heardWide
        #expect(wide.count == 2 * narrow.count)
        #expect(Ear.share(of: 1000, in: wide, rate: 16_000) > 0.99)
    }

    @Test func `stereo is mixed, and what is too high for a rate does not fold down`() throws {
        let folder = try SoundFolder()
        let channels = [sine(500, rate: 48_000), sine(6000, rate: 48_000)]
        try folder.write("two.wav", WaveFile.bytes(channels, rate: 48_000))
        let sound = try HoldMusicFiles.load("\(folder.path)/two.wav")
        let (narrow, wide) = (sound.heardNarrow, sound.heardWide)
        #expect(Ear.share(of: 500, in: narrow) > 0.99)
        #expect(Ear.share(of: 500, in: wide, rate: 16_000) > 0.45)
        #expect(Ear.share(of: 6000, in: wide, rate: 16_000) > 0.45)
    }

    @Test func `a folder is one piece of music, in the order of its names`() throws {
        let folder = try SoundFolder()
        try folder.write("2.wav", WaveFile.bytes([sine(800, rate: 8000)], rate: 8000))
        try folder.write("1.WAV", WaveFile.bytes([sine(400, rate: 16_000)], rate: 16_000))
        try folder.write("notes.txt", Array("no music".utf8))
        let narrow = try HoldMusicFiles.load(folder.path).heardNarrow
        #expect(narrow.count == 16_000)
        #expect(Ear.share(of: 400, in: Array(narrow[..<8000])) > 0.99)
        #expect(Ear.share(of: 800, in: Array(narrow[8000...])) > 0.99)
    }

    @Test func `what is no music is named for what it is`() throws {
        let folder = try SoundFolder()
        #expect(throws: SoundFileError.notFound) { try HoldMusicFiles.load("\(folder.path)/none.wav") }
        #expect(throws: SoundFileError.noFiles) { try HoldMusicFiles.load(folder.path) }
        try folder.write("bad.wav", Array("RIFF no wave at all".utf8))
        #expect(throws: SoundFileError.notSound) { try HoldMusicFiles.load(folder.path) }
        try folder.write("bad.wav", WaveFile.bytes([[], [], []], rate: 8000))
        #expect(throws: SoundFileError.notSound) { try HoldMusicFiles.load("\(folder.path)/bad.wav") }
        try folder.write("bad.wav", WaveFile.bytes([[]], rate: 8000))
        #expect(throws: SoundFileError.notSound) { try HoldMusicFiles.load("\(folder.path)/bad.wav") }
    }

    @Test func `a file cut off anywhere is played as far as it goes, or refused`() throws {
        let folder = try SoundFolder()
        let whole = WaveFile.bytes([sine(1000, rate: 8000, seconds: 0.05)], rate: 8000)
        for length in stride(from: 0, to: whole.count, by: 3) {
            try folder.write("cut.wav", Array(whole[..<length]))
            do throws(SoundFileError) {
                let content = try SoundFile.decode("\(folder.path)/cut.wav", longest: 1)
                #expect(content.narrow.count <= 400)
            } catch {
                #expect(error == .notSound)
            }
        }
    }

    @Test func `Opus in Ogg is decoded as well, from a file and from memory`() throws {
        let folder = try TestFolder()
        let file = try OggOpusFile(folder.make("a.ogg"), .wideband)
        let tone = sine(1000, rate: 16_000).flatMap { [$0, $0] }
        try tone.withUnsafeBufferPointer { samples throws(RecordingFailure) in try file.write(samples) }
        try file.finish()
        let sound = try HoldMusicFiles.load(folder.path)
        let heard = sound.heardWide
        #expect(abs(heard.count - 16_000) <= 320)
        #expect(Ear.share(of: 1000, in: Array(heard[1600..<14_400]), rate: 16_000) > 0.98)
        #expect(try Sound([SoundFile.decode(folder.bytes("a.ogg"), longest: 2)]).heardWide == heard)
        #expect(throws: SoundFileError.tooLong) { try SoundFile.decode(folder.bytes("a.ogg"), longest: 0) }
    }

    @Test func `memory that holds no sound is refused, whatever it says it holds`() throws {
        let whole = WaveFile.bytes([sine(1000, rate: 8000, seconds: 0.05)], rate: 8000)
        #expect(try SoundFile.decode(whole, longest: 1).narrow.count == 400)
        for bytes in [[], Array("OggS".utf8), Array("FORM1234AIFF".utf8), Array(whole[..<40])] {
            #expect(throws: SoundFileError.notSound) { try SoundFile.decode(bytes, longest: 1) }
        }
    }

    @Test func `memory that does not begin like WAV or Ogg is refused, though it could be decoded`() throws {
        let folder = try SoundFolder()
        let tag = Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]
        let tagged = tag + WaveFile.bytes([sine(1000, rate: 8000, seconds: 0.05)], rate: 8000)
        try folder.write("tagged.wav", tagged)
        #expect(try SoundFile.decode("\(folder.path)/tagged.wav", longest: 1).narrow.count == 400)
        #expect(throws: SoundFileError.notSound) { try SoundFile.decode(tagged, longest: 1) }
    }

    @Test func `a file may not be longer than is kept`() throws {
        let folder = try SoundFolder()
        try folder.write("long.wav", WaveFile.bytes([sine(500, rate: 8000, seconds: 2)], rate: 8000))
        #expect(throws: SoundFileError.tooLong) { try SoundFile.decode("\(folder.path)/long.wav", longest: 1) }
    }
}

struct WholeResamplerTests {
    @Test(arguments: [(8000, 16_000), (44_100, 8000), (48_000, 16_000), (8000, 8000)])
    func `what comes in blocks sounds like what comes at once`(rate: Int, target: Int) throws {
        let sound = (0..<rate).map { Int16(8000 * Ear.sine(700 * Double($0) / Double(rate))) }
        func resampled(_ length: Int) throws -> [Int16] {
            guard var resampler = WholeResampler(from: rate, to: target) else { throw RigError.noAnswer }
            for start in stride(from: 0, to: sound.count, by: length) {
                resampler.append(Array(sound[start..<min(start + length, sound.count)]))
            }
            return resampler.finish()
        }
        let whole = try resampled(sound.count)
        #expect(whole.count == target)
        for length in [1, 777] { #expect(try resampled(length) == whole) }
    }
}

struct SoundFilesTests {
    private func wave(_ seconds: Double, _ frequency: Double = 500) -> [UInt8] {
        let samples = (0..<Int(seconds * 8000)).map { Int16(8000 * Ear.sine(frequency * Double($0) / 8000)) }
        return WaveFile.bytes([samples], rate: 8000)
    }

    @Test func `a file is decoded once, and again when it was changed`() async throws {
        let folder = try SoundFolder()
        let thread = BlockingThread(name: "sounds")
        let files = SoundFiles(folder: folder.path, thread: thread)
        try folder.write("hello.wav", wave(1))
        let first = try await files.sound(named: "hello.wav")
        #expect(try await files.sound(named: "hello.wav") === first)
        try folder.write("hello.wav", wave(2))
        #expect(try await files.sound(named: "hello.wav").duration == .seconds(2))
        thread.stop()
    }

    @Test(arguments: [
        "", ".", "..", "../secret.wav", "/etc/passwd", "a/b.wav", ".hidden.wav", "link.wav", "pipe", "a\0b",
    ])
    func `names lead nowhere but into the folder`(name: String) async throws {
        let folder = try SoundFolder()
        let thread = BlockingThread(name: "sounds")
        let files = SoundFiles(folder: "\(folder.path)/inside", thread: thread)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/inside", withIntermediateDirectories: true)
        try folder.write("secret.wav", wave(1))
        try folder.write("inside/.hidden.wav", wave(1))
        try folder.link("inside/link.wav", to: "\(folder.path)/secret.wav")
        mkfifo("\(folder.path)/inside/pipe", 0o600)
        await #expect(throws: SoundFileError.notFound) { try await files.sound(named: name) }
        thread.stop()
    }

    @Test func `what is kept is bounded, and the file asked for longest ago goes first`() async throws {
        let folder = try SoundFolder()
        let thread = BlockingThread(name: "sounds")
        // Two seconds at 8000 Hz.
        let files = SoundFiles(folder: folder.path, thread: thread, capacity: 32_000)
        for name in ["a.wav", "b.wav", "c.wav"] { try folder.write(name, wave(1)) }
        let first = try await files.sound(named: "a.wav")
        let second = try await files.sound(named: "b.wav")
        #expect(try await files.sound(named: "a.wav") === first)
        _ = try await files.sound(named: "c.wav")
        #expect(await files.size <= 32_000)
        #expect(try await files.sound(named: "a.wav") === first)
        #expect(try await files.sound(named: "b.wav") !== second)
        thread.stop()
    }

    @Test func `what is fetched has a limit of its rate and its length`() async throws {
        let thread = BlockingThread(name: "sounds")
        let files = SoundFiles(folder: "/nonexistent", thread: thread)
        let silence = [Int16](repeating: 0, count: 48_000)
        let most = try await files.sound(in: WaveFile.bytes([silence], rate: 48_000))
        #expect(most.duration == .seconds(1))
        for rate in [48_001, 96_000, 192_000] {
            await #expect(throws: SoundFileError.rateTooHigh) {
                try await files.sound(in: WaveFile.bytes([silence], rate: rate))
            }
        }
        let long = [Int16](repeating: 0, count: 4000 * SoundFiles.longest + 1)
        await #expect(throws: SoundFileError.tooLong) {
            try await files.sound(in: WaveFile.bytes([long], rate: 4000, .muLaw))
        }
        thread.stop()
    }

    @Test func `the same bytes are one sound while it is heard`() async throws {
        let thread = BlockingThread(name: "sounds")
        let files = SoundFiles(folder: "/nonexistent", thread: thread)
        let first = try await files.sound(in: wave(1))
        let (again, other) = (try await files.sound(in: wave(1)), try await files.sound(in: wave(1, 600)))
        #expect(again === first && other !== first)
        thread.stop()
    }

    @Test func `no more is fetched than may be heard at once, and there is room again when it has been heard`()
        async throws
    {
        let thread = BlockingThread(name: "sounds")
        // A second at 8000 Hz.
        let files = SoundFiles(folder: "/nonexistent", thread: thread, fetchedCapacity: 16_000)
        var first: Sound? = try await files.sound(in: wave(1))
        await #expect(throws: SoundFileError.noRoom) { try await files.sound(in: wave(1, 600)) }
        let isShared = try await files.sound(in: wave(1)) === first
        #expect(isShared)
        first = nil
        let other = try await files.sound(in: wave(1, 600))
        #expect(other.duration == .seconds(1))
        thread.stop()
    }
}
