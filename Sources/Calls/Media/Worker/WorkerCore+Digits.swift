import RTP
import Wire

// Digits: heard from a peer, and sent to one.
extension WorkerCore {
    /// Tells call control of the digits a packet ends.
    mutating func hearDigit(_ packet: Packet, _ header: RTPHeader, from leg: LegPointer) {
        let end = header.payloadOffset + header.payloadLength
        let payload = UnsafeRawBufferPointer(rebasing: packet.contents[header.payloadOffset..<end])
        guard let formats = leg.pointee.formats, formats.receives, !leg.pointee.isMuted,
            let event = TelephoneEvent(payload)
        else { return }
        let ended = leg.pointee.digitReceiver.receive(
            event, timestamp: header.timestamp, ssrc: header.ssrc, at: now)
        tell(ended.0, leg)
        tell(ended.1, leg)
    }

    mutating func tell(_ digit: TelephoneEventReceiver.Digit?, _ leg: LegPointer, isTone: Bool = false) {
        guard let digit, let character = TelephoneEvent.digit(digit.code) else { return }
        let paidUntil = max(leg.pointee.digitsPaidUntil, now)
        guard paidUntil - now < Self.digitInterval * Self.digitsAtOnce else {
            counters.add(.digitsRefused)
            return
        }
        leg.pointee.digitsPaidUntil = paidUntil + Self.digitInterval
        tell(.digit(leg.pointee.id, character, milliseconds: digit.milliseconds))
        guard leg.pointee.isHeard, let partner = leg.pointee.partner else { return }
        let isRelayed = isTone ? !leg.pointee.withholdsTones : leg.pointee.relaysEventsAs != LegFormats.none
        // Nothing is relayed to a partner who hears an announcement.
        guard !isRelayed || partner.pointee.announcement != nil else { return }
        send([digit.code], to: partner)
    }

    /// The shortest digit there is (Q.24: 40 ms): call control hears no more of a leg in the long run, because each packet
    /// of a flood can be a digit of its own.
    private static let digitInterval = Duration.milliseconds(40)
    /// What may come together after the network held it up.
    private static let digitsAtOnce = 16
}

// Tones, on legs that have nothing better.
extension WorkerCore {
    mutating func setDTMF(_ mode: DTMFMode, _ leg: LegPointer) {
        guard leg.pointee.dtmf != mode else { return }
        leg.pointee.dtmf = mode
        if leg.pointee.isSendingDigits {
            leg.pointee.digitSender.cancel()
            leg.pointee.toneQueue.cancel()
            endDigits(leg)
        }
        refreshDetector(leg)
        if let partner = leg.pointee.partner, partner != leg { refreshRoutes(partner) }
    }

    /// Listens to a leg's audio exactly while its peer has no other way to send digits.
    func refreshDetector(_ leg: LegPointer) {
        guard leg.pointee.dtmf == .inBand, leg.pointee.kind != .tieLine, let formats = leg.pointee.formats,
            formats.receivesEventsAs == LegFormats.none
        else {
            leg.pointee.detector = nil
            leg.pointee.hearsTones = false
            return
        }
        guard !Self.listens(leg, to: formats.encoding) else { return }
        // Made when there is something to hear: calls that are merely up do without.
        leg.pointee.hearsTones = ToneDetector.understands(formats.encoding)
        leg.pointee.detector = nil
    }

    private static func hasDetector(_ leg: LegPointer) -> Bool {
        switch leg.pointee.detector {
        case .none: false
        case .some: true
        }
    }

    private static func listens(_ leg: LegPointer, to encoding: LegFormats.Encoding) -> Bool {
        switch leg.pointee.detector {
        case .none: false
        case .some(let detector): detector.encoding == encoding
        }
    }

    /// Looks for digits in a packet of audio; answers whether it belongs to a tone that is not to be relayed.
    mutating func hearTones(_ packet: Packet, _ header: RTPHeader, from leg: LegPointer) -> Bool {
        guard !leg.pointee.isMuted, leg.pointee.formats?.receives == true else { return false }
        if !Self.hasDetector(leg), let encoding = leg.pointee.formats?.encoding {
            leg.pointee.detector = ToneDetector.make(encoding)
            leg.pointee.hearsTones = Self.hasDetector(leg)
        }
        let end = header.payloadOffset + header.payloadLength
        var rest = UnsafeRawBufferPointer(rebasing: packet.contents[header.payloadOffset..<end])
        var isSounding = Self.isSounding(leg)
        while let change = Self.hear(&rest, leg) {
            isSounding = isSounding || change.code != nil
            tell(change.ended, leg, isTone: true)
        }
        return isSounding && leg.pointee.withholdsTones
    }

    /// A digit whose sender stopped sending is over.
    mutating func endToneOfSilentPeer(_ leg: LegPointer) {
        guard Self.isSounding(leg), now - leg.pointee.reception.lastAt >= TelephoneEventReceiver.patience else {
            return
        }
        var ended: TelephoneEventReceiver.Digit?
        switch leg.pointee.detector {
        case .none: break
        case .some(let detector): ended = detector.hearSilence()?.ended
        }
        tell(ended, leg, isTone: true)
    }

    private static func hear(_ rest: inout UnsafeRawBufferPointer, _ leg: LegPointer) -> ToneDetector.Change? {
        switch leg.pointee.detector {
        case .none: nil
        case .some(let detector): detector.hear(&rest)
        }
    }

    private static func isSounding(_ leg: LegPointer) -> Bool {
        switch leg.pointee.detector {
        case .none: false
        case .some(let detector): detector.isSounding
        }
    }
}

// Digits of ours.
extension WorkerCore {
    mutating func sendDigits(_ digits: String, _ leg: LegPointer) {
        send(digits.compactMap(TelephoneEvent.code), to: leg)
    }

    /// Queues digits for a leg's peer in its own way; without effect when it has none.
    private mutating func send(_ codes: [UInt8], to leg: LegPointer) {
        guard let formats = leg.pointee.formats, formats.sends, !codes.isEmpty else { return }
        switch leg.pointee.dtmf {
        case .telephoneEvents:
            guard formats.sendsEventsAs != LegFormats.none else { return }
            for code in codes { leg.pointee.digitSender.send(code) }
        case .inBand:
            guard digitTones.frames(0, formats.encoding) != nil else { return }
            for code in codes { leg.pointee.toneQueue.append(code) }
        case .none: return
        }
        leg.pointee.isSendingDigits = true
        wheels.startPacing(leg)
    }

    /// One step of the digits under way.
    mutating func stepDigits(_ leg: LegPointer) {
        guard let formats = leg.pointee.formats, formats.sends else {
            leg.pointee.digitSender.cancel()
            leg.pointee.toneQueue.cancel()
            endDigits(leg)
            return
        }
        if leg.pointee.dtmf == .inBand { stepTones(leg, formats) } else { stepEvents(leg, formats) }
    }

    private mutating func stepEvents(_ leg: LegPointer, _ formats: LegFormats) {
        guard formats.sendsEventsAs != LegFormats.none else {
            leg.pointee.digitSender.cancel()
            endDigits(leg)
            return
        }
        switch leg.pointee.digitSender.step() {
        case .event(let event, let isFirst):
            if isFirst { leg.pointee.outgoing.beginEvent(at: now) }
            let header = leg.pointee.outgoing.placeEvent(payloadType: formats.sendsEventsAs, isFirst: isFirst)
            sendOwn(header, to: leg) { room in
                event.write(to: room, at: 0)
                return TelephoneEvent.size
            }
        case .pause: break
        case .idle: endDigits(leg)
        }
    }

    private mutating func stepTones(_ leg: LegPointer, _ formats: LegFormats) {
        guard let step = leg.pointee.toneQueue.step(),
            let frames = digitTones.frames(step.code, formats.encoding)
        else {
            leg.pointee.toneQueue.cancel()
            endDigits(leg)
            return
        }
        let header = leg.pointee.outgoing.placeOwn(
            payloadType: formats.sendsAudioAs, samples: formats.samplesPerFrame, at: now)
        sendOwn(header, to: leg) { room in
            let start = step.frame * DigitTones.frame
            room.copyBytes(from: frames[start..<start + DigitTones.frame])
            return DigitTones.frame
        }
    }

    private mutating func endDigits(_ leg: LegPointer) {
        leg.pointee.isSendingDigits = false
        if !leg.pointee.hearsFrames { wheels.stopPacing(leg) }
    }
}
