import COpus

/// An encoding whose sound we can make and take apart, for whoever needs the samples themselves.
package enum AudioEncoding: String, Hashable, Sendable, CaseIterable {
    case pcmu = "PCMU"
    case pcma = "PCMA"
    case g722 = "G722"
    case opus

    /// The clock of its RTP timestamps in Hz, which for G.722 is half its sample rate (RFC 3551 section 4.5.2).
    package var clockRate: UInt32 { self == .opus ? 48_000 : 8000 }

    /// The rate its samples are made at; Opus makes whichever is asked for.
    func nativeRate(wanted: SampleRate) -> SampleRate {
        switch self {
        case .pcmu, .pcma: .narrowband
        case .g722: .wideband
        case .opus: wanted
        }
    }

    /// The least rate that keeps what both encodings can carry.
    static func commonRate(_ one: AudioEncoding, _ other: AudioEncoding) -> SampleRate {
        one.isNarrowband || other.isNarrowband ? .narrowband : .wideband
    }

    private var isNarrowband: Bool { self == .pcmu || self == .pcma }

    /// How long a payload lasts in ticks of the RTP clock; nil when it is none of this encoding, or longer than 120 ms.
    package func duration(of payload: UnsafeRawBufferPointer) -> UInt32? {
        guard let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self), !payload.isEmpty else { return nil }
        let ticks =
            self == .opus
            ? Int(opus_packet_get_nb_samples(bytes, Int32(clamping: payload.count), Int32(clockRate)))
            // G.711 and G.722 at 64 kbit/s: eight bytes a millisecond.
            : payload.count
        return ticks > 0 && ticks <= Int(clockRate) * 120 / 1000 ? UInt32(ticks) : nil
    }
}

/// The rates samples are handed over at, mono and linear, 16 bits each.
package enum SampleRate: Int, Hashable, Sendable, CaseIterable {
    case narrowband = 8000
    case wideband = 16_000
    case fullband = 48_000

    /// Samples of the 20 ms that an encoder takes at once.
    package var samplesPerFrame: Int { rawValue / 50 }

    /// Samples of the longest packet, 120 ms.
    package var longestPacket: Int { rawValue * 120 / 1000 }
}
