import RTP
import Wire

// Between legs that share no encoding.
extension WorkerCore {
    /// Lets what a leg says be transcoded by a route, or not at all.
    ///
    /// A transcoder whose route stays is kept, with all it knows of the path.
    mutating func transcode(_ leg: LegPointer, _ route: TranscodingRoute?) {
        if let old = leg.pointee.transcoder, old.pointee.route != route { drop(old, of: leg) }
        guard let route, let partner = leg.pointee.partner else { return }
        if leg.pointee.transcoder == nil { leg.pointee.transcoder = make(route) }
        if leg.pointee.transcoder != nil { wheels.startPacing(partner) }
    }

    /// Nil when memory is short: then nothing is heard, which the statistics show.
    private func make(_ route: TranscodingRoute) -> TranscoderPointer? {
        guard let transcoder = Transcoder(route) else { return nil }
        let pointer = TranscoderPointer.allocate(capacity: 1)
        pointer.initialize(to: transcoder)
        counters.add(.transcoders, route)
        return pointer
    }

    private func drop(_ transcoder: TranscoderPointer, of leg: LegPointer) {
        counters.add(.transcoders, transcoder.pointee.route, -1)
        leg.pointee.transcoder = nil
        transcoder.deinitialize(count: 1)
        transcoder.deallocate()
    }

    /// Gives a packet that is not relayed to the transcoder, when it is audio or the noise that stands for it.
    func feed(_ transcoder: TranscoderPointer, _ packet: Packet, _ header: RTPHeader, isAudio: Bool) {
        let end = header.payloadOffset + header.payloadLength
        let payload = UnsafeRawBufferPointer(rebasing: packet.contents[header.payloadOffset..<end])
        if isAudio {
            transcoder.pointee.receive(header, payload, at: now)
        } else if header.payloadType == Self.comfortNoise {
            transcoder.pointee.receiveNoise(header, payload, at: now)
        }
    }

    /// Of a clock of 8000 Hz (RFC 3551 section 6); senders use it without asking.
    static let comfortNoise: UInt8 = 13

    /// Sends a leg's peer the next 20 ms of what its partner says.
    mutating func playTranscoded(_ leg: LegPointer) {
        guard let transcoder = leg.pointee.partner?.pointee.transcoder, let formats = leg.pointee.formats else {
            if leg.pointee.speech == nil { wheels.stopPacing(leg) }
            return
        }
        let packet = Packet(pool.take())
        let length = transcoder.pointee.makeFrame(into: Self.payloadRoom(packet), at: now)
        guard length > 0 else {
            pool.giveBack(packet.buffer)
            leg.pointee.outgoing.interrupt()
            return
        }
        counters.add(.frames, transcoder.pointee.route)
        sendFrame(packet, length, formats, to: leg)
    }

    /// Sends 20 ms of ours whose payload of so many bytes is in the packet's room.
    mutating func sendFrame(_ packet: Packet, _ length: Int, _ formats: LegFormats, to leg: LegPointer) {
        let header = leg.pointee.outgoing.placeOwn(
            payloadType: formats.sendsAudioAs, samples: formats.samplesPerFrame, at: now)
        header.write(to: packet.room)
        var whole = packet
        whole.length = RTPHeader.size + length
        if !deliver(whole, to: leg) { pool.giveBack(packet.buffer) }
    }

    /// While digits, an announcement or a stream's speech go out, what others say goes by, so that it is not heard late
    /// afterwards.
    mutating func passUnheard(_ leg: LegPointer) {
        if leg.pointee.seat != nil, let conference = leg.pointee.conference { return mix(conference) }
        guard let transcoder = leg.pointee.partner?.pointee.transcoder else { return }
        let packet = Packet(pool.take())
        _ = transcoder.pointee.makeFrame(into: Self.payloadRoom(packet), at: now)
        pool.giveBack(packet.buffer)
    }

    static func payloadRoom(_ packet: Packet) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            start: packet.start + RTPHeader.size, count: Packet.longest - RTPHeader.size)
    }
}
