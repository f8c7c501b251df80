import RTP
import Wire

// What goes to audio streams, and what comes from them.
extension WorkerCore {
    /// A leg is on one stream at a time: the newest.
    mutating func stream(_ id: MediaLegID, _ rings: StreamRings) {
        guard let leg = legs[id] else { return rings.close() }
        leaveStream(leg)
        let stream = LegStreamPointer.allocate(capacity: 1)
        stream.initialize(to: LegStream(rings))
        leg.pointee.stream = stream
        guard let player = stream.pointee.player else { return }
        player.pointee.tune(to: leg.pointee.formats?.encoding.audio)
        wheels.startPacing(leg)
    }

    mutating func endStream(_ id: MediaLegID, _ stream: AudioStreamID) {
        guard let leg = legs[id], leg.pointee.stream?.pointee.id == stream else { return }
        leaveStream(leg)
    }

    private mutating func leaveStream(_ leg: LegPointer) {
        if leg.pointee.isSpokenTo { leg.pointee.outgoing.interrupt() }
        leg.pointee.dropStream()
        if !leg.pointee.hearsFrames, !leg.pointee.isSendingDigits { wheels.stopPacing(leg) }
    }

    /// Sends the next 20 ms of a stream's speech; false when the leg hears what it hears without it.
    mutating func speak(_ player: SpeechPlayerPointer, to leg: LegPointer) -> Bool {
        guard !player.pointee.isSilent else {
            if leg.pointee.isSpokenTo { leg.pointee.outgoing.interrupt() }
            leg.pointee.stream?.pointee.isSpeaking = false
            return false
        }
        leg.pointee.stream?.pointee.isSpeaking = true
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
