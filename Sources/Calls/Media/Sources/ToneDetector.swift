import CSpanDSP
import RTP

/// Finds digits in a leg's audio (ITU-T Q.24).
///
/// spandsp does the listening: two blocks of 13 ms must agree that a digit began, and two that it ended, so speech that
/// resembles a digit for a moment is none. Everything it needs is allocated when it is made; no later packet
/// allocates anything.
struct ToneDetector: ~Copyable {
    /// What a stretch of audio changed.
    struct Change {
        /// The digit that is sounding now.
        let code: UInt8?
        /// The digit that sounded until now.
        let ended: TelephoneEventReceiver.Digit?
    }

    private struct State {
        /// Room for a stretch at twice its rate, as G.722 decodes to.
        var samples: UnsafeMutablePointer<Int16>
        /// The character spandsp named last; 0 is silence.
        var reported: UInt8 = 0
        var sounding: UInt8 = 0
        /// Samples since `sounding` began.
        var elapsed = 0
    }

    let encoding: LegFormats.Encoding
    private let receiver: OpaquePointer
    private let decoder: OpaquePointer?
    private let state: UnsafeMutablePointer<State>

    /// Samples looked at between two questions: less than a block of spandsp's, so that one answer comes at most.
    private static let stretch = 80
    /// What is quieter is no digit: a phone's tones leave it at −9 dBm0, and long lines take 26 dB at most.
    private static let threshold: Int32 = -36

    /// Whether we can decode a codec, to look for digits in it.
    static func understands(_ encoding: LegFormats.Encoding) -> Bool {
        switch encoding {
        case .pcmu, .pcma, .g722: true
        case .opus, .other: false
        }
    }

    /// Nil for a codec that we cannot decode.
    static func make(_ encoding: LegFormats.Encoding) -> ToneDetector? {
        var decoder: OpaquePointer?
        switch encoding {
        case .pcmu, .pcma: break
        case .g722:
            decoder = g722_decode_init(nil, 64_000, 0)
            guard decoder != nil else { return nil }
        case .opus, .other: return nil
        }
        guard let receiver = dtmf_rx_init(nil, nil, nil) else {
            if let decoder { g722_decode_free(decoder) }
            return nil
        }
        return ToneDetector(encoding, receiver, decoder)
    }

    private init(_ encoding: LegFormats.Encoding, _ receiver: OpaquePointer, _ decoder: OpaquePointer?) {
        (self.encoding, self.receiver, self.decoder) = (encoding, receiver, decoder)
        state = .allocate(capacity: 1)
        state.initialize(to: State(samples: .allocate(capacity: 2 * Self.stretch)))
        // Twist is left as it is: 8 dB when the lower tone is the louder, 4 dB when the higher one is.
        dtmf_rx_parms(receiver, 0, -1, -1, Self.threshold)
        dtmf_rx_set_realtime_callback(
            receiver,
            { state, code, _, _ in
                state?.assumingMemoryBound(to: State.self).pointee.reported = UInt8(truncatingIfNeeded: code)
            }, state)
    }

    deinit {
        dtmf_rx_free(receiver)
        if let decoder { g722_decode_free(decoder) }
        state.pointee.samples.deallocate()
        state.deallocate()
    }

    var isSounding: Bool { state.pointee.sounding != 0 }

    /// Listens until something changes or `payload` is used up; what was heard is taken off its front.
    borrowing func hear(_ payload: inout UnsafeRawBufferPointer) -> Change? {
        while !payload.isEmpty {
            let count = min(payload.count, Self.stretch)
            decode(UnsafeRawBufferPointer(rebasing: payload.prefix(count)))
            payload = UnsafeRawBufferPointer(rebasing: payload.dropFirst(count))
            if let change = listen(count) { return change }
        }
        return nil
    }

    /// Ends the digit of a peer that fell silent while it sounded.
    borrowing func hearSilence() -> Change? {
        for _ in 0..<6 {
            state.pointee.samples.update(repeating: 0, count: Self.stretch)
            if let change = listen(Self.stretch) { return change }
        }
        return nil
    }

    private borrowing func decode(_ payload: UnsafeRawBufferPointer) {
        let samples = state.pointee.samples
        switch encoding {
        case .pcmu: for (index, code) in payload.enumerated() { samples[index] = ulaw_to_linear(code) }
        case .pcma: for (index, code) in payload.enumerated() { samples[index] = alaw_to_linear(code) }
        case .g722:
            let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
            _ = g722_decode(decoder, samples, bytes, Int32(payload.count))
            // The mean of two is filter enough: digits lie far below the half of the band that folds down.
            for index in 0..<payload.count {
                samples[index] = Int16((Int(samples[2 * index]) + Int(samples[2 * index + 1])) / 2)
            }
        case .opus, .other: break
        }
    }

    private borrowing func listen(_ count: Int) -> Change? {
        dtmf_rx(receiver, state.pointee.samples, Int32(count))
        state.pointee.elapsed += count
        let (before, now) = (state.pointee.sounding, state.pointee.reported)
        guard now != before else { return nil }
        let milliseconds = state.pointee.elapsed / 8
        (state.pointee.sounding, state.pointee.elapsed) = (now, 0)
        return Change(
            code: Self.code(now),
            ended: Self.code(before).map { TelephoneEventReceiver.Digit(code: $0, milliseconds: milliseconds) })
    }

    private static func code(_ character: UInt8) -> UInt8? {
        character == 0 ? nil : TelephoneEvent.code(Character(Unicode.Scalar(character)))
    }
}
