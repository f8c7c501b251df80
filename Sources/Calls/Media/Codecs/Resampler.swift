import CSpeexDSP

/// Changes the rate of a stream of samples, band-limited (speexdsp).
struct Resampler: ~Copyable {
    private let state: OpaquePointer

    /// Of 0…10: its filter is 48 samples of the lower rate long, which costs little and keeps the band up to 3.4 kHz.
    private static let quality: Int32 = 4

    /// Nil when both rates are the same, or memory is short.
    static func make(from rate: SampleRate, to other: SampleRate) -> Resampler? {
        guard rate != other else { return nil }
        var status: Int32 = 0
        let state = speex_resampler_init(1, UInt32(rate.rawValue), UInt32(other.rawValue), quality, &status)
        return state.map { Resampler($0) }
    }

    private init(_ state: OpaquePointer) { self.state = state }

    deinit { speex_resampler_destroy(state) }

    /// Answers how many samples came out; what does not fit into `output` is lost.
    borrowing func process(
        _ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>
    ) -> Int {
        var (taken, made) = (UInt32(clamping: input.count), UInt32(clamping: output.count))
        guard let source = input.baseAddress, let target = output.baseAddress, taken > 0, made > 0 else { return 0 }
        _ = speex_resampler_process_int(state, 0, source, &taken, target, &made)
        return Int(made)
    }
}
