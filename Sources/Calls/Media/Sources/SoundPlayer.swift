/// A player lives at a fixed place, like the leg that hears it.
typealias SoundPlayerPointer = UnsafeMutablePointer<SoundPlayer>

/// One leg's way through a sound: a payload each 20 ms, in whatever the leg speaks.
///
/// All memory is taken when it is made, or tuned to another encoding.
struct SoundPlayer: ~Copyable {
    /// Keeps the samples in memory; they are read through `samples`.
    private let sound: Sound
    /// Goes on from the beginning at the end.
    private let loops: Bool
    private var encoder: AudioEncoder?
    private var encoding: AudioEncoding?
    private var rate = SampleRate.narrowband
    private var samples: UnsafeBufferPointer<Int16>
    /// How far it is, in samples of 8000 Hz.
    private var position = 0
    private let frame: UnsafeMutableBufferPointer<Int16>

    init(_ sound: Sound, loops: Bool) {
        (self.sound, self.loops) = (sound, loops)
        encoder = nil
        samples = sound.narrow
        frame = .allocate(capacity: SampleRate.wideband.samplesPerFrame)
    }

    deinit { frame.deallocate() }

    /// Nothing is left to be heard; never of what goes round.
    var isOver: Bool { !loops && position >= sound.narrow.count }

    /// Makes what comes in another encoding from here on; nothing for one we cannot make.
    mutating func tune(to wanted: AudioEncoding?) {
        guard wanted != encoding else { return }
        (encoding, rate, samples) = (wanted, .narrowband, sound.narrow)
        guard let wanted else {
            encoder = nil
            return
        }
        if let wide = sound.wide, wanted.nativeRate(wanted: .wideband) == .wideband {
            (rate, samples) = (.wideband, wide)
        }
        encoder = AudioEncoder(wanted, at: rate)
    }

    /// Makes the next payload and answers its length; 0 where there is no encoder.
    mutating func makeFrame(into payload: UnsafeMutableRawBufferPointer) -> Int {
        let count = rate.samplesPerFrame
        fill(count)
        advance()
        return encoder?.encode(UnsafeBufferPointer(rebasing: frame[..<count]), into: payload) ?? 0
    }

    /// Lets 20 ms pass unheard.
    mutating func advance() {
        position += SampleRate.narrowband.samplesPerFrame
        if loops { position %= sound.narrow.count }
    }

    private mutating func fill(_ count: Int) {
        var place = position * (rate.rawValue / SampleRate.narrowband.rawValue)
        for index in 0..<count {
            if place >= samples.count, loops { place %= samples.count }
            frame[index] = place < samples.count ? samples[place] : 0
            place += 1
        }
    }
}
