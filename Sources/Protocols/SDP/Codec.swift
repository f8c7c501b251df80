import Wire

/// An audio encoding as `a=rtpmap` names it (RFC 8866 section 6.6): two legs that share one can be relayed untouched.
///
/// Equality ignores the case of the encoding's name, as the grammar does. Format parameters are no part of it; they
/// stand in `PayloadFormat`.
package struct Codec: Sendable, CustomStringConvertible {
    package let encoding: String
    /// The RTP clock in Hz, which for G.722 is 8000 although it samples at 16000 (RFC 3551 section 4.5.2).
    package let clockRate: UInt32
    package let channels: UInt8

    package init(encoding: String, clockRate: UInt32, channels: UInt8 = 1) {
        (self.encoding, self.clockRate, self.channels) = (encoding, clockRate, channels)
    }

    package static let pcmu = Codec(encoding: "PCMU", clockRate: 8000)
    package static let pcma = Codec(encoding: "PCMA", clockRate: 8000)
    package static let g722 = Codec(encoding: "G722", clockRate: 8000)
    package static let opus = Codec(encoding: "opus", clockRate: 48000, channels: 2)

    /// What the relay carries, best sound first.
    package static let relayable: [Codec] = [.opus, .g722, .pcma, .pcmu]

    package var description: String {
        channels > 1 ? "\(encoding)/\(clockRate)/\(channels)" : "\(encoding)/\(clockRate)"
    }
}

extension Codec: Hashable {
    package static func == (left: Codec, right: Codec) -> Bool {
        left.clockRate == right.clockRate && left.channels == right.channels
            && ASCII.equalIgnoringCase(left.encoding, right.encoding)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(clockRate)
        hasher.combine(channels)
    }
}

extension Codec {
    /// The encoding of a payload type that needs no `a=rtpmap` (RFC 3551 table 4); nil for every other number.
    package init?(staticPayloadType: UInt8) {
        switch staticPayloadType {
        case 0: self = .pcmu
        case 3: self.init(encoding: "GSM", clockRate: 8000)
        case 4: self.init(encoding: "G723", clockRate: 8000)
        case 8: self = .pcma
        case 9: self = .g722
        case 13: self.init(encoding: "CN", clockRate: 8000)
        case 15: self.init(encoding: "G728", clockRate: 8000)
        case 18: self.init(encoding: "G729", clockRate: 8000)
        default: return nil
        }
    }

    /// The payload type this encoding has for ever, if it has one.
    package var staticPayloadType: UInt8? {
        switch self {
        case .pcmu: 0
        case .pcma: 8
        case .g722: 9
        default: nil
        }
    }

    /// Reads `opus/48000/2`; nil when the clock is missing or no number.
    init?(rtpmap: Span<UInt8>) {
        var words = Words(rtpmap, at: UInt8(ascii: "/"))
        guard let encoding = words.next(), let digits = words.next(),
            let clock = ASCII.decimal(digits, maximumDigits: 9), clock > 0
        else { return nil }
        var channels: UInt64 = 1
        if let count = words.rest { channels = ASCII.decimal(count, maximumDigits: 2) ?? 1 }
        let read = Codec(encoding: text(encoding), clockRate: UInt32(clock), channels: UInt8(max(channels, 1)))
        // RFC 7587 section 7 demands "/2"; peers that leave it out mean the same format.
        let isBareOpus = read == Codec(encoding: "opus", clockRate: 48000)
        self = isBareOpus ? .opus : read
    }
}

/// One format of an m-line: the number packets carry, the encoding it stands for and its `a=fmtp` text.
package struct PayloadFormat: Hashable, Sendable {
    package let payloadType: UInt8
    package let codec: Codec
    /// The text after the number in `a=fmtp`; empty when there is none.
    package let parameters: String

    package init(payloadType: UInt8, codec: Codec, parameters: String = "") {
        (self.payloadType, self.codec, self.parameters) = (payloadType, codec, parameters)
    }
}

/// A telephone-event format (RFC 4733): digits travel under this payload type in a clock of this rate.
package struct TelephoneEventFormat: Hashable, Sendable {
    package let payloadType: UInt8
    package let clockRate: UInt32

    package init(payloadType: UInt8, clockRate: UInt32) {
        (self.payloadType, self.clockRate) = (payloadType, clockRate)
    }
}
