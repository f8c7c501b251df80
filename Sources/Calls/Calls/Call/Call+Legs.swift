import CallModel
import Media
import Reactor
import SDP
import SIP
import SIPEndpoint
import Telemetry
import Wire

/// Reaching and releasing the parties.
extension Call {
    func reach(_ id: LegID, autoAnswer: Bool) {
        guard let link = link(id) else { return }
        switch link.party {
        case .phone(let number, let contact, _):
            guard let found = manager.assumeIsolated({ $0.contact(extension: number, uri: contact) }) else {
                return post(.failed(id, .unreachable))
            }
            update(id) { $0.isAutoAnswered = autoAnswer }
            expect(found, on: id)
            invite(id, .contact(found), autoAnswer: autoAnswer)
        case .outside(let trunk, let number):
            let route = TrunkRoute(trunk: trunk, number: number ?? dialled(id))
            expectTrunk(route.trunk, number: route.number, on: id)
            leave(id, route)
        case .user(let userID): offerToPages(id, userID)
        case .visitor, .builtIn, .conference: break
        }
    }

    /// What is dialled for a leg behind the trunk: a transfer's target, or the call's.
    private func dialled(_ id: LegID) -> String {
        if case .transferring(let transfer) = live.phase, live.legs[id]?.side == .target {
            return transfer.request.target
        }
        return target
    }

    func invite(_ id: LegID, _ target: OutgoingInvite.Target, autoAnswer: Bool) {
        guard openMedia(id), let link = link(id), let transport = link.transport else { return }
        let codecs = codecsToOffer(for: id)
        var offer: [UInt8] = []
        update(id) {
            offer = $0.session.offer(
                LocalAudioOffer(transport: transport, codecs: codecs, encryption: $0.encryption))
            $0.isOffering = true
            $0.offeredCodecs = codecs
        }
        var invite = OutgoingInvite(target: target, from: identity(for: id), offer: offer, autoAnswer: autoAnswer)
        invite.maxForwards = maxForwards
        invite.referredBy = referredBy(id)
        invite.traceParent = traceParent
        let sip = services.sip.assumeIsolated { $0.invite(invite) }
        update(id) { $0.sip = sip }
        manager.assumeIsolated { $0.registerSIP(sip, call: self, leg: id) }
        traceInvite(id, .client, sip)
        courseBegins(id, sip)
        if live.record.sipCallID == nil, let callID = services.sip.assumeIsolated({ $0.callID(of: sip) }) {
            live.noteSIPCallID(callID)
        }
    }

    private func offerToPages(_ id: LegID, _ userID: Int64) {
        guard manager.assumeIsolated({ $0.pagesOnline(userID) }) > 0 else {
            return post(.failed(id, .status(480)))
        }
        if !offeredTo.contains(userID) { offeredTo.append(userID) }
        tell(.offered(userID: userID))
        post(.ringing(id))
    }

    func ring(_ id: LegID) {
        guard let link = links[id] else { return }
        if link.isAnswered { return services.media.play(.ringBack, to: link.mediaID) }
        guard let sip = link.sip else { return }
        services.sip.assumeIsolated { $0.ring(sip, answer: nil) }
    }

    func signal(_ id: LegID, _ signal: CallSignal) {
        guard let mediaID = links[id]?.mediaID else { return }
        services.media.play(signal == .busy ? .busy : .congestion, to: mediaID)
    }

    func release(_ id: LegID, _ cause: ReleaseCause) {
        if case .conference? = live.legs[id]?.party { manager.assumeIsolated { $0.leaveConference(self) } }
        guard let link = links[id] else { return }
        concludeCourse(link)
        if let sip = link.sip { releaseSIP(sip, link, cause) }
        if let participant = link.participant {
            let uuid = uuid
            manager.assumeIsolated { $0.forget(participant: participant) }
            loop.later { participant.deliver(.left, call: uuid) }
        } else if case .user(let userID) = link.party, !link.isAnswered {
            tell(.withdrawn(userID: userID))
        }
        services.media.close(link.mediaID)
        if let connectedAt = link.connectedAt { manager.announce(.disconnected(after: loop.now - connectedAt)) }
        links[id]?.participant = nil
        links[id]?.connectedAt = nil
    }

    private func releaseSIP(_ sip: SIPLegID, _ link: LegLink, _ cause: ReleaseCause) {
        let (networkCause, isWaiting) = (networkCause, link.isInbound && !link.isAnswered)
        if link.id == referrer, cause == .transferred { return releaseReferrer(sip) }
        services.sip.assumeIsolated { endpoint in
            switch cause {
            case .rejected(let status) where isWaiting: endpoint.reject(sip, status: status, reason: nil)
            case .transferred where isWaiting: endpoint.reject(sip, status: cause.status, reason: nil)
            default: endpoint.hangUp(sip, cause: HangUpCause(cause), networkCause: networkCause)
            }
        }
    }

    /// Opens the media leg and learns where we listen; a failure ends the leg.
    func openMedia(_ id: LegID) -> Bool {
        guard let link = link(id) else { return false }
        if link.hasTransport { return true }
        do {
            let transport = try mediaTransport(link)
            update(id) { $0.transport = transport }
            if link.isMuted { services.media.setMuted(link.mediaID, true) }
            return true
        } catch {
            logger.warn("no media for a leg", [LogField("leg", id), LogField("error", "\(error)")])
            post(.failed(id, .unreachable))
            return false
        }
    }

    func legRows() -> [CallRow] {
        // Short enough to need no room of its own, and beside its predecessors in the index of legs.
        let name = String(number)
        var rows: [CallRow] = []
        rows.reserveCapacity(live.legs.count)
        for leg in live.legs {
            guard let link = links[leg.id] else { continue }
            let kind: CallLegRecord.Kind = link.speaksWebRTC ? .webrtc : .sip
            var row = CallLegRecord(
                callID: number, kind: kind, legID: name + "-" + String(leg.id.rawValue), state: live.record.state,
                appearedAt: live.record.startedAt)
            row.connectedAt = leg.state == .up ? live.record.answeredAt : nil
            row.disconnectedAt = leg.state == .over ? loop.wallTime : nil
            if case .phone(let number, _, _) = leg.party { row.extension = number }
            rows.append(.leg(row))
        }
        return rows
    }
}

extension BrowserDescription {
    init(_ opened: BrowserTransport) {
        self.init(
            usernameFragment: opened.usernameFragment, password: opened.password, fingerprint: opened.fingerprint,
            addresses: opened.candidates)
    }
}

extension HangUpCause {
    init(_ cause: ReleaseCause) {
        switch cause {
        case .normal, .callerGaveUp, .mediaTimeout: self = .normal
        case .transferred: self = .transferred
        case .answeredElsewhere: self = .answeredElsewhere
        case .rejected(let status): self = HangUpCause(status: status)
        case .shutDown: self = .unavailable
        }
    }

    private init(status: Int) {
        switch status {
        case 486, 600: self = .busy
        case 603, 403: self = .declined
        case 404: self = .notFound
        case 408, 480, 487: self = .noAnswer
        case 488, 606: self = .notAcceptable
        case 503: self = .unavailable
        default: self = .failure
        }
    }
}
