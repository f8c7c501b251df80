import SDP

/// A leg's negotiated formats as the relay needs them: numbers, no strings.
struct LegFormats: Equatable {
    /// Codecs the relay distinguishes; the rest can only be carried.
    enum Encoding: Hashable {
        case pcmu
        case pcma
        case g722
        case opus
        case other(Int)
    }

    var encoding: Encoding
    var clockRate: UInt32
    var sendsAudioAs: UInt8
    var receivesAudioAs: UInt8
    /// `none` when digits were not agreed on.
    var sendsEventsAs: UInt8
    var receivesEventsAs: UInt8
    var eventClockRate: UInt32
    /// We may send to the peer.
    var sends: Bool
    /// The peer may send to us.
    var receives: Bool

    /// No payload type.
    static let none: UInt8 = 0xFF

    init(_ audio: NegotiatedAudio) {
        encoding = Encoding(audio.codec)
        clockRate = max(audio.codec.clockRate, 1)
        (sendsAudioAs, receivesAudioAs) = (audio.sendPayloadType, audio.receivePayloadType)
        sendsEventsAs = audio.telephoneEvent?.sendPayloadType ?? Self.none
        receivesEventsAs = audio.telephoneEvent?.receivePayloadType ?? Self.none
        eventClockRate = audio.telephoneEvent?.clockRate ?? 8000
        (sends, receives) = (audio.sends, audio.receives)
    }

    /// Samples of a 20 ms packet, in units of the clock.
    var samplesPerFrame: UInt32 { clockRate / 50 }
}

extension LegFormats.Encoding {
    /// What decodes and encodes it; nil for what can only be carried.
    var audio: AudioEncoding? {
        switch self {
        case .pcmu: .pcmu
        case .pcma: .pcma
        case .g722: .g722
        case .opus: .opus
        case .other: nil
        }
    }

    init(_ codec: Codec) {
        switch codec {
        case .pcmu: self = .pcmu
        case .pcma: self = .pcma
        case .g722: self = .g722
        case .opus: self = .opus
        default: self = .other(codec.description.lowercased().hashValue)
        }
    }
}
