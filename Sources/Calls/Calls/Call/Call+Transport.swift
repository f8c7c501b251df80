import CallModel
import Directory
import Media
import SDP
import SIP
import SIPEndpoint
import Wire

/// What carries the media of each leg: RTP of one family or the other, with keys or without, or ICE and DTLS.
extension Call {
    /// Opens the media leg that fits the far end, as far as it is known.
    func mediaTransport(_ link: LegLink) throws(MediaError) -> LocalTransport {
        let call = UInt64(truncatingIfNeeded: number)
        if link.speaksWebRTC {
            return .browser(BrowserDescription(try services.media.openBrowserLeg(link.mediaID, call: call)))
        }
        let address = try services.media.openSIPLeg(link.mediaID, call: call, family: link.family)
        return .rtp(address)
    }

    /// What is known of a device before it has said anything: how it registered.
    func expect(_ contact: RegisteredContact, on id: LegID) {
        update(id) { link in
            link.signallingHost = contact.flow.remote.ip
            switch contact.flow.transport {
            case .ws, .wss: link.expectsWebRTC = true
            case .tls: link.encryption = link.encryption == .off ? .optional : link.encryption
            case .udp, .tcp, .sctp, .other(_): break
            }
        }
    }

    /// Offers RTP/SAVP to a device that refused what we offered, once; false when there is nothing to be tried.
    ///
    /// One that takes nothing but SRTP refuses plain RTP even with keys beside it, and does not say that this was why.
    func insistOnKeys(_ id: LegID, after status: Int) -> Bool {
        guard status == 488 || status == 606, let link = links[id], case .phone = link.party, !link.isInbound,
            link.encryption != .required, !link.speaksWebRTC, live.legs[id]?.state.isOpen == true
        else { return false }
        let fresh = LocalSession(id: entropy.next())
        update(id) {
            ($0.encryption, $0.session, $0.isOffering, $0.sip) = (.required, fresh, false, nil)
        }
        reach(id, autoAnswer: link.isAutoAnswered)
        return true
    }

    /// The encryption of the trunk a leg leaves by.
    ///
    /// Where the number decides among several, that of the strictest of them, for one offer goes to all.
    func expectTrunk(_ name: String?, number: String, on id: LegID) {
        let roster = services.roster.current
        let trunks =
            name.flatMap { roster.trunk(named: $0) }.map { [$0] }
            ?? roster.trunks.filter { $0.isEnabled && $0.accepts(number) }
        let wishes = trunks.map(\.session.encryption)
        update(id) { link in
            link.encryption = [.required, .optional].first(where: wishes.contains).map(SDESPolicy.init) ?? .off
            let hosts = trunks.flatMap(\.targets).map { IPAddress($0.host) }
            // Names are looked up only after the offer is made; what they lead to is mostly IPv4.
            if !hosts.isEmpty, hosts.allSatisfy({ $0?.family == .ipv6 }) { link.signallingHost = hosts[0] }
        }
    }

    /// The encryption of the trunk an INVITE came by: what it requires holds for its own offers, too.
    func expectEncryption(of source: IncomingInvite.Source, on id: LegID) {
        guard case .trunk(let name) = source, let trunk = services.roster.current.trunk(named: name) else { return }
        update(id) { $0.encryption = SDESPolicy(trunk.session.encryption) }
    }
}

extension LegLink {
    /// A page of ours, told of things by its socket.
    var isPage: Bool { participant != nil || party.isBrowser }

    /// Its media is a browser's: a page's, or that of a SIP client in a page.
    var speaksWebRTC: Bool {
        switch transport {
        case .browser: true
        case .rtp: false
        case nil: isPage || (pendingOffer?.stream ?? remote).map(\.isBrowser) ?? expectsWebRTC
        }
    }

    /// The family its media is of: that of its description, else that of its signalling.
    var family: IPAddress.Family {
        ((pendingOffer?.stream ?? remote)?.rtp?.ip ?? signallingHost)?.family ?? .ipv4
    }
}

extension SDESPolicy {
    init(_ encryption: MediaEncryption) {
        switch encryption {
        case .off: self = .off
        case .optional: self = .optional
        case .required: self = .required
        }
    }
}

extension Trunk {
    /// Whether calls to a number may leave by it.
    fileprivate func accepts(_ number: String) -> Bool {
        numbers.accepts.isEmpty || numbers.accepts.contains { $0.matches(number) }
    }
}
