import Glibc
import Testing
import Wire

@testable import Media

/// Files that outlive their writer, and the room they take.
struct RecordingFileTests {
    private static func write(_ seconds: Int, to file: any AudioFile) throws {
        let tone = Sounds.tone(440, seconds: 1, rate: .narrowband)
        let stereo: [Int16] = tone.flatMap { [$0, Int16(0)] }
        for _ in 0..<seconds { try stereo.withUnsafeBufferPointer { try file.write($0) } }
    }

    @Test func `a WAV file that is finished has the lengths it says`() throws {
        let folder = try TestFolder()
        let file = try WAVFile(folder.make("a.wav"), .narrowband)
        try Self.write(2, to: file)
        try file.finish()
        let read = try #require(ReadWAV(folder.bytes("a.wav")))
        #expect(read.duration == 2000 && read.rate == 8000)
        #expect(Ear.share(of: 440, in: read.left) > 0.99 && Ear.level(read.right) == 0)
        #expect(file.size == folder.bytes("a.wav").count)
    }

    @Test func `what a killed writer left is playable after repair, to the last sample`() throws {
        let folder = try TestFolder()
        let file = try WAVFile(folder.make("a.wav"), .narrowband)
        try Self.write(1, to: file)
        try file.flush()
        #expect(ReadWAV(folder.bytes("a.wav"))?.duration == 1000)
        try Self.write(2, to: file)
        // As it lies there when the program dies now, in the middle of a sample.
        try folder.write(folder.bytes("a.wav") + [1, 2, 3], to: "b.wav")
        #expect(ReadWAV(folder.bytes("b.wav")) == nil)
        #expect(WAVRepair.repair("\(folder.path)/b.wav"))
        let bytes = folder.bytes("b.wav").dropLast(3)
        #expect(ReadWAV(Array(bytes))?.duration == 3000)
        #expect(!WAVRepair.repair("\(folder.path)/b.wav"))
    }

    @Test(arguments: [
        [], Array("RIFF".utf8), Array("RIFF1234WAVEfmt ".utf8) + [255, 255, 255, 255], Array("OggS".utf8),
    ])
    func `what is no WAV file is left alone`(bytes: [UInt8]) throws {
        let folder = try TestFolder()
        try folder.write(bytes, to: "a.wav")
        #expect(!WAVRepair.repair("\(folder.path)/a.wav"))
        #expect(folder.bytes("a.wav") == bytes)
    }

    @Test func `each second of an Ogg file is there in whole pages before the file is finished`() throws {
        let folder = try TestFolder()
        let file = try OggOpusFile(folder.make("a.ogg"), .narrowband)
        for second in 1...4 {
            try Self.write(1, to: file)
            try file.flush()
            let granule = try #require(Self.lastGranule(folder.bytes("a.ogg")))
            #expect(granule >= (second * 48_000) - 12_000)
        }
        try file.finish()
        #expect(try #require(Self.lastGranule(folder.bytes("a.ogg"))) >= 4 * 48_000)
        #expect(file.size == folder.bytes("a.ogg").count)
    }

    /// The position that the last page names, in samples of 48 kHz; nil unless the file is whole pages (RFC 3533).
    private static func lastGranule(_ bytes: [UInt8]) -> Int? {
        var (place, granule) = (0, -1)
        while place < bytes.count {
            guard place + 27 <= bytes.count, Array(bytes[place..<place + 4]) == Array("OggS".utf8) else { return nil }
            granule = (0..<8).reduce(0) { $0 | Int(bytes[place + 6 + $1]) << (8 * $1) }
            let segments = Int(bytes[place + 26])
            guard place + 27 + segments <= bytes.count else { return nil }
            let length = bytes[(place + 27)..<(place + 27 + segments)].reduce(0) { $0 + Int($1) }
            place += 27 + segments + length
        }
        return place == bytes.count ? granule : nil
    }

    @Test func `a path is a day, a call and a number, and reads as it is written`() throws {
        for path in [somePath(), somePath(.opus, part: 3, day: 20_000)] {
            #expect(RecordingPath(path.description) == path)
        }
        #expect(somePath(day: 20_000).description.hasPrefix("recordings/2024-10-04/"))
        #expect(somePath(.opus, part: 3).description.hasSuffix("_3.ogg"))
    }

    @Test(arguments: [
        "", "recordings", "/etc/passwd", "recordings/../../etc/passwd", "recordings/2024-10-04/../x.wav",
        "recordings/2024-10-4/d3b07384-d113-4ec6-a1b0-0c1f2e3d4c5b.wav",
        "recordings/2024-10-04/d3b07384-d113-4ec6-a1b0-0c1f2e3d4c5b.wav/..",
        "recordings/2024-10-04/D3B07384-d113-4ec6-a1b0-0c1f2e3d4c5b.wav",
        "recordings/2024-10-04/d3b07384-d113-4ec6-a1b0-0c1f2e3d4c5b_01.wav",
        "recordings/2024-10-04/d3b07384-d113-4ec6-a1b0-0c1f2e3d4c5b.mp3",
    ])
    func `no other text is a path`(text: String) { #expect(RecordingPath(text) == nil) }

    @Test func `the oldest files go first, and what is being written stays`() throws {
        let folder = try TestFolder()
        var files = RecordingFolder(dataFolder: folder.path, limit: 3500)
        let paths = (1...3).map { somePath(part: $0, day: Int64($0)) }
        for path in paths {
            let descriptor = try files.create(path)
            _ = Glibc.write(descriptor, [UInt8](repeating: 0, count: 1000), 1000)
            close(descriptor)
            files.add(path)
        }
        let lying = { paths.map { !folder.bytes($0.description).isEmpty } }
        var isEnough = [files.makeRoom(beside: 500)]
        #expect(lying() == [true, true, true])
        isEnough.append(files.makeRoom(beside: 1000))
        #expect(lying() == [false, true, true])
        isEnough.append(files.makeRoom(beside: 4000))
        #expect(lying() == [false, false, false])
        #expect(isEnough == [true, true, false])
    }

    @Test func `files of an earlier run count, are mended, and are removed by age`() throws {
        let folder = try TestFolder()
        let paths = [somePath(part: 1, day: 5), somePath(part: 2, day: 4)]
        let first = RecordingFolder(dataFolder: folder.path, limit: .max)
        for (path, age) in zip(paths, [2000, 1000]) {
            let file = try WAVFile(first.create(path), .narrowband)
            try Self.write(1, to: file)
            // The writer is still there: its header says nothing of the samples yet.
            var second = RecordingFolder(dataFolder: folder.path, limit: .max)
            let repaired = [second.survey(), second.survey()]
            #expect(repaired == [1, 0])
            #expect(ReadWAV(folder.bytes(path.description))?.duration == 1000)
            var times = [timespec(tv_sec: age, tv_nsec: 0), timespec(tv_sec: age, tv_nsec: 0)]
            withExtendedLifetime(file) { _ = utimensat(AT_FDCWD, first.place(path), &times, 0) }
        }
        var files = RecordingFolder(dataFolder: folder.path, limit: 40_000)
        _ = files.survey()
        let isEnough = files.makeRoom(beside: 0)
        #expect(isEnough)
        let isLying = paths.map { !folder.bytes($0.description).isEmpty }
        #expect(isLying == [true, false])
    }
}
