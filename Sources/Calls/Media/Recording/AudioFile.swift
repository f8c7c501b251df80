import COpusEnc
import CSndFile
import Glibc

/// A stereo file that is being written; it can be played whenever the program dies, up to a second before.
protocol AudioFile: AnyObject {
    /// Bytes written so far.
    var size: Int { get }
    /// Takes samples, left and right in turn.
    func write(_ samples: UnsafeBufferPointer<Int16>) throws(RecordingFailure)
    /// Makes what was written playable; called each second.
    func flush() throws(RecordingFailure)
    func finish() throws(RecordingFailure)
}

/// Makes the file of a recording of a descriptor, which is closed with it, and when it cannot be made.
typealias AudioFileMaker = @Sendable (RecordingFormat, Int32, SampleRate) throws(RecordingFailure) -> any AudioFile

extension RecordingFormat {
    static func makeFile(
        _ format: RecordingFormat, _ descriptor: Int32, _ rate: SampleRate
    ) throws(RecordingFailure) -> any AudioFile {
        switch format {
        case .wav: try WAVFile(descriptor, rate)
        case .opus: try OggOpusFile(descriptor, rate)
        }
    }
}

/// Linear samples with a RIFF header, which is brought up to date as the file grows (libsndfile).
final class WAVFile: AudioFile {
    private let handle: OpaquePointer
    private(set) var size = WAVRepair.headerSize
    /// Lengths in the header have 32 bits.
    private static let largest = 4_200_000_000

    /// The descriptor is closed with the file, and when it cannot be made.
    init(_ descriptor: Int32, _ rate: SampleRate) throws(RecordingFailure) {
        var info = SF_INFO()
        info.samplerate = Int32(rate.rawValue)
        info.channels = 2
        info.format = Int32(SF_FORMAT_WAV | SF_FORMAT_PCM_16)
        guard let handle = sf_open_fd(descriptor, Int32(SFM_WRITE), &info, 1) else { throw .notCreated(errno) }
        self.handle = handle
    }

    deinit { sf_close(handle) }

    func write(_ samples: UnsafeBufferPointer<Int16>) throws(RecordingFailure) {
        guard size + samples.count * 2 <= Self.largest else { throw .tooLong }
        let written = sf_write_short(handle, samples.baseAddress, sf_count_t(samples.count))
        size += Int(written) * 2
        guard written == samples.count else { throw .notWritten(errno) }
    }

    func flush() throws(RecordingFailure) {
        sf_command(handle, Int32(SFC_UPDATE_HEADER_NOW), nil, 0)
        guard sf_error(handle) == 0 else { throw .notWritten(errno) }
    }

    func finish() throws(RecordingFailure) { try flush() }
}

/// Opus in Ogg (libopusenc), page by page.
final class OggOpusFile: AudioFile {
    private let descriptor: Int32
    private let encoder: OpaquePointer
    private(set) var size = 0
    /// For two voices, each on its side.
    private static let bitrate: Int32 = 48_000
    private static let complexity: Int32 = 5

    /// The descriptor is closed with the file, and when it cannot be made.
    init(_ descriptor: Int32, _ rate: SampleRate) throws(RecordingFailure) {
        let comments = ope_comments_create()
        defer { ope_comments_destroy(comments) }
        guard let encoder = ope_encoder_create_pull(comments, Int32(rate.rawValue), 2, 0, nil) else {
            close(descriptor)
            throw .outOfMemory
        }
        (self.descriptor, self.encoder) = (descriptor, encoder)
        // It would look two seconds ahead, which a crash would lose.
        _ = tandem_opusenc_set_decision_delay(encoder, 0)
        _ = tandem_opusenc_set_bitrate(encoder, Self.bitrate)
        _ = tandem_opusenc_set_complexity(encoder, Self.complexity)
    }

    deinit {
        ope_encoder_destroy(encoder)
        close(descriptor)
    }

    func write(_ samples: UnsafeBufferPointer<Int16>) throws(RecordingFailure) {
        guard ope_encoder_write(encoder, samples.baseAddress, Int32(samples.count / 2)) == OPE_OK else {
            throw .outOfMemory
        }
        try writePages(flushing: false)
    }

    func flush() throws(RecordingFailure) { try writePages(flushing: true) }

    func finish() throws(RecordingFailure) {
        guard ope_encoder_drain(encoder) == OPE_OK else { throw .outOfMemory }
        try writePages(flushing: true)
    }

    private func writePages(flushing: Bool) throws(RecordingFailure) {
        var page: UnsafeMutablePointer<UInt8>?
        var length: Int32 = 0
        while ope_encoder_get_page(encoder, &page, &length, flushing ? 1 : 0) != 0 {
            let written = Glibc.write(descriptor, page, Int(length))
            size += max(0, written)
            guard written == Int(length) else { throw .notWritten(errno) }
        }
    }
}
