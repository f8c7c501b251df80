import CLinux
import CSndFile
import Glibc

/// Why a sound file cannot be used.
package enum SoundFileError: Error, Hashable, Sendable {
    /// No file of this name, or none that may be read.
    case notFound
    /// What is there is no WAV or Ogg file that we can decode.
    case notSound
    /// Longer than what is kept in memory.
    case tooLong
    /// Of more samples a second than what is fetched may have (`SoundFiles.highestFetchedRate`).
    case rateTooHigh
    /// What is fetched and being heard takes all the memory that it may.
    case noRoom
    /// A folder without a single WAV or Ogg file.
    case noFiles
}

/// Sound files (WAV: linear, A-law or µ-law; Ogg: Opus or Vorbis; of any rate) decoded whole, by libsndfile.
///
/// Reading blocks: never called on the control loop or on a media worker.
enum SoundFile {
    /// What a file holds, mixed down to mono, at the rates that calls have.
    struct Content {
        let narrow: [Int16]
        /// Nil where there is no more to be heard than at 8000 Hz.
        let wide: [Int16]?

        var seconds: Double { Double(narrow.count) / Double(SampleRate.narrowband.rawValue) }
    }

    private static let containers: Set = [Int(SF_FORMAT_WAV), Int(SF_FORMAT_WAVEX), Int(SF_FORMAT_OGG)]
    private static let lowestRate = 4000
    private static let highestRate = 192_000
    /// Frames read at once.
    private static let stretch = 4096

    /// Decodes a file of at most so many seconds.
    static func decode(_ path: String, longest seconds: Int) throws(SoundFileError) -> Content {
        // Neither a link out of the folder nor a pipe that never ends.
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notFound }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notFound
        }
        return try decode(descriptor, longest: seconds, highest: highestRate)
    }

    /// Decodes what a file would hold, of at most so many seconds and samples a second.
    static func decode(
        _ bytes: [UInt8], longest seconds: Int, highest: Int = highestRate
    ) throws(SoundFileError) -> Content {
        guard isOffered(bytes) else { throw .notSound }
        let descriptor = bytes.withUnsafeBytes { tandem_memory_file("sound", $0.baseAddress, $0.count) }
        guard descriptor >= 0 else { throw .notFound }
        return try decode(descriptor, longest: seconds, highest: highest)
    }

    /// Whether bytes begin like one of our containers: libsndfile would try all of its own on what strangers send.
    private static func isOffered(_ bytes: [UInt8]) -> Bool {
        let isWave = bytes.starts(with: "RIFF".utf8) && bytes.dropFirst(8).starts(with: "WAVE".utf8)
        return isWave || bytes.starts(with: "OggS".utf8)
    }

    /// The descriptor is closed in any case.
    private static func decode(
        _ descriptor: Int32, longest seconds: Int, highest: Int
    ) throws(SoundFileError) -> Content {
        var information = SF_INFO()
        guard let file = sf_open_fd(descriptor, Int32(SFM_READ), &information, 1) else { throw .notSound }
        defer { sf_close(file) }
        let container = Int(information.format) & Int(SF_FORMAT_TYPEMASK)
        let (rate, frames) = (Int(information.samplerate), information.frames)
        guard containers.contains(container), (lowestRate...highestRate).contains(rate),
            (1...2).contains(information.channels)
        else { throw .notSound }
        guard rate <= highest else { throw .rateTooHigh }
        // Said before anything is decoded, where the file says it; the most there is stands for what is not known.
        guard frames <= rate * seconds || frames == .max else { throw .tooLong }
        // Samples in floating point are of ±1.
        sf_command(file, Int32(SFC_SET_SCALE_FLOAT_INT_READ), nil, 1)
        return try read(file, channels: Int(information.channels), rate: rate, most: rate * seconds)
    }

    /// Each stretch is brought to the rates of calls as soon as it is read.
    private static func read(
        _ file: OpaquePointer, channels: Int, rate: Int, most: Int
    ) throws(SoundFileError) -> Content {
        let hasMore = rate > SampleRate.narrowband.rawValue
        guard var narrow = WholeResampler(from: rate, to: SampleRate.narrowband.rawValue),
            var wide = WholeResampler(from: rate, to: SampleRate.wideband.rawValue)
        else { throw .notSound }
        var block = [Int16](repeating: 0, count: stretch * channels)
        var left = most
        while case let frames = Int(sf_readf_short(file, &block, sf_count_t(stretch))), frames > 0 {
            left -= frames
            guard left >= 0 else { throw .tooLong }
            let mixed = mix(block, frames, channels)
            narrow.append(mixed)
            if hasMore { wide.append(mixed) }
        }
        guard left < most else { throw .notSound }
        return Content(narrow: narrow.finish(), wide: hasMore ? wide.finish() : nil)
    }

    private static func mix(_ block: [Int16], _ frames: Int, _ channels: Int) -> [Int16] {
        guard channels > 1 else { return Array(block[..<frames]) }
        return (0..<frames).map { frame in
            let sum = (0..<channels).reduce(0) { $0 + Int(block[frame * channels + $1]) }
            return Int16(sum / channels)
        }
    }
}

extension Sound {
    /// What several files sound like one after the other.
    convenience init(_ contents: [SoundFile.Content]) {
        let hasMore = contents.contains { $0.wide != nil }
        self.init(narrow: contents.flatMap(\.narrow), wide: hasMore ? contents.flatMap(Self.wide) : nil)
    }

    private static func wide(_ content: SoundFile.Content) -> [Int16] {
        if let wide = content.wide { return wide }
        let (from, target) = (SampleRate.narrowband.rawValue, SampleRate.wideband.rawValue)
        guard var wide = WholeResampler(from: from, to: target) else {
            return [Int16](repeating: 0, count: 2 * content.narrow.count)
        }
        wide.append(content.narrow)
        return wide.finish()
    }
}
