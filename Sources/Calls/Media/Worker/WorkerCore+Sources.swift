import RTP
import Wire

// Sound of our own: built-in sources, announcements, the delayed echo and what a transcoder makes.
extension WorkerCore {
    /// Serves a leg for another 20 ms.
    mutating func pace(_ leg: LegPointer) {
        if leg.pointee.isSendingDigits {
            stepDigits(leg)
            leg.pointee.speech?.pointee.skip()
            passUnheard(leg)
            return
        }
        if let interjection = leg.pointee.interjection {
            playInterjection(interjection, leg)
            leg.pointee.speech?.pointee.skip()
            passUnheard(leg)
            return
        }
        if let announcement = leg.pointee.announcement {
            playAnnouncement(announcement, leg)
            leg.pointee.speech?.pointee.skip()
            passUnheard(leg)
            return
        }
        if let speech = leg.pointee.speech, speak(speech, to: leg) {
            passUnheard(leg)
            return
        }
        if let seat = leg.pointee.seat, let conference = leg.pointee.conference {
            playMixed(seat, of: conference, to: leg)
            return
        }
        guard let source = leg.pointee.source else {
            playTranscoded(leg)
            return
        }
        switch source {
        case .sound(let player): play(player, to: leg)
        case .delay(let line): playDelayed(line, leg)
        }
    }

    /// Sends the next 20 ms of a sound; where nothing may be sent, time passes nevertheless.
    mutating func play(_ player: SoundPlayerPointer, to leg: LegPointer) {
        guard let formats = leg.pointee.formats, formats.sends else {
            player.pointee.advance()
            return
        }
        let packet = Packet(pool.take())
        let length = player.pointee.makeFrame(into: Self.payloadRoom(packet))
        guard length > 0 else {
            pool.giveBack(packet.buffer)
            leg.pointee.outgoing.interrupt()
            return
        }
        sendFrame(packet, length, formats, to: leg)
    }

    /// Keeps what the leg's peer says, when it is to be said back later.
    mutating func record(_ packet: Packet, _ header: RTPHeader, from leg: LegPointer) {
        guard case .delay(let line) = leg.pointee.source, !leg.pointee.isMuted else { return }
        let payload = packet.contents[header.payloadOffset..<(header.payloadOffset + header.payloadLength)]
        line.append(header, UnsafeRawBufferPointer(rebasing: payload), at: now)
    }

    private mutating func playDelayed(_ line: DelayLine, _ leg: LegPointer) {
        guard let formats = leg.pointee.formats, formats.sends else { return }
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

// Announcements: what a leg hears in place of everything else, until they end.
extension WorkerCore {
    mutating func announce(_ announcement: Announcement, to leg: LegPointer) {
        stopAnnouncement(leg)
        leg.pointee.announcement = makePlayer(announcement.sound, loops: announcement.loops, leg)
        leg.pointee.announcementID = announcement.id
        wheels.startPacing(leg)
    }

    /// Ends an announcement before its time; without effect where there is none.
    mutating func stopAnnouncement(_ leg: LegPointer) { endAnnouncement(leg, isWhole: false) }

    private mutating func playAnnouncement(_ player: SoundPlayerPointer, _ leg: LegPointer) {
        play(player, to: leg)
        if player.pointee.isOver { endAnnouncement(leg, isWhole: true) }
    }

    /// Lets the leg hear again what it heard before.
    private mutating func endAnnouncement(_ leg: LegPointer, isWhole: Bool) {
        guard let player = leg.pointee.announcement else { return }
        leg.pointee.announcement = nil
        player.deinitialize(count: 1)
        player.deallocate()
        tell(.announced(leg.pointee.id, leg.pointee.announcementID, isWhole: isWhole))
        if !leg.pointee.hearsFrames, !leg.pointee.isSendingDigits { wheels.stopPacing(leg) }
    }

    /// A player tuned to what the leg speaks.
    func makePlayer(_ sound: Sound, loops: Bool, _ leg: LegPointer) -> SoundPlayerPointer {
        let player = SoundPlayerPointer.allocate(capacity: 1)
        player.initialize(to: SoundPlayer(sound, loops: loops))
        player.pointee.tune(to: leg.pointee.formats?.encoding.audio)
        return player
    }

    /// Lets what the leg hears of ours go on in what it speaks now.
    func retune(_ leg: LegPointer) {
        let encoding = leg.pointee.formats?.encoding.audio
        leg.pointee.announcement?.pointee.tune(to: encoding)
        leg.pointee.interjection?.pointee.tune(to: encoding)
        leg.pointee.speech?.pointee.tune(to: encoding)
        if case .sound(let player) = leg.pointee.source { player.pointee.tune(to: encoding) }
    }
}
