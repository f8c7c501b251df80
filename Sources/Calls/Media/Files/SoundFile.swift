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
    /// A folder without a single WAV or Ogg file.
    case noFiles
}

/// Sound files (WAV: linear, A-law or µ-law; Ogg: Opus or Vorbis; of any rate) decoded whole, by libsndfile.
///
/// Reading blocks: never called on the control loop or on a media worker.
enum SoundFile {
    /// What a file holds, mixed down to mono.
    struct Content {
        let samples: [Int16]
        /// In Hz.
        let rate: Int

        var seconds: Double { Double(samples.count) / Double(rate) }
    }

    private static let containers: Set = [Int(SF_FORMAT_WAV), Int(SF_FORMAT_WAVEX), Int(SF_FORMAT_OGG)]
    private static let rates = 4000...192_000
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
        return try decode(descriptor, longest: seconds)
    }

    /// Decodes what a file would hold, of at most so many seconds.
    static func decode(_ bytes: [UInt8], longest seconds: Int) throws(SoundFileError) -> Content {
        let descriptor = bytes.withUnsafeBytes { tandem_memory_file("sound", $0.baseAddress, $0.count) }
        guard descriptor >= 0 else { throw .notFound }
        return try decode(descriptor, longest: seconds)
    }

    /// The descriptor is closed in any case.
    private static func decode(_ descriptor: Int32, longest seconds: Int) throws(SoundFileError) -> Content {
        var information = SF_INFO()
        guard let file = sf_open_fd(descriptor, Int32(SFM_READ), &information, 1) else { throw .notSound }
        defer { sf_close(file) }
        let container = Int(information.format) & Int(SF_FORMAT_TYPEMASK)
        guard containers.contains(container),
            rates.contains(Int(information.samplerate)),
            (1...2).contains(information.channels)
        else { throw .notSound }
        // Samples in floating point are of ±1.
        sf_command(file, Int32(SFC_SET_SCALE_FLOAT_INT_READ), nil, 1)
        let rate = Int(information.samplerate)
        let samples = try read(file, channels: Int(information.channels), most: rate * seconds)
        guard !samples.isEmpty else { throw .notSound }
        return Content(samples: samples, rate: rate)
    }

    private static func read(_ file: OpaquePointer, channels: Int, most: Int) throws(SoundFileError) -> [Int16] {
        var samples: [Int16] = []
        var block = [Int16](repeating: 0, count: stretch * channels)
        while true {
            let frames = Int(sf_readf_short(file, &block, sf_count_t(stretch)))
            guard frames > 0 else { return samples }
            guard samples.count + frames <= most else { throw .tooLong }
            for frame in 0..<frames {
                let sum = (0..<channels).reduce(0) { $0 + Int(block[frame * channels + $1]) }
                samples.append(Int16(sum / channels))
            }
        }
    }
}

extension Sound {
    /// What several files sound like one after the other.
    convenience init(_ contents: [SoundFile.Content]) {
        let hasMore = contents.contains { $0.rate > SampleRate.narrowband.rawValue }
        self.init(
            narrow: Self.join(contents, .narrowband), wide: hasMore ? Self.join(contents, .wideband) : nil)
    }

    private static func join(_ contents: [SoundFile.Content], _ rate: SampleRate) -> [Int16] {
        contents.flatMap { Resampler.convert($0.samples, from: $0.rate, to: rate.rawValue) }
    }
}
