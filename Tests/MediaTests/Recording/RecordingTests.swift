import Dispatch
import Glibc
import Reactor
import Synchronization
import Testing
import Wire

@testable import Media

/// Two phones that talk at once, each with a tone of its own, while they are recorded.
private struct RecordedTalk: ~Copyable {
    var talk: VirtualTalk
    let folder: TestFolder
    let rate: SampleRate
    private let recording: ActiveRecording
    private let tones: [[[UInt8]]]
    private let beganAt: Instant
    private var sent = 0
    static let frequencies = [440.0, 1000]
    static let id = RecordingID(rawValue: 1)

    static func begin(_ first: AudioEncoding, _ second: AudioEncoding) throws -> RecordedTalk {
        let (folder, isWideband) = (try TestFolder(), [first, second].contains { $0 == .g722 || $0 == .opus })
        let rate: SampleRate = isWideband ? .wideband : .narrowband
        let tones = zip([first, second], frequencies).map {
            Sounds.payloads(Sounds.tone($1, seconds: 8, rate: rate), $0, rate)
        }
        let talk = try VirtualTalk(first, second)
        let recording = try ActiveRecording(
            RecordingOrder(path: somePath(), isWideband: isWideband), descriptor: folder.make("a.wav"), at: talk.now
        ) { _ in }
        return try RecordedTalk(talk, folder, rate, recording, tones)
    }

    private init(
        _ talk: consuming VirtualTalk, _ folder: TestFolder, _ rate: SampleRate, _ recording: ActiveRecording,
        _ tones: [[[UInt8]]]
    ) throws {
        beganAt = talk.now
        self.talk = talk
        (self.folder, self.rate, self.recording, self.tones) = (folder, rate, recording, tones)
        try hear(0, .left)
        try hear(1, .right)
    }

    mutating func hear(_ index: Int, _ side: RecordingSide?) throws {
        let ring = RecordingRing()
        try recording.add(ring, side)
        talk.perform(.record(talk.phones[index].id, ring, Self.id))
    }

    /// Both speak.
    mutating func speak(milliseconds: Int) throws {
        for _ in 0..<milliseconds / 20 {
            for (phone, payloads) in zip(talk.phones, tones) {
                let packet = phone.stream.next(
                    payloads[sent], type: phone.encoding.payloadType, step: phone.encoding.clockRate / 50)
                talk.send(packet, from: phone)
                _ = phone.take()
            }
            sent += 1
            try pass(20)
        }
    }

    /// Nobody speaks.
    mutating func pass(_ milliseconds: Int) throws {
        talk.advance(milliseconds)
        _ = try recording.advance(to: talk.now)
    }

    /// Both hear the consent tone.
    func soundTone() { recording.soundTone(at: talk.now) }

    var elapsed: Int { Int((talk.now - beganAt) / .milliseconds(1)) }

    mutating func finish() throws -> ReadWAV {
        recording.stopsAt = talk.now
        talk.advance(200)
        let isOver = try recording.advance(to: talk.now)
        #expect(isOver)
        return try #require(ReadWAV(folder.bytes("a.wav")))
    }

    /// A stretch of one side.
    static func part(_ samples: [Double], _ milliseconds: Range<Int>, _ rate: SampleRate) -> [Double] {
        let each = rate.rawValue / 1000
        return Array(samples[(milliseconds.lowerBound * each)..<(milliseconds.upperBound * each)])
    }
}

struct RecordingTests {
    @Test(
        arguments: [Pair(from: .pcmu, to: .pcmu), Pair(from: .g722, to: .g722), Pair(from: .opus, to: .opus)] + Pair.all
    )
    func `the caller is on the left and the called on the right, each alone, at its level and in time`(pair: Pair)
        throws
    {
        var talk = try RecordedTalk.begin(pair.from, pair.to)
        try talk.speak(milliseconds: 3000)
        let elapsed = talk.elapsed
        let file = try talk.finish()
        #expect(abs(file.duration - elapsed) <= 60)
        let rate = talk.rate
        for (samples, frequency) in zip([file.left, file.right], RecordedTalk.frequencies) {
            let heard = RecordedTalk.part(samples, 300..<2900, rate)
            #expect(Ear.share(of: frequency, in: heard, rate: Double(rate.rawValue)) > 0.97)
            #expect(Ear.longestGap(heard, rate: Double(rate.rawValue)) == 0)
            let spoken = Sounds.tone(frequency, seconds: 1, rate: rate).map(Double.init)
            #expect(abs(Ear.decibels(heard, over: spoken)) < 1)
        }
    }

    @Test(arguments: [AudioEncoding.pcmu, .g722])
    func `the consent tone is on both sides at the moment it was heard, over what was said`(encoding: AudioEncoding)
        throws
    {
        var talk = try RecordedTalk.begin(encoding, encoding)
        try talk.speak(milliseconds: 1010)
        talk.soundTone()
        try talk.speak(milliseconds: 1000)
        try talk.pass(1000)
        talk.soundTone()
        try talk.pass(500)
        let file = try talk.finish()
        let (rate, hertz) = (talk.rate, Double(talk.rate.rawValue))
        for (samples, frequency) in zip([file.left, file.right], RecordedTalk.frequencies) {
            let spoken = RecordedTalk.part(samples, 1040..<1190, rate)
            #expect(Ear.share(of: 1400, in: spoken, rate: hertz) > 0.1)
            #expect(Ear.share(of: frequency, in: spoken, rate: hertz) > 0.5)
            for silent in [500..<980, 1240..<1900] {
                #expect(Ear.share(of: 1400, in: RecordedTalk.part(samples, silent, rate), rate: hertz) < 0.01)
            }
            let alone = RecordedTalk.part(samples, 3040..<3180, rate)
            #expect(Ear.share(of: 1400, in: alone, rate: hertz) > 0.95)
        }
    }

    @Test func `who is on both sides is mixed with all others, and leaves without a trace`() throws {
        var talk = try RecordedTalk.begin(.pcmu, .g722)
        try talk.hear(0, nil)
        try talk.hear(1, nil)
        try talk.speak(milliseconds: 1000)
        talk.talk.perform(.endRecord(talk.talk.phones[0].id, RecordedTalk.id))
        try talk.speak(milliseconds: 1000)
        let file = try talk.finish()
        #expect(file.left == file.right)
        let (rate, hertz) = (talk.rate, Double(talk.rate.rawValue))
        let both = RecordedTalk.part(file.left, 300..<950, rate)
        for frequency in RecordedTalk.frequencies {
            #expect(abs(Ear.share(of: frequency, in: both, rate: hertz) - 0.5) < 0.1)
        }
        let alone = RecordedTalk.part(file.left, 1200..<1900, rate)
        #expect(Ear.share(of: RecordedTalk.frequencies[1], in: alone, rate: hertz) > 0.95)
    }

    @Test func `gaps, mute and hold are silence, and both sides stay in time`() throws {
        var talk = try RecordedTalk.begin(.pcma, .pcma)
        let (first, second) = (talk.talk.phones[0].id, talk.talk.phones[1].id)
        try talk.speak(milliseconds: 1000)
        try talk.pass(1000)
        try talk.speak(milliseconds: 1000)
        talk.talk.perform(.mute(first, true))
        try talk.speak(milliseconds: 1000)
        talk.talk.perform(.mute(first, false))
        talk.talk.perform(.play(.music, second))
        talk.talk.perform(.play(.silence, first))
        try talk.speak(milliseconds: 1000)
        talk.talk.perform(.bridge(first, second))
        try talk.speak(milliseconds: 1000)
        let elapsed = talk.elapsed
        let file = try talk.finish()
        #expect(abs(file.duration - elapsed) <= 60)
        let sound = { (samples: [Double]) in
            (0..<6).map {
                Ear.level(RecordedTalk.part(samples, ($0 * 1000 + 250)..<($0 * 1000 + 900), .narrowband)) > 500
            }
        }
        #expect(sound(file.left) == [true, false, true, false, false, true])
        #expect(sound(file.right) == [true, false, true, true, false, true])
        let silence = RecordedTalk.part(file.left, 4250..<4900, .narrowband)
        #expect(silence.allSatisfy { $0 == 0 })
    }

    @Test func `nothing of a leg is kept while its recording is paused`() throws {
        var talk = try RecordedTalk.begin(.pcmu, .opus)
        try talk.speak(milliseconds: 1000)
        for phone in talk.talk.phones { talk.talk.perform(.endRecord(phone.id, RecordedTalk.id)) }
        try talk.speak(milliseconds: 1000)
        try talk.hear(0, .left)
        try talk.hear(1, .right)
        try talk.speak(milliseconds: 1000)
        let file = try talk.finish()
        for samples in [file.left, file.right] {
            let levels = (0..<3).map {
                Ear.level(RecordedTalk.part(samples, ($0 * 1000 + 300)..<($0 * 1000 + 900), .wideband))
            }
            #expect(levels[0] > 500 && levels[1] == 0 && levels[2] > 500)
        }
    }

    @Test func `another recording's end does not silence a leg`() throws {
        var talk = try RecordedTalk.begin(.pcmu, .pcmu)
        talk.talk.perform(.endRecord(talk.talk.phones[0].id, RecordingID(rawValue: 99)))
        try talk.speak(milliseconds: 1000)
        let file = try talk.finish()
        #expect(Ear.level(RecordedTalk.part(file.left, 300..<900, .narrowband)) > 500)
    }
}

/// The recorder's thread, with its files.
struct RecorderTests {
    private let folder: TestFolder
    private let ended = DispatchSemaphore(value: 0)
    private let outcome = Outcome()

    private final class Outcome: Sendable { let value = Mutex<RecordingOutcome?>(nil) }

    init() throws { folder = try TestFolder() }

    private func recorder(_ adjust: (inout RecordingConfiguration) -> Void = { _ in }) -> Recorder {
        var configuration = RecordingConfiguration(dataFolder: folder.path)
        adjust(&configuration)
        return Recorder(configuration)
    }

    private static func ago(_ seconds: UInt64, _ now: Instant = SystemClock.now()) -> Instant {
        Instant(nanoseconds: now.nanoseconds - seconds * 1_000_000_000)
    }

    private func open(_ recorder: Recorder, _ path: RecordingPath, at start: Instant) {
        let (ended, outcome) = (ended, outcome)
        recorder.open(RecordingID(rawValue: 1), RecordingOrder(path: path, isWideband: false), at: start) { answer in
            outcome.value.withLock { $0 = answer }
            ended.signal()
        }
    }

    private func wait() throws -> RecordingOutcome {
        try #require(ended.wait(timeout: .now() + .seconds(60)) == .success)
        return try #require(outcome.value.withLock { $0 })
    }

    @Test(arguments: RecordingFormat.allCases)
    func `a recording is written, ended and counted`(format: RecordingFormat) throws {
        let recorder = recorder()
        defer { recorder.stop() }
        let now = SystemClock.now()
        open(recorder, somePath(format), at: Self.ago(3, now))
        recorder.close(RecordingID(rawValue: 1), at: now)
        let outcome = try wait()
        #expect(outcome == RecordingOutcome(path: somePath(format), duration: .seconds(3), failure: nil))
        let bytes = folder.bytes(somePath(format).description)
        #expect(bytes.count > 200 && recorder.value(.bytes) > 0)
        #expect([recorder.value(.active), recorder.value(.completed), recorder.value(.failed)] == [0, 1, 0])
    }

    @Test func `a file that cannot be made is a failure, and no end of the recorder`() throws {
        try folder.write([1], to: "recordings")
        let recorder = recorder()
        defer { recorder.stop() }
        open(recorder, somePath(), at: SystemClock.now())
        let outcome = try wait()
        #expect(outcome.failure == .notCreated(ENOTDIR) && !outcome.isThere)
        #expect([recorder.value(.active), recorder.value(.completed), recorder.value(.failed)] == [0, 0, 1])
    }

    @Test func `a recording that alone fills the room it is given ends, and stays`() throws {
        let recorder = recorder { $0.limit = 30_000 }
        defer { recorder.stop() }
        open(recorder, somePath(), at: Self.ago(2))
        let outcome = try wait()
        #expect(outcome.failure == .noRoom && outcome.isThere)
        #expect(ReadWAV(folder.bytes(somePath().description)) != nil)
    }

    @Test func `when the recorder is stopped every recording is whole`() throws {
        let recorder = recorder()
        open(recorder, somePath(), at: Self.ago(2))
        recorder.stop()
        let outcome = try wait()
        #expect(outcome.failure == nil && outcome.duration >= .seconds(2))
        #expect(ReadWAV(folder.bytes(somePath().description)) != nil)
    }

    @Test func `pieces of a recording are read, as they are asked for`() throws {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        let folderOfFiles = RecordingFolder(dataFolder: folder.path, limit: .max)
        let descriptor = try folderOfFiles.create(somePath())
        _ = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
        let reader = RecordingReader(dataFolder: folder.path)
        defer { reader.stop() }
        #expect(try read(reader, somePath(), nil)?.bytes == bytes)
        #expect(try read(reader, somePath(), .from(10, through: 19))?.bytes == Array(bytes[10...19]))
        #expect(try read(reader, somePath(), .last(5))?.bytes == Array(bytes[995...]))
        #expect(try read(reader, somePath(), .from(1000, through: nil))?.bytes == [])
        #expect(try read(reader, somePath(part: 2), nil) == nil)
    }

    private func read(_ reader: RecordingReader, _ path: RecordingPath, _ range: ByteRange?) throws -> RecordingPiece? {
        let (box, done) = (FoundPiece(), DispatchSemaphore(value: 0))
        reader.read(path, range) { piece in
            box.value.withLock { $0 = piece }
            done.signal()
        }
        try #require(done.wait(timeout: .now() + .seconds(60)) == .success)
        return box.value.withLock { $0 }
    }

    private final class FoundPiece: Sendable { let value = Mutex<RecordingPiece?>(nil) }
}
