import CallModel
import Media
import Reactor
import SDP
import SIPEndpoint
import Telemetry
import Wire

/// Transfers, and legs that come from or go to other calls.
extension Call {
    /// A phone's REFER: the phone hears how it goes.
    func transfer(_ request: TransferRequest, referredBy leg: LegID) {
        guard live.isWhole else { return refuseTransfer(leg, status: 480) }
        referrer = leg
        perform(.transfer(request))
    }

    /// A REFER that leads nowhere, or comes from somebody who may not ask.
    func refuseTransfer(_ id: LegID, status: Int) {
        guard let sip = links[id]?.sip else { return }
        services.sip.assumeIsolated { $0.reportTransfer(sip, status: status) }
    }

    /// Tells the phone that asked how the transfer goes; after a failure it has its call back and may ask again.
    func reportTransfer(_ status: Int) {
        guard let referrer, let sip = links[referrer]?.sip else { return }
        services.sip.assumeIsolated { $0.reportTransfer(sip, status: status) }
        if status >= 300 { self.referrer = nil }
    }

    /// The NOTIFY that tells of success goes first, so that the BYE does not take away the dialog it needs.
    func releaseReferrer(_ sip: SIPLegID) {
        referrer = nil
        let endpoint = services.sip
        loop.schedule(after: .milliseconds(500)) {
            endpoint.assumeIsolated { $0.hangUp(sip, cause: .normal) }
        }
    }

    /// What becomes of transfers by these notices, to be written.
    func transferRows(_ notices: [CallNotice]) -> [CallRow] {
        notices.compactMap { notice in
            transfers.row(
                for: notice, ofCall: number, to: live.legs.last?.party.transferTarget ?? "", at: loop.wallTime,
                using: &entropy)
        }
    }

    // MARK: - Joining two calls

    /// Lets go of legs that live on in another call; what is left here is only their names.
    func giveAway(_ ids: [LegID]) -> [LegID: LegLink] {
        var given: [LegID: LegLink] = [:]
        for id in ids {
            guard let link = link(id) else { continue }
            given[id] = link
            links[id] = LegLink(remainsOf: link)
        }
        return given
    }

    /// Takes over what came from another call, with the sessions that were given away there.
    func adopt(_ adoption: Adoption, _ given: [LegID: LegLink]) {
        var id = live.nextLegID
        for leg in adoption.legs {
            if let link = given[leg.id] {
                link.id = id
                links[id] = link
                manager.assumeIsolated { $0.move(link, to: self) }
                tellMoved(link)
            }
            id = LegID(rawValue: id.rawValue + 1)
        }
        perform(.adopt(adoption))
    }

    /// A page learns under which name its call goes on.
    private func tellMoved(_ link: LegLink) {
        guard let participant = link.participant else { return }
        if let userID = link.party.userID { offeredTo.append(userID) }
        let uuid = uuid
        loop.later { participant.deliver(.moved, call: uuid) }
    }

    // MARK: - Replacing a leg

    /// An INVITE that takes the place of one of our legs; `offer` is nil when it wants ours.
    func replace(_ old: LegID, by party: Party, _ sip: SIPLegID, offer: RemoteAudio?, of invite: IncomingInvite) {
        let id = live.nextLegID
        let mediaID = manager.assumeIsolated { $0.registerMedia(call: self, leg: id) }
        let link = LegLink(id: id, party: party, mediaID: mediaID, sessionID: entropy.next())
        link.receive(sip, offer: offer, from: invite.origin)
        links[id] = link
        expectEncryption(of: invite.source, on: id)
        manager.assumeIsolated { $0.registerSIP(sip, call: self, leg: id) }
        traceInvite(id, .server, sip)
        perform(.replaced(old, by: party))
    }

    // MARK: - REFER to the far end

    /// Asks the far end of a leg to call the target itself.
    func refer(_ id: LegID, to target: String) {
        guard let sip = links[id]?.sip else { return post(.referProgress(id, status: 503)) }
        let isAsked = services.sip.assumeIsolated { endpoint in
            endpoint.address(of: target, for: sip).map { endpoint.refer(sip, to: $0) } ?? false
        }
        if !isAsked { post(.referProgress(id, status: 503)) }
    }

    /// The trunk of the one who would stay behind, should the author of a transfer leave.
    func trunkOfStayer(_ author: HoldAuthor) -> String? {
        guard case .talking = live.phase, let id = live.surrender(by: author)?.legs.first?.id, let sip = links[id]?.sip
        else { return nil }
        return services.sip.assumeIsolated { $0.trunkName(of: sip) }
    }
}

extension Party {
    /// As the target of a transfer is written.
    fileprivate var transferTarget: String {
        switch self {
        case .phone(let number, _, _): number
        case .outside(_, let number): number ?? ""
        case .user(let id): "user:\(id)"
        case .visitor: ""
        case .builtIn(let number): number.digits
        case .conference(let name): name
        }
    }
}

extension LegLink {
    /// The far end of this leg called us.
    func receive(_ sip: SIPLegID, offer: RemoteAudio?, from origin: IPAddress) {
        self.sip = sip
        isInbound = true
        signallingHost = origin
        describe(byOffer: offer?.stream)
        pendingOffer = offer
        awaitsOurOffer = offer == nil
    }
}
