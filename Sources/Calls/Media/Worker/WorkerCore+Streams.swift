import RTP
import Wire

// What goes to audio streams, and what comes from them.
extension WorkerCore {
    /// A leg is on one stream at a time: the newest.
    mutating func stream(_ id: MediaLegID, _ stream: LegStream) {
        guard let leg = legs[id] else { return stream.close() }
        leg.pointee.dropStream()
        leg.pointee.stream = stream
        leg.pointee.streamTap = stream.heard.tap
        guard let speech = stream.speech else { return }
        let player = SpeechPlayerPointer.allocate(capacity: 1)
        player.initialize(to: SpeechPlayer(speech, at: stream.rate))
        player.pointee.tune(to: leg.pointee.formats?.encoding.audio)
        leg.pointee.speech = player
        wheels.startPacing(leg)
    }

    mutating func endStream(_ id: MediaLegID, _ stream: AudioStreamID) {
        guard let leg = legs[id], leg.pointee.stream?.id == stream else { return }
        if leg.pointee.isSpokenTo { leg.pointee.outgoing.interrupt() }
        leg.pointee.dropStream()
        if !leg.pointee.hearsFrames, !leg.pointee.isSendingDigits { wheels.stopPacing(leg) }
    }

    /// Sends the next 20 ms of a stream's speech; false when the leg hears what it hears without it.
    mutating func speak(_ player: SpeechPlayerPointer, to leg: LegPointer) -> Bool {
        guard !player.pointee.isSilent else {
            if leg.pointee.isSpokenTo { leg.pointee.outgoing.interrupt() }
            leg.pointee.isSpokenTo = false
            return false
        }
        leg.pointee.isSpokenTo = true
        guard let formats = leg.pointee.formats, formats.sends else {
            player.pointee.skip()
            return true
        }
        let packet = Packet(pool.take())
        let length = player.pointee.makeFrame(into: Self.payloadRoom(packet))
        if length > 0 { sendFrame(packet, length, formats, to: leg) } else { pool.giveBack(packet.buffer) }
        return true
    }
}
