import COpus
import CSpanDSP

/// Makes samples of one stream's payloads: mono, linear, at the rate that was asked for.
///
/// What was lost is made up: in Opus by its own means, its redundancy in the next packet included, and else by going
/// on with the waveform. All memory is taken when it is made. A payload may hold anything at all.
package struct AudioDecoder: ~Copyable {
    package let encoding: AudioEncoding
    package let sampleRate: SampleRate
    private let handle: Handle
    private let resampler: Resampler?
    private var concealer: LossConcealer
    private var noise = ComfortNoise()
    /// Samples before their rate is changed.
    private let scratch: UnsafeMutableBufferPointer<Int16>

    private enum Handle {
        case none
        case g722(OpaquePointer)
        case opus(OpaquePointer)
    }

    /// Nil when memory is short.
    package init?(_ encoding: AudioEncoding, at sampleRate: SampleRate) {
        switch encoding {
        case .pcmu, .pcma: handle = .none
        case .g722:
            guard let decoder = g722_decode_init(nil, 64_000, 0) else { return nil }
            handle = .g722(decoder)
        case .opus:
            guard let decoder = opus_decoder_create(Int32(sampleRate.rawValue), 1, nil) else { return nil }
            handle = .opus(decoder)
        }
        (self.encoding, self.sampleRate) = (encoding, sampleRate)
        let native = encoding.nativeRate(wanted: sampleRate)
        resampler = Resampler.make(from: native, to: sampleRate)
        concealer = LossConcealer(native)
        scratch = .allocate(capacity: native.longestPacket)
    }

    deinit {
        switch handle {
        case .none: break
        case .g722(let decoder): g722_decode_free(decoder)
        case .opus(let decoder): opus_decoder_destroy(decoder)
        }
        scratch.deallocate()
    }

    /// Decodes one packet's payload and answers how many samples it gave; none when it is no payload of this encoding.
    ///
    /// `output` needs room for `SampleRate.longestPacket`.
    package mutating func decode(
        _ payload: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Int16>
    ) -> Int {
        guard let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self),
            encoding.duration(of: payload) != nil, output.count >= sampleRate.longestPacket
        else { return 0 }
        let count: Int
        if case .opus(let decoder) = handle {
            count = Self.decode(decoder, bytes, payload.count, output, redundancy: false)
        } else {
            count = decodeWaveform(UnsafeBufferPointer(start: bytes, count: payload.count), into: output)
        }
        if count > 0 { noise.stop() }
        return count
    }

    /// Makes up `count` samples, at most 60 ms: of what was lost, or of a silence that is not sent.
    ///
    /// `next` is the payload right after the loss, when it is there already. `output` needs room for another 2.5 ms.
    package mutating func conceal(
        _ count: Int, before next: UnsafeRawBufferPointer? = nil, into output: UnsafeMutableBufferPointer<Int16>
    ) {
        let room = UnsafeMutableBufferPointer(rebasing: output[..<min(count, output.count)])
        if noise.isOn { return noise.fill(room) }
        guard case .opus(let decoder) = handle else { return concealWaveform(room) }
        // Opus makes multiples of 2.5 ms.
        let unit = sampleRate.rawValue / 400
        let whole = UnsafeMutableBufferPointer(
            rebasing: output[..<min((count + unit - 1) / unit * unit, output.count / unit * unit)])
        let bytes = next?.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let made = Self.decode(decoder, bytes, next?.count ?? 0, whole, redundancy: bytes != nil)
        for index in min(made, room.count)..<room.count { room[index] = 0 }
    }

    /// From here to the next payload there is comfort noise (RFC 3389) instead of concealment.
    package mutating func startNoise(_ payload: UnsafeRawBufferPointer) { noise.start(payload) }

    private static func decode(
        _ decoder: OpaquePointer, _ bytes: UnsafePointer<UInt8>?, _ length: Int,
        _ output: UnsafeMutableBufferPointer<Int16>, redundancy: Bool
    ) -> Int {
        guard let target = output.baseAddress, !output.isEmpty else { return 0 }
        let made = opus_decode(
            decoder, bytes, Int32(clamping: length), target, Int32(clamping: output.count), redundancy ? 1 : 0)
        return max(0, Int(made))
    }

    // Losses are concealed before the rate is changed: the filter must hear them in their place.

    private mutating func decodeWaveform(
        _ payload: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<Int16>
    ) -> Int {
        switch resampler {
        case .none:
            let count = expand(payload, into: output)
            concealer.heard(UnsafeMutableBufferPointer(rebasing: output[..<count]))
            return count
        case .some(let resampler):
            let heard = UnsafeMutableBufferPointer(rebasing: scratch[..<expand(payload, into: scratch)])
            concealer.heard(heard)
            return resampler.process(UnsafeBufferPointer(heard), into: output)
        }
    }

    private mutating func concealWaveform(_ output: UnsafeMutableBufferPointer<Int16>) {
        switch resampler {
        case .none: concealer.conceal(output)
        case .some(let resampler):
            let native = encoding.nativeRate(wanted: sampleRate)
            let wanted = (output.count * native.rawValue + sampleRate.rawValue - 1) / sampleRate.rawValue
            let missing = UnsafeMutableBufferPointer(rebasing: scratch[..<min(wanted, scratch.count)])
            concealer.conceal(missing)
            let made = resampler.process(UnsafeBufferPointer(missing), into: output)
            for index in made..<max(made, output.count) { output[index] = 0 }
        }
    }

    private borrowing func expand(
        _ payload: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<Int16>
    ) -> Int {
        switch encoding {
        case .pcmu: for (index, code) in payload.enumerated() { output[index] = G711.linear(muLaw: code) }
        case .pcma: for (index, code) in payload.enumerated() { output[index] = G711.linear(aLaw: code) }
        case .g722:
            guard case .g722(let decoder) = handle else { return 0 }
            return Int(g722_decode(decoder, output.baseAddress, payload.baseAddress, Int32(clamping: payload.count)))
        case .opus: return 0
        }
        return payload.count
    }
}
