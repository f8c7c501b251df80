import CallModel
import Directory
import Reactor
import SDP
import SIP
import SIPEndpoint
import Wire

/// How far the signalling of a leg came, for the call's diagnosis.
struct SignallingCourse {
    /// The trunk that its INVITE left by, or came from.
    @Sparse var trunk: String?
    /// When our INVITE went out; nil once something came back to it.
    var unheardSince: Instant?
    /// When our 200 went out; nil once it was acknowledged.
    var unacknowledgedSince: Instant?
    /// What it came to; the first is the cause of what follows.
    @Sparse private(set) var trouble: LegTrouble.Kind?

    mutating func note(_ kind: LegTrouble.Kind) {
        if trouble == nil { trouble = kind }
    }

    /// The leg is over: what has not come by now never will.
    mutating func conclude(at now: Instant) {
        if let kind = trouble(at: now) { note(kind) }
        (unheardSince, unacknowledgedSince) = (nil, nil)
    }

    /// What is wrong so far, if anything is.
    func trouble(at now: Instant) -> LegTrouble.Kind? {
        if let trouble { return trouble }
        if let since = unheardSince, now - since >= Self.patience { return .silent(for: now - since) }
        if let since = unacknowledgedSince, now - since >= Self.patience { return .unacknowledged(for: now - since) }
        return nil
    }

    /// Three times as long as a message and its second repetition take.
    private static let patience = Duration.seconds(3)
}

extension Call {
    /// Our INVITE to a leg is out.
    func courseBegins(_ id: LegID, _ sip: SIPLegID) {
        let trunk = services.sip.assumeIsolated { $0.trunkName(of: sip) }
        // What an INVITE before this one came to is made up for.
        var course = SignallingCourse()
        (course.trunk, course.unheardSince) = (trunk, loop.now)
        update(id) { $0.course = course }
    }

    /// What a session tells of the signalling itself.
    func noteCourse(_ event: SIPLegEvent, on id: LegID) {
        guard let link = links[id] else { return }
        let now = loop.now
        switch event {
        case .ringing, .answered:
            link.course.unheardSince = nil
            if let sip = link.sip, let trunk = services.sip.assumeIsolated({ $0.trunkName(of: sip) }) {
                link.course.trunk = trunk
            }
        case .established: link.course.unacknowledgedSince = nil
        case .rejected(let status, let reason, let origin): noteRejection(status, reason, origin, link)
        case .ended(let reason):
            if let loss = reason?.loss { noteLoss(loss, link) }
            link.course.conclude(at: now)
        default: break
        }
    }

    private func noteRejection(_ status: Int, _ reason: String, _ origin: RejectionOrigin, _ link: LegLink) {
        switch origin {
        case .peer: link.course.note(.refused(status: status, words: LegTrouble.words(reason)))
        case .noWay(let obstacle): link.course.note(.noWay(LegTrouble.Obstacle(obstacle)))
        case .silence:
            if let since = link.course.unheardSince { link.course.note(.silent(for: loop.now - since)) }
        }
        link.course.unheardSince = nil
    }

    private func noteLoss(_ loss: SessionLoss, _ link: LegLink) {
        switch loss {
        case .acknowledgementMissing:
            let since = link.course.unacknowledgedSince ?? loop.now
            link.course.note(.unacknowledged(for: loop.now - since))
        case .peerGone: link.course.note(.peerGone)
        case .expired: link.course.note(.expired)
        case .transport: link.course.note(.noWay(.connection(nil)))
        case .undecided: break
        }
    }

    /// A leg is released by us: an INVITE that was heard by somebody is no silence.
    func concludeCourse(_ link: LegLink) {
        if link.course.unheardSince != nil, let sip = link.sip,
            services.sip.assumeIsolated({ $0.isProceeding(sip) })
        {
            link.course.unheardSince = nil
        }
        link.course.conclude(at: loop.now)
    }

    /// What was wrong with the signalling of all legs.
    var troubles: [LegTrouble] {
        let troubles = live.legs.compactMap { leg -> LegTrouble? in
            guard let link = links[leg.id], let kind = trouble(of: link) else { return nil }
            return LegTrouble(
                leg: leg.id.rawValue, party: name(of: leg.party, link), isTrunk: leg.party.isOutside, kind,
                offered: link.offeredCodecs.map(\.encoding))
        }
        return troubles.isEmpty ? nobodyThere.map { [$0] } ?? [] : troubles
    }

    private func trouble(of link: LegLink) -> LegTrouble.Kind? {
        guard let kind = link.course.trouble(at: loop.now) else { return nil }
        if case .silent = kind, let sip = link.sip, services.sip.assumeIsolated({ $0.isProceeding(sip) }) { return nil }
        return kind
    }

    /// A call that found nobody to ring.
    private var nobodyThere: LegTrouble? {
        guard live.record.endReason == .unavailable, !live.legs.contains(where: { $0.side != .caller }) else {
            return nil
        }
        let number = live.record.extension ?? live.record.receiverNumber
        let account = services.roster.current.account(extension: number)
        let failure = account.flatMap { account in
            services.sip.assumeIsolated { $0.latestWrongPassword(of: account.username) }
        }
        return LegTrouble(leg: nil, party: number, .nobodyThere(wrongPassword: failure.map { loop.now - $0 }))
    }
}

extension Party {
    fileprivate var isOutside: Bool {
        if case .outside = self { true } else { false }
    }
}

extension LegTrouble.Obstacle {
    fileprivate init(_ obstacle: Obstacle) {
        switch obstacle {
        case .noTrunk: self = .noTrunk
        case .noChannel: self = .noChannel
        case .unknownName: self = .unknownName
        case .noNumber: self = .noNumber
        case .secureConnection(let why): self = .secureConnection(why)
        case .connection(let why): self = .connection(why)
        }
    }
}
