import CallModel
import DTLS
import Directory
import Media
import Reactor
import SDP
import WebRTC
import Wire

/// What is known of the legs, for whoever asks why nothing is heard.
extension Call {
    var diagnosis: CallDiagnosis {
        var diagnosis = CallDiagnosis(
            live.record, steps: quality.timeline.steps, legs: live.legs.compactMap(facts(of:)), troubles: troubles)
        diagnosis.holder = live.holders.min().flatMap { live.legs[$0] }.map { name(of: $0.party, links[$0.id]) }
        return diagnosis
    }

    /// Nil for a leg without media of its own.
    private func facts(of leg: Leg) -> LegFacts? {
        guard let link = links[leg.id], link.hasTransport else { return nil }
        var facts = LegFacts(
            leg: leg.id.rawValue, kind: link.kind, party: name(of: leg.party, link), side: leg.side, state: leg.state)
        facts.local = link.transport?.addresses ?? []
        if let negotiated = link.negotiated {
            facts.codec = negotiated.codec.description
            (facts.sends, facts.receives) = (negotiated.sends, negotiated.receives)
            facts.isSecured = negotiated.crypto != nil || link.speaksWebRTC
        }
        let meter = quality.meters[leg.id] ?? LegMeter()
        if let upAt = meter.upAt { facts.upFor = (meter.overAt ?? loop.now) - upAt }
        facts.isMuted = link.isMuted
        if !link.speaksWebRTC { facts.described = link.remote?.rtp }
        facts.quality = meter.quality(leg.id, link.kind, link.negotiated?.codec)
        facts.curve = meter.curve
        if let figures = meter.figures {
            facts.take(figures, Clocks(now: loop.now, wall: loop.wallTime))
            facts.quietFor = figures.lastPacketAt.map { max(.zero, (meter.overAt ?? loop.now) - $0) }
        }
        return facts
    }

    func name(of party: Party, _ link: LegLink?) -> String {
        switch party {
        case .phone(let number, _, _): "phone \(number)"
        case .outside(let trunk, _): (link?.course.trunk ?? trunk).map { "trunk \($0)" } ?? "the trunk"
        case .user(let id): "page of \(services.roster.current.users[id]?.login ?? "user \(id)")"
        case .visitor: "page of a visitor"
        case .builtIn(let number): number.rawValue
        case .conference(let name): "conference \(name)"
        }
    }
}

extension LocalTransport {
    /// Where we listen.
    fileprivate var addresses: [SocketAddress] {
        switch self {
        case .rtp(let address, _): [address]
        case .browser(let description): description.addresses
        }
    }
}

extension LegLink {
    var kind: LegQuality.Kind { speaksWebRTC ? .browser : .sip }
}

/// One moment on both clocks, to tell the one's moments in the other's words.
struct Clocks {
    let now: Instant
    let wall: WallTime

    func wall(_ moment: Instant?) -> WallTime? {
        moment.map { WallTime(milliseconds: wall.milliseconds - (now - $0).wholeMilliseconds) }
    }
}

extension LegFacts {
    mutating func take(_ figures: LegStatistics, _ clocks: Clocks) {
        (received.packets, received.bytes) = (figures.packetsReceived, figures.bytesReceived)
        (received.firstAt, received.lastAt) = (clocks.wall(figures.firstPacketAt), clocks.wall(figures.lastPacketAt))
        (sent.packets, sent.bytes) = (figures.packetsSent, figures.bytesSent)
        (sent.firstAt, sent.lastAt) = (clocks.wall(figures.firstSentAt), clocks.wall(figures.lastSentAt))
        (silentPackets, reportsHeard) = (figures.silentPackets, figures.reportsHeard)
        (announced, remote) = (figures.announcedAddress, figures.remoteAddress)
        strangers = figures.refused.sources.map { Stranger(address: $0.address, packets: $0.packets) }
        strangersPackets = figures.refused.packets
        srtpFailures = Sealed(figures.srtpFailures)
        transport = figures.transport.map { TransportState($0, clocks) }
    }
}

extension LegFacts.Sealed {
    fileprivate init(_ failures: SRTPFailures) {
        self.init()
        (authentication, replayed) = (failures.authentication, failures.replayed)
        (withoutKey, other) = (failures.withoutKey, failures.other)
    }
}

extension TransportState {
    fileprivate init(_ facts: TransportFacts, _ clocks: Clocks) {
        self.init()
        checks = facts.checks
        (firstCheckAt, lastCheckAt) = (clocks.wall(facts.firstCheckAt), clocks.wall(facts.lastCheckAt))
        (validated, selected, isOverTCP) = (facts.validated, facts.selected, facts.isOverTCP)
        isConsentLost = facts.isConsentLost
        handshake = Handshake(facts.handshake)
        connectedAt = clocks.wall(facts.connectedAt)
        isServer = facts.role.map { $0 == .server }
        failure = facts.failure.map(Failure.init)
        sentAlert = facts.sentAlert
    }
}

extension TransportState.Handshake {
    fileprivate init(_ handshake: TransportFacts.Handshake) {
        switch handshake {
        case .waiting: self = .waiting
        case .underWay: self = .underWay
        case .connected: self = .connected
        case .failed: self = .failed
        case .closed: self = .closed
        }
    }
}

extension TransportState.Failure {
    fileprivate init(_ error: DTLSError) {
        switch error {
        case .fingerprintMismatch: self = .fingerprintMismatch
        case .refusedByPeer(let alert): self = .refused(alert: alert)
        case .noSRTPProfile: self = .noSRTPProfile
        case .protocolViolation: self = .protocolViolation
        case .timedOut: self = .timedOut
        case .unavailable: self = .unavailable
        }
    }
}
