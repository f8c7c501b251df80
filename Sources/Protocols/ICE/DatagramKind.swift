/// What a datagram on a WebRTC port is, told by its first byte (RFC 7983 section 7).
///
///              +----------------+
///              |        [0..3] -+--> STUN
///              |                |
///              |      [16..19] -+--> ZRTP
///              |                |
///   packet --> |      [20..63] -+--> DTLS
///              |                |
///              |      [64..79] -+--> TURN channel
///              |                |
///              |    [128..191] -+--> RTP or RTCP
///              +----------------+
package enum DatagramKind: Sendable {
    case stun
    case dtls
    /// RTP and RTCP, protected or not.
    case rtp
    case other

    /// Sorts by the first byte; a datagram shorter than its kind's fixed header is `other`.
    package init(_ datagram: RawSpan) {
        guard datagram.byteCount >= 12 else {
            self = datagram.byteCount >= 8 && datagram.byte(at: 0) & 0xC0 == 0x80 ? .rtp : .other
            return
        }
        switch datagram.byte(at: 0) {
        case 0...3: self = datagram.byteCount >= STUN.headerLength ? .stun : .other
        case 20...63: self = datagram.byteCount > 13 ? .dtls : .other
        case 128...191: self = .rtp
        default: self = .other
        }
    }
}
