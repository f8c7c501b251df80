import CLinux
import Glibc
import RTP
import Wire

// A packet's way from one leg to the other. What runs here runs for each packet.
extension WorkerCore {
    /// Takes an RTP packet that is the leg's own: its source is checked and SRTP opened.
    ///
    /// Answers whether the buffer is kept.
    @inline(__always)
    mutating func relay(_ packet: Packet, from leg: LegPointer) -> Bool {
        guard let header = RTPHeader(packet.contents), let formats = leg.pointee.formats else {
            counters.add(.malformed)
            return false
        }
        leg.pointee.packetsReceived &+= 1
        leg.pointee.bytesReceived &+= UInt64(packet.length)
        let isAudio = header.payloadType == formats.receivesAudioAs
        leg.pointee.reception.count(header, at: now, isAudio: isAudio)
        var target: UInt8
        var isWithheld = false
        if isAudio {
            if header.isSilence(in: packet.contents) { leg.pointee.silentPackets &+= 1 }
            target = leg.pointee.relaysAudioAs
            if leg.pointee.hearsTones, hearTones(packet, header, from: leg) {
                (target, isWithheld) = (LegFormats.none, true)
            }
        } else if header.payloadType == formats.receivesEventsAs {
            hearDigit(packet, header, from: leg)
            target = leg.pointee.relaysEventsAs
            // A digit is worth more than the rest of a short sound.
            if let partner = leg.pointee.partner, partner.pointee.interjection != nil { endInterjection(partner) }
        } else {
            target = LegFormats.none
        }
        guard let partner = leg.pointee.partner else {
            withoutPartner(packet, header, formats, isAudio: isAudio, leg)
            return false
        }
        if isAudio, !isWithheld { copyToListeners(packet, header, formats, of: leg) }
        guard target != LegFormats.none, !partner.pointee.isOverridden else {
            if let transcoder = leg.pointee.transcoder {
                if !isWithheld { feed(transcoder, packet, header, isAudio: isAudio) }
            } else {
                partner.pointee.outgoing.skip(header)
            }
            return false
        }
        guard var placed = partner.pointee.outgoing.place(header, at: now) else { return false }
        placed.payloadType = target
        // A plain header right in front of the payload: extensions and sources stay behind, the payload stays put.
        var moved = packet
        moved.offset += header.payloadOffset - RTPHeader.size
        moved.length = RTPHeader.size + header.payloadLength
        placed.write(to: moved.room)
        return deliver(moved, to: partner)
    }

    /// Takes what a leg says that is joined with no other: for the delayed echo or for a conference.
    private mutating func withoutPartner(
        _ packet: Packet, _ header: RTPHeader, _ formats: LegFormats, isAudio: Bool, _ leg: LegPointer
    ) {
        if let seat = leg.pointee.seat {
            if isAudio { copyToListeners(packet, header, formats, of: leg) }
            hear(packet, header, formats, at: seat, of: leg)
        } else if isAudio, leg.pointee.source != nil {
            record(packet, header, from: leg)
        }
    }

    /// Sends an RTP packet to a leg's peer; answers whether the buffer is kept for the batch.
    @inline(__always)
    mutating func deliver(_ packet: Packet, to leg: LegPointer) -> Bool {
        switch leg.pointee.kind {
        case .sip: return deliverToSIP(packet, leg)
        case .browser: return deliverToBrowser(packet, leg)
        case .tieLine:
            if deliverToTieLine(packet, leg) { count(packet, sentAs: packet.length, leg) }
            return false
        }
    }

    @inline(__always)
    private mutating func deliverToSIP(_ packet: Packet, _ leg: LegPointer) -> Bool {
        var whole = packet
        if leg.pointee.isSecured, !Self.protect(&whole, leg) { return false }
        let sent: Int
        if leg.pointee.isLatched {
            sent = send(leg.pointee.socket, whole.start, whole.length, Self.sendFlags)
        } else {
            guard let remote = leg.pointee.remote else { return false }
            sent = remote.withSockAddr {
                sendto(leg.pointee.socket, whole.start, whole.length, Self.sendFlags, $0, $1)
            }
        }
        guard sent == whole.length else {
            counters.add(.sendFailures)
            return false
        }
        count(packet, sentAs: whole.length, leg)
        counters.add(.sipPacketsSent)
        counters.add(.sipBytesSent, whole.length)
        return false
    }

    @inline(__always)
    private mutating func deliverToBrowser(_ packet: Packet, _ leg: LegPointer) -> Bool {
        var sealed = packet
        guard Self.protect(&sealed, leg) else { return false }
        count(packet, sentAs: sealed.length, leg)
        return enqueue(sealed, to: leg)
    }

    @inline(__always)
    private func count(_ packet: Packet, sentAs length: Int, _ leg: LegPointer) {
        if leg.pointee.packetsSent == 0 { leg.pointee.firstSentAt = now }
        leg.pointee.lastSentAt = now
        leg.pointee.packetsSent &+= 1
        leg.pointee.bytesSent &+= UInt64(length)
        leg.pointee.payloadSent &+= UInt32(truncatingIfNeeded: packet.length - RTPHeader.size)
    }

    /// Queues a datagram for a browser; the buffer is kept unless the browser is connected by TCP or not at all.
    @inline(__always)
    mutating func enqueue(_ packet: Packet, to leg: LegPointer) -> Bool {
        guard let remote = leg.pointee.remote else {
            sendOverTCP(packet, leg)
            return false
        }
        counters.add(.browserPacketsSent)
        counters.add(.browserBytesSent, packet.length)
        queue.append(packet, to: remote)
        if queue.isFull { flush() }
        return true
    }

    /// Seals a packet in place; false while there are no keys and when the engine refuses.
    @inline(__always)
    private static func protect(_ packet: inout Packet, _ leg: LegPointer) -> Bool {
        switch leg.pointee.outbound {
        case .none: return false
        case .some(let session):
            guard let length = try? session.protect(packet.room, length: packet.length) else { return false }
            packet.length = length
            return true
        }
    }

    static let sendFlags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
}

// Packets of our own.
extension WorkerCore {
    /// Makes and sends one packet: `fill` writes the payload and answers its length.
    mutating func sendOwn(_ header: RTPHeader, to leg: LegPointer, payload: (UnsafeMutableRawBufferPointer) -> Int) {
        var packet = Packet(pool.take())
        header.write(to: packet.room)
        packet.length = RTPHeader.size
        let room = UnsafeMutableRawBufferPointer(
            start: packet.start + RTPHeader.size, count: Packet.longest - RTPHeader.size)
        packet.length += payload(room)
        if !deliver(packet, to: leg) { pool.giveBack(packet.buffer) }
    }
}
