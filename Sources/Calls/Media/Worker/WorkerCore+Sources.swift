import RTP
import Wire

// Sound of our own: built-in sources, the delayed echo and what a transcoder makes.
extension WorkerCore {
    /// Serves a leg for another 20 ms.
    mutating func pace(_ leg: LegPointer) {
        if leg.pointee.isSendingDigits {
            stepDigits(leg)
            passUnheard(leg)
            return
        }
        guard let source = leg.pointee.source else {
            playTranscoded(leg)
            return
        }
        guard let formats = leg.pointee.formats, formats.sends else { return }
        switch source {
        case .tone(let track, let position): playTone(track, position, formats, leg)
        case .delay(let line): playDelayed(line, formats, leg)
        case .silence: playSilence(formats, leg)
        }
    }

    private mutating func playTone(
        _ track: ToneLibrary.Track, _ position: Int, _ formats: LegFormats, _ leg: LegPointer
    ) {
        guard let loop = tones.loop(track, formats.encoding) else {
            playSilence(formats, leg)
            return
        }
        let samples = Int(formats.samplesPerFrame)
        leg.pointee.source = .tone(track, position: (position + samples) % loop.count)
        let header = leg.pointee.outgoing.placeOwn(
            payloadType: formats.sendsAudioAs, samples: formats.samplesPerFrame, at: now)
        sendOwn(header, to: leg) { room in
            for index in 0..<samples { room[index] = loop[(position + index) % loop.count] }
            return samples
        }
    }

    private mutating func playSilence(_ formats: LegFormats, _ leg: LegPointer) {
        guard let silence = formats.silence else { return }
        let samples = Int(formats.samplesPerFrame)
        let header = leg.pointee.outgoing.placeOwn(
            payloadType: formats.sendsAudioAs, samples: formats.samplesPerFrame, at: now)
        sendOwn(header, to: leg) { room in
            for index in 0..<samples { room[index] = silence }
            return samples
        }
    }

    /// Keeps what the leg's peer says, when it is to be said back later.
    mutating func record(_ packet: Packet, _ header: RTPHeader, from leg: LegPointer) {
        guard case .delay(let line) = leg.pointee.source, !leg.pointee.isMuted else { return }
        let payload = packet.contents[header.payloadOffset..<(header.payloadOffset + header.payloadLength)]
        line.append(header, UnsafeRawBufferPointer(rebasing: payload), at: now)
    }

    private mutating func playDelayed(_ line: DelayLine, _ formats: LegFormats, _ leg: LegPointer) {
        while let (header, payload) = line.next(at: now) {
            guard var placed = leg.pointee.outgoing.place(header, at: now) else { continue }
            placed.payloadType = formats.sendsAudioAs
            sendOwn(placed, to: leg) { room in
                room.copyMemory(from: payload)
                return payload.count
            }
        }
    }
}
