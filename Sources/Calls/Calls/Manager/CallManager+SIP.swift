import CallModel
import Directory
import SDP
package import SIPEndpoint
import Telemetry
import Wire

/// What the SIP endpoint tells.
extension CallManager: SIPCallHandler {
    package func inviteArrived(_ leg: SIPLegID, _ invite: IncomingInvite) {
        if let replaced = invite.replaces { return replace(replaced, by: leg, invite) }
        guard !isFull, !isDraining else { return refuse(leg, 503, "no capacity") }
        guard let (route, caller) = admit(invite) else { return refuse(leg, 404, "nothing has that number") }
        guard invite.maxForwards > 0 else { return refuse(leg, 483, "forwarded too often") }
        guard let offer = usableOffer(of: invite) else { return refuse(leg, 488, "the offer has no audio we can use") }
        // Those who carry the call know who calls; those who are called need not (RFC 3325).
        let shown = invite.from.isPrivate ? "anonymous" : invite.from.user
        var record = makeRecord(route.direction, source: .sip, from: shown, to: calledNumber(of: invite))
        record.extension = route.extension
        record.sipCallID = invite.sipCallID
        record.channelID = "SIP/\(shown)-\(leg.rawValue)"
        record.assignedUserID = route.direction == .outgoing ? caller.userID : route.userID
        // Whoever is called sees the call in their history, taken or missed.
        record.operatorID = route.userID ?? caller.userID
        if route.direction == .incoming {
            record.lineNumber = invite.to
            record.callerCompany = services.roster.current.companies.company(calling: shown)
            record.callerCompanyID = record.callerCompany?.id
        }
        let plan = CallPlan(callers: [caller], callerState: .ready, callees: route.parties, queue: route.queue)
        var setup = CallSetup(
            target: dialledUser(invite.to), identity: identity(invite, route), maxForwards: invite.maxForwards - 1)
        setup.referredBy = invite.referredBy
        setup.traceParent = invite.traceParent
        let call = Call(manager: self, services: services, record: record, plan: plan, setup: setup)
        add(.call(call))
        call.assumeIsolated { $0.beginInbound(leg, offer: offer.remote, of: invite) }
    }

    /// The description of an INVITE; nil when there is one that we can do nothing with.
    func usableOffer(of invite: IncomingInvite) -> UsableOffer? {
        guard let body = invite.offer else { return UsableOffer(remote: nil) }
        guard let read = try? RemoteAudio(parsing: body), !read.stream.codecs(alsoIn: Codec.relayable).isEmpty
        else { return nil }
        return UsableOffer(remote: read)
    }

    /// Resolves an INVITE by who vouches for it; nil when the number leads nowhere.
    private func admit(_ invite: IncomingInvite) -> (Route, Party)? {
        switch invite.source {
        case .account: return route(invite.to).map { ($0, party(of: invite)) }
        case .trunk(let name): return routeFromTrunk(invite.to, name).map { ($0, party(of: invite)) }
        }
    }

    /// What the callee is shown: an account is known by its extension whatever its user name is.
    private func identity(_ invite: IncomingInvite, _ route: Route) -> CallerIdentity {
        guard case .account(let account) = invite.source else { return invite.from }
        return CallerIdentity(
            displayName: account.displayName, user: account.extension, account: account.extension)
    }

    /// User names are dialled by our own phones, and by a trunk at which we registered under them; whatever else a trunk
    /// calls is a number of ours.
    private func calledNumber(of invite: IncomingInvite) -> String {
        guard let trunk = invite.source.trunkName.flatMap({ services.roster.current.trunk(named: $0) }) else {
            return calledNumber(invite.to)
        }
        let name = dialledUser(invite.to)
        guard let own = trunk.credentials.first(where: { $0.username == name }) else { return invite.to }
        return own.extension ?? calledNumber(invite.to)
    }

    func refuse(_ leg: SIPLegID, _ status: Int, _ why: String) {
        services.logger.info("call refused", [LogField("status", status), LogField("why", why)])
        services.sip.assumeIsolated { $0.reject(leg, status: status, reason: nil) }
    }

    package func sipEvent(_ leg: SIPLegID, _ event: SIPLegEvent) {
        guard let (call, id) = sipLegs[leg] else { return }
        noteToll(event, of: leg, TollKey(call: call.uuid, leg: id))
        if event.isLast { sipLegs[leg] = nil }
        call.assumeIsolated { $0.sipEvent(event, on: id) }
    }

    package func registrationChanged(account: String, registered: Bool) {
        services.logger.info("registration", [LogField("account", account), LogField("registered", registered)])
        announceRegistration(account: account, isRegistered: registered)
    }

    package func upstreamChanged(registered: Bool, detail: String) {
        services.logger.info("trunk registration", [LogField("registered", registered), LogField("detail", detail)])
        announceUpstream(registered: registered, detail: detail)
    }

    package func trunkChanged(_ status: TrunkStatus) {
        services.logger.info("trunk", [LogField("trunk", status.name), LogField("detail", status.detail)])
    }
}

/// What an INVITE offers; nothing, when it wants our offer.
struct UsableOffer {
    let remote: RemoteAudio?
}

extension SIPLegEvent {
    /// Nothing comes after it.
    var isLast: Bool {
        switch self {
        case .rejected, .cancelled, .ended: true
        case .ringing, .answered, .acceptable, .established, .offered, .offerAnswered, .offerRejected, .offerWanted,
            .digit, .transferRequested, .transferProgress:
            false
        }
    }
}

extension Call {
    /// Starts a call whose caller is already waiting on a SIP leg.
    func beginInbound(_ sip: SIPLegID, offer: RemoteAudio?, of invite: IncomingInvite) {
        guard let caller = live.legs.first?.id else { return }
        update(caller) { $0.receive(sip, offer: offer, from: invite.origin) }
        expectEncryption(of: invite.source, on: caller)
        manager.assumeIsolated { $0.registerSIP(sip, call: self, leg: caller) }
        traceInvite(caller, .server, sip)
        perform(.begin)
    }
}
