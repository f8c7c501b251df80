import CSpeexDSP

/// Changes the rate of a whole piece of sound that comes block by block, between any rates (speexdsp).
///
/// The sound's beginning and its length in time stay. Nothing but the result grows with it.
struct WholeResampler: ~Copyable {
    /// Nil when both rates are the same.
    private let state: OpaquePointer?
    private let rate: Int
    private let target: Int
    /// Samples of the sound so far.
    private var taken = 0
    private var output: [Int16] = []
    private var block = [Int16](repeating: 0, count: blockLength)

    /// The best there is, for what is changed once and heard often.
    private static let finest: Int32 = 10
    /// Samples that come out at once.
    private static let blockLength = 4096

    /// From a rate to another, in Hz; nil when memory is short.
    init?(from rate: Int, to target: Int) {
        (self.rate, self.target) = (rate, target)
        guard rate != target else {
            state = nil
            return
        }
        var status: Int32 = 0
        guard let state = speex_resampler_init(1, UInt32(rate), UInt32(target), Self.finest, &status) else {
            return nil
        }
        speex_resampler_skip_zeros(state)
        self.state = state
    }

    deinit {
        if let state { speex_resampler_destroy(state) }
    }

    mutating func append(_ samples: [Int16]) {
        taken += samples.count
        process(samples)
    }

    /// The whole of it.
    consuming func finish() -> [Int16] {
        guard state != nil, taken > 0 else { return output }
        // The filter's end comes out when something follows it.
        process([Int16](repeating: 0, count: rate / 10))
        let length = (taken * target + rate - 1) / rate
        if output.count > length { output.removeLast(output.count - length) }
        return output
    }

    private mutating func process(_ samples: [Int16]) {
        guard let state else { return output.append(contentsOf: samples) }
        samples.withUnsafeBufferPointer { samples in
            var rest = samples[...]
            while let start = UnsafeBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                var (used, made) = (UInt32(clamping: rest.count), UInt32(Self.blockLength))
                _ = speex_resampler_process_int(state, 0, start, &used, &block, &made)
                output.append(contentsOf: block[..<Int(made)])
                guard used > 0 || made > 0 else { return }
                rest = rest.dropFirst(Int(used))
            }
        }
    }
}
