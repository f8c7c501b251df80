import RTP
import Wire

// Conferences: alone a leg hears music, two are joined like any pair, more are mixed.
extension WorkerCore {
    /// Lets a leg take part in a conference, ending what it heard before.
    mutating func confer(_ leg: LegPointer, in id: ConferenceID) {
        if let conference = leg.pointee.conference, conference.pointee.id == id { return }
        detach(leg)
        let conference = conferences[id] ?? open(id)
        conference.pointee.add(leg)
        leg.pointee.conference = conference
        counters.add(.conferenceLegs)
        arrange(conference)
    }

    /// Lets a leg leave its conference; what it hears is the caller's business.
    mutating func leaveConference(_ leg: LegPointer) {
        guard let conference = leg.pointee.conference else { return }
        leg.pointee.conference = nil
        conference.pointee.remove(leg)
        counters.add(.conferenceLegs, -1)
        unlink(leg)
        arrange(conference)
    }

    private mutating func open(_ id: ConferenceID) -> ConferencePointer {
        let conference = ConferencePointer.allocate(capacity: 1)
        conference.initialize(to: Conference(id))
        conferences[id] = conference
        counters.add(.conferences)
        return conference
    }

    private mutating func close(_ conference: ConferencePointer) {
        conferences[conference.pointee.id] = nil
        counters.add(.conferences, -1)
        conference.deinitialize(count: 1)
        conference.deallocate()
    }

    /// Settles how the members hear each other, now that there are so many.
    private mutating func arrange(_ conference: ConferencePointer) {
        let members = conference.pointee.members
        switch members.count {
        case 0: close(conference)
        case 1:
            unlink(members[0])
            begin(.music, to: members[0])
        case 2:
            for member in members { unlink(member) }
            link(members[0], members[1])
        default:
            for member in members where member.pointee.seat == nil {
                unlink(member)
                takeSeat(member)
            }
        }
    }

    /// Gives a member of a mix its place, in what it speaks; one of a codec that can only be carried hears nothing.
    private mutating func takeSeat(_ leg: LegPointer) {
        guard let encoding = leg.pointee.formats?.encoding.audio, let seat = ConferenceSeat(encoding) else { return }
        let pointer = SeatPointer.allocate(capacity: 1)
        pointer.initialize(to: seat)
        leg.pointee.seat = pointer
        wheels.startPacing(leg)
    }

    /// A member of a mix may speak another codec from now on.
    mutating func reseat(_ leg: LegPointer) {
        guard let conference = leg.pointee.conference, conference.pointee.members.count > 2,
            leg.pointee.formats?.encoding.audio != leg.pointee.seat?.pointee.encoding
        else { return }
        unlink(leg)
        takeSeat(leg)
    }

    /// Has the members' sound of this 20 ms summed, if it has not been.
    mutating func mix(_ conference: ConferencePointer) {
        guard conference.pointee.mix(wheels.frame, at: now) else { return }
        let members = conference.pointee.members
        for index in members.indices {
            guard let seat = members[index].pointee.seat, let isSpeaking = seat.pointee.takeChange() else { continue }
            tell(.speaking(members[index].pointee.id, isSpeaking))
        }
    }

    /// Sends a member what the others say.
    mutating func playMixed(_ seat: SeatPointer, of conference: ConferencePointer, to leg: LegPointer) {
        mix(conference)
        guard let formats = leg.pointee.formats, formats.sends else { return }
        let packet = Packet(pool.take())
        let length = seat.pointee.encode(conference.pointee.sound(for: seat), into: Self.payloadRoom(packet))
        guard length > 0 else {
            pool.giveBack(packet.buffer)
            leg.pointee.outgoing.interrupt()
            return
        }
        sendFrame(packet, length, formats, to: leg)
    }

    /// Takes what a member of a mix says, unless it is muted or on hold.
    func hear(_ packet: Packet, _ header: RTPHeader, _ formats: LegFormats, at seat: SeatPointer, of leg: LegPointer) {
        guard !leg.pointee.isMuted, formats.receives else { return }
        let end = header.payloadOffset + header.payloadLength
        let payload = UnsafeRawBufferPointer(rebasing: packet.contents[header.payloadOffset..<end])
        if header.payloadType == formats.receivesAudioAs {
            seat.pointee.receive(header, payload, at: now)
        } else if header.payloadType == Self.comfortNoise {
            seat.pointee.receiveNoise(header, payload, at: now)
        }
    }
}
