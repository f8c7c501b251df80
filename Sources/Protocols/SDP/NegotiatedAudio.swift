/// What an offer and its answer agreed on for one audio stream, seen from our side.
package struct NegotiatedAudio: Hashable, Sendable {
    package let codec: Codec
    /// The payload type we put into packets to the other end.
    package let sendPayloadType: UInt8
    /// The payload type the other end was told to put into packets to us.
    package let receivePayloadType: UInt8
    /// Digits, when both understand them.
    package let telephoneEvent: NegotiatedTelephoneEvent?
    /// Seen from us.
    package var direction: MediaDirection
    /// Milliseconds of audio per packet.
    package let packetTime: UInt16
    /// SRTP by keys in the descriptions; nil for plain RTP, and for browsers, whose keys come from DTLS.
    package var crypto: SDESKeys?

    package init(
        codec: Codec, sendPayloadType: UInt8, receivePayloadType: UInt8,
        telephoneEvent: NegotiatedTelephoneEvent? = nil, direction: MediaDirection = .sendrecv, packetTime: UInt16 = 20
    ) {
        (self.codec, self.telephoneEvent) = (codec, telephoneEvent)
        (self.sendPayloadType, self.receivePayloadType) = (sendPayloadType, receivePayloadType)
        (self.direction, self.packetTime) = (direction, packetTime)
    }

    package var sends: Bool { direction.sends }
    package var receives: Bool { direction.receives }
}

/// The agreed telephone-event format: its payload types each way and its clock.
package struct NegotiatedTelephoneEvent: Hashable, Sendable {
    package let sendPayloadType: UInt8
    package let receivePayloadType: UInt8
    package let clockRate: UInt32

    package init(sendPayloadType: UInt8, receivePayloadType: UInt8, clockRate: UInt32) {
        (self.sendPayloadType, self.receivePayloadType) = (sendPayloadType, receivePayloadType)
        self.clockRate = clockRate
    }
}
