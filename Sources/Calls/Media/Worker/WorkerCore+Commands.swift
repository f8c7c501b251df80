import CLinux
import DTLS
import Glibc
import ICE
import RTP
import SDP
import WebRTC
import Wire

// What the control side wants done. None of this is in a packet's way.
extension WorkerCore {
    mutating func perform(_ command: WorkerCommand) {
        switch command {
        case .openSIP(let id, let sockets):
            let leg = open(id, .sip)
            (leg.pointee.socket, leg.pointee.controlSocket) = (sockets.rtp, sockets.rtcp)
            leg.pointee.family = sockets.family
            watch(leg)
        case .openBrowser(let id, let credentials): openBrowser(id, credentials)
        case .restartICE(let id, let credentials): restartICE(id, credentials)
        case .openTieLine(let id, let end): openTieLine(id, end)
        case .shape(let id, let standIn):
            if let leg = legs[id] { shape(leg, standIn) }
        case .configure(let id, let remote):
            if let leg = legs[id] { configure(leg, remote) }
        case .bridge(let first, let second): bridge(first, second)
        case .unbridge(let id):
            if let leg = legs[id] { detach(leg) }
        case .confer(let id, let conference):
            if let leg = legs[id] { confer(leg, in: conference) }
        case .play(let source, let id):
            if let leg = legs[id] { play(source, to: leg) }
        case .announce(let announcement, let id):
            if let leg = legs[id] { announce(announcement, to: leg) }
        case .stopAnnouncement(let id):
            if let leg = legs[id] { stopAnnouncement(leg) }
        case .interject(let sound, let id):
            if let leg = legs[id] { interject(sound, to: leg) }
        case .mute(let id, let isMuted):
            guard let leg = legs[id], leg.pointee.isMuted != isMuted else { return }
            leg.pointee.isMuted = isMuted
            refreshRoutes(leg)
        case .setDTMF(let mode, let id):
            if let leg = legs[id] { setDTMF(mode, leg) }
        case .sendDigits(let digits, let id):
            if let leg = legs[id] { sendDigits(digits, leg) }
        case .record(let id, let ring, let recording): record(id, ring, recording)
        case .endRecord(let id, let recording): endRecord(id, recording)
        case .stream(let id, let rings): stream(id, rings)
        case .endStream(let id, let stream): endStream(id, stream)
        case .close(let id):
            if let leg = legs[id] { close(leg) }
        case .statistics(let id, let then):
            if let leg = legs[id] { reports.append(.statistics(leg.pointee.statistics(), then)) }
        case .stop:
            for leg in Array(legs.values) { close(leg) }
            for stranger in connections.strangers { close(stranger) }
            isStopping = true
        }
    }

    mutating func open(_ id: MediaLegID, _ kind: LegKind) -> LegPointer {
        let leg = LegPointer.allocate(capacity: 1)
        let slot = Int(truncatingIfNeeded: entropy.next() % UInt64(WorkerWheels.houseSlots))
        leg.initialize(to: MediaLeg(id, kind, houseSlot: slot, entropy: &entropy))
        leg.pointee.nextReportAt = now + drawReportInterval() / 2
        leg.pointee.listeningSince = now
        legs[id] = leg
        wheels.house(leg)
        counters.add(kind.counter)
        return leg
    }

    private mutating func openBrowser(_ id: MediaLegID, _ credentials: ICECredentials) {
        let leg = open(id, .browser)
        let browser = BrowserLeg(context: dtls, credentials: credentials)
        leg.pointee.browser = browser
        for ufrag in browser.localUfrags { ufrags[ufrag] = leg }
    }

    private mutating func restartICE(_ id: MediaLegID, _ credentials: ICECredentials) {
        guard let leg = legs[id], let browser = leg.pointee.browser else { return }
        browser.restartICE(with: credentials)
        for ufrag in browser.localUfrags { ufrags[ufrag] = leg }
        drainBrowser(leg)
    }

    private mutating func close(_ leg: LegPointer) {
        sayGoodbye(leg)
        leg.pointee.browser?.close()
        drainBrowser(leg)
        // What was queued goes out while the leg is still there.
        flush()
        detach(leg)
        wheels.unhouse(leg)
        wheels.stopPacing(leg)
        switch leg.pointee.kind {
        case .sip: unwatch(leg)
        case .tieLine: tellOtherWorkers()
        case .browser:
            flows.removeAll(of: leg)
            closeConnections(of: leg)
            for ufrag in leg.pointee.browser?.localUfrags ?? [] { ufrags[ufrag] = nil }
        }
        legs[leg.pointee.id] = nil
        counters.add(leg.pointee.kind.counter, -1)
        tell(.closed(leg.pointee.id, leg.pointee.statistics()))
        leg.deinitialize(count: 1)
        leg.deallocate()
    }
}

// Descriptions.
extension WorkerCore {
    private mutating func configure(_ leg: LegPointer, _ remote: RemoteMedia) {
        // Taking an address from a description without ICE would let a page aim its stream at anybody.
        guard remote.kind == leg.pointee.kind else {
            counters.add(.refused)
            return
        }
        let formats = LegFormats(remote.stream)
        let hadFormats = leg.pointee.formats != nil
        leg.pointee.speak(formats)
        leg.pointee.listeningSince = now
        if hadFormats { leg.pointee.reception.pause() }
        switch remote {
        case .sip(let rtp, let rtcp, let mux, let stream):
            secure(leg, stream.crypto)
            configureSIP(leg, rtp, rtcp, mux)
        case .browser(let fragment, let password, let fingerprints, let setup, _):
            let peer = RemotePeer(
                credentials: ICECredentials(ufrag: fragment, password: password), fingerprints: fingerprints,
                role: setup == .passive ? .client : .server)
            leg.pointee.browser?.configure(peer, now: now)
            drainBrowser(leg)
        }
        refreshDetector(leg)
        adopt(leg)
    }

    /// Lets all that a leg says and hears follow its formats.
    mutating func adopt(_ leg: LegPointer) {
        retune(leg)
        refreshRoutes(leg)
        if let partner = leg.pointee.partner, partner != leg { refreshRoutes(partner) }
        reseat(leg)
    }

    private func configureSIP(_ leg: LegPointer, _ rtp: SocketAddress?, _ rtcp: SocketAddress?, _ mux: Bool) {
        leg.pointee.sharesPort = mux
        leg.pointee.controlRemote = rtcp
        guard leg.pointee.negotiated != rtp else { return }
        leg.pointee.negotiated = rtp
        if leg.pointee.isLatched {
            leg.pointee.isLatched = false
            unlatch(leg)
        }
        leg.pointee.remote = rtp.flatMap { KernelAddress($0, leg.pointee.family) }
        leg.pointee.remoteAddress = nil
    }

    /// Takes a SIP leg's keys; a session whose key stays goes on with its roll-over counter.
    private mutating func secure(_ leg: LegPointer, _ keys: SDESKeys?) {
        let before = leg.pointee.keys
        guard keys != before else { return }
        leg.pointee.keys = keys
        leg.pointee.isSecured = keys != nil
        guard let keys else {
            leg.pointee.inbound = nil
            leg.pointee.outbound = nil
            return
        }
        let isSameSuite = keys.suite == before?.suite
        if !isSameSuite || keys.receive != before?.receive {
            leg.pointee.inbound = session(keys.suite, keys.receive, .inbound)
        }
        if !isSameSuite || keys.send != before?.send {
            leg.pointee.outbound = session(keys.suite, keys.send, .outbound)
        }
    }

    /// Nil when the library refuses: then nothing passes, which the media timeout ends.
    private func session(_ suite: CryptoSuite, _ key: MediaKey, _ direction: SRTPDirection) -> SRTPSession? {
        try? SRTPSession(
            configuration.engine, ProtectionProfile(suite), SRTPMasterKey(key: key.key, salt: key.salt), direction)
    }
}

// Who hears whom.
extension WorkerCore {
    private mutating func bridge(_ first: MediaLegID, _ second: MediaLegID) {
        guard let one = legs[first], let other = legs[second], one != other else { return }
        if one.pointee.partner == other, one.pointee.conference == nil { return }
        detach(one)
        detach(other)
        link(one, other)
    }

    /// Lets two legs that hear nothing hear each other.
    mutating func link(_ one: LegPointer, _ other: LegPointer) {
        one.pointee.partner = other
        other.pointee.partner = one
        refreshRoutes(one)
        refreshRoutes(other)
    }

    private mutating func play(_ source: MediaSource, to leg: LegPointer) {
        detach(leg)
        begin(source, to: leg)
    }

    /// Lets a leg that hears nothing hear a source.
    mutating func begin(_ source: MediaSource, to leg: LegPointer) {
        switch source {
        case .echo:
            leg.pointee.partner = leg
            refreshRoutes(leg)
            return
        case .delay: leg.pointee.source = .delay(DelayLine(delay: Self.echoDelay))
        case .milliwatt, .music, .silence, .ringBack, .busy, .congestion:
            guard let sound = configuration.sounds.sound(of: source) else { return }
            leg.pointee.source = .sound(makePlayer(sound, loops: true, leg))
        }
        wheels.startPacing(leg)
    }

    private static let echoDelay = Duration.seconds(3)

    /// Ends what the leg hears and who hears it, its part in a conference included.
    mutating func detach(_ leg: LegPointer) {
        leaveConference(leg)
        unlink(leg)
    }

    /// Ends what the leg hears and who hears it; a member of a conference stays one.
    mutating func unlink(_ leg: LegPointer) {
        leg.pointee.dropSource()
        leg.pointee.dropSeat()
        leg.pointee.outgoing.interrupt()
        if !leg.pointee.isOverridden, leg.pointee.speech == nil { wheels.stopPacing(leg) }
        guard let partner = leg.pointee.partner else { return }
        leg.pointee.partner = nil
        refreshRoutes(leg)
        guard partner != leg else { return }
        partner.pointee.partner = nil
        partner.pointee.outgoing.interrupt()
        refreshRoutes(partner)
    }

    /// Settles under which payload types the partner gets what the leg's peer sends.
    mutating func refreshRoutes(_ leg: LegPointer) {
        leg.pointee.relaysAudioAs = LegFormats.none
        leg.pointee.relaysEventsAs = LegFormats.none
        leg.pointee.withholdsTones = false
        leg.pointee.partner?.pointee.outgoing.interrupt()
        guard let partner = leg.pointee.partner, !leg.pointee.isMuted, let from = leg.pointee.formats,
            let to = partner.pointee.formats, from.receives, to.sends
        else { return transcode(leg, nil) }
        let isRelayed = from.encoding == to.encoding
        transcode(leg, isRelayed ? nil : TranscodingRoute(from.encoding, to.encoding))
        if isRelayed { leg.pointee.relaysAudioAs = to.sendsAudioAs }
        guard leg.pointee.isHeard else { return }
        guard partner != leg else {
            leg.pointee.relaysEventsAs = to.sendsEventsAs
            return
        }
        switch partner.pointee.dtmf {
        case .telephoneEvents:
            if isRelayed, from.eventClockRate == to.eventClockRate { leg.pointee.relaysEventsAs = to.sendsEventsAs }
            leg.pointee.withholdsTones = to.sendsEventsAs != LegFormats.none
        case .inBand: break
        case .none: leg.pointee.withholdsTones = true
        }
    }
}

extension ProtectionProfile {
    init(_ suite: CryptoSuite) {
        switch suite {
        case .aeadAES128GCM: self = .aeadAES128GCM
        case .aeadAES256GCM: self = .aeadAES256GCM
        case .aesCM128HMACSHA1_80: self = .aesCM128HMACSHA1_80
        case .aesCM128HMACSHA1_32: self = .aesCM128HMACSHA1_32
        }
    }
}
