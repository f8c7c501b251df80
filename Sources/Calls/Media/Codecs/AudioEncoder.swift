import COpus
import CSpanDSP

/// Makes one stream's payloads of samples, 20 ms each: mono, linear, at the rate that was said.
///
/// Opus carries redundancy against loss (in-band FEC), as much as `expectLoss` says. All memory is taken when it is made.
package struct AudioEncoder: ~Copyable {
    package let encoding: AudioEncoding
    package let sampleRate: SampleRate
    private let handle: Handle
    private let resampler: Resampler?
    /// Samples after their rate was changed.
    private let scratch: UnsafeMutableBufferPointer<Int16>
    private var expectedLoss = AudioEncoder.modestLoss

    private enum Handle {
        case none
        case g722(OpaquePointer)
        case opus(OpaquePointer)
    }

    /// In percent: what is reckoned with before the receiver reports anything.
    private static let modestLoss = 5
    private static let highestLoss = 30
    /// Of 0…10: the least whose speech PESQ finds no worse than a peer's with 10, at half its cost.
    private static let complexity: Int32 = 4

    /// Nil when memory is short.
    package init?(_ encoding: AudioEncoding, at sampleRate: SampleRate) {
        switch encoding {
        case .pcmu, .pcma: handle = .none
        case .g722:
            guard let encoder = g722_encode_init(nil, 64_000, 0) else { return nil }
            handle = .g722(encoder)
        case .opus:
            guard let encoder = Self.makeOpus(sampleRate) else { return nil }
            handle = .opus(encoder)
        }
        (self.encoding, self.sampleRate) = (encoding, sampleRate)
        let native = encoding.nativeRate(wanted: sampleRate)
        resampler = Resampler.make(from: sampleRate, to: native)
        scratch = .allocate(capacity: native.samplesPerFrame)
    }

    deinit {
        switch handle {
        case .none: break
        case .g722(let encoder): g722_encode_free(encoder)
        case .opus(let encoder): opus_encoder_destroy(encoder)
        }
        scratch.deallocate()
    }

    private static func makeOpus(_ rate: SampleRate) -> OpaquePointer? {
        guard let encoder = opus_encoder_create(Int32(rate.rawValue), 1, OPUS_APPLICATION_VOIP, nil) else { return nil }
        let settings = [
            (OPUS_SET_BITRATE_REQUEST, bitRate(rate)), (OPUS_SET_COMPLEXITY_REQUEST, complexity),
            (OPUS_SET_INBAND_FEC_REQUEST, 1), (OPUS_SET_PACKET_LOSS_PERC_REQUEST, Int32(modestLoss)),
        ]
        for (request, value) in settings { _ = tandem_opus_encoder_set(encoder, request, value) }
        return encoder
    }

    /// For speech with redundancy, in bit/s.
    private static func bitRate(_ rate: SampleRate) -> Int32 {
        switch rate {
        case .narrowband: 40_000
        case .wideband: 64_000
        case .fullband: 80_000
        }
    }

    /// Encodes one frame of `SampleRate.samplesPerFrame` and answers the payload's length; 0 when it could not be.
    package mutating func encode(
        _ frame: UnsafeBufferPointer<Int16>, into payload: UnsafeMutableRawBufferPointer
    ) -> Int {
        guard frame.count == sampleRate.samplesPerFrame, payload.count >= Self.longestPayload,
            let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        else { return 0 }
        switch resampler {
        case .none: return compress(frame, into: bytes)
        case .some(let resampler):
            let made = resampler.process(frame, into: scratch)
            for index in made..<scratch.count { scratch[index] = 0 }
            return compress(UnsafeBufferPointer(scratch), into: bytes)
        }
    }

    /// Bytes that any frame fits into.
    package static let longestPayload = 640

    private borrowing func compress(_ frame: UnsafeBufferPointer<Int16>, into bytes: UnsafeMutablePointer<UInt8>) -> Int
    {
        guard let samples = frame.baseAddress else { return 0 }
        switch handle {
        case .g722(let encoder):
            return Int(g722_encode(encoder, bytes, samples, Int32(clamping: frame.count)))
        case .opus(let encoder):
            let length = opus_encode(
                encoder, samples, Int32(clamping: frame.count), bytes, Int32(Self.longestPayload))
            return max(0, Int(length))
        case .none:
            let isMuLaw = encoding == .pcmu
            for (index, sample) in frame.enumerated() {
                bytes[index] = isMuLaw ? G711.muLaw(sample) : G711.aLaw(sample)
            }
            return frame.count
        }
    }

    /// Takes what the receiver reports to lose, 0…1.
    package mutating func expectLoss(_ fraction: Double) {
        let percent = max(Self.modestLoss, min(Self.highestLoss, Int((fraction * 100).rounded(.up))))
        guard case .opus(let encoder) = handle, percent != expectedLoss else { return }
        expectedLoss = percent
        _ = tandem_opus_encoder_set(encoder, OPUS_SET_PACKET_LOSS_PERC_REQUEST, Int32(percent))
    }
}
