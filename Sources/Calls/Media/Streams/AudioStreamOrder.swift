import Wire

/// Identifies one audio stream while it runs; never reused while the process lives.
package struct AudioStreamID: SerialID {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// How a stream's samples travel, mono, 20 ms at once.
package enum StreamEncoding: String, Sendable, CaseIterable {
    /// 16 bits, linear, little-endian.
    case pcm16
    /// ITU-T G.711, law µ.
    case mulaw
}

/// What somebody outside hears of a call, and says in it.
package struct AudioStreamOrder: Hashable, Sendable {
    package let encoding: StreamEncoding
    /// 8 or 16 kHz, for both directions.
    package let rate: SampleRate
    /// Whose voice is sent; each in frames of its own.
    package let tracks: Set<RecordingSide>

    package init(encoding: StreamEncoding, rate: SampleRate, tracks: Set<RecordingSide>) {
        (self.encoding, self.rate, self.tracks) = (encoding, rate, tracks)
    }
}

/// What comes of a stream, on the control loop.
package enum AudioStreamEvent: Hashable, Sendable {
    /// 20 ms of what one side says, encoded.
    case heard(RecordingSide, [UInt8])
    /// What was said before this mark has been played, or dropped by `clearSpeech`.
    case marked(String)
    /// So many milliseconds of what was said found no room.
    case dropped(milliseconds: Int)
}
