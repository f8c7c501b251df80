package import SDP
package import SIP
package import SIPEndpoint
import Wire

/// What a phone does in the middle of a call.
extension ScriptedPhone {
    /// Offers other codecs, another direction, or both.
    package func offer(_ codecs: [Codec], _ direction: MediaDirection = .sendrecv, on leg: SIPLegID) {
        guard !isOff, var session = sessions[leg] else { return }
        let offer = session.offer(
            LocalAudioOffer(transport: transport, codecs: codecs, direction: direction, encryption: encryption))
        sessions[leg] = session
        endpoint.assumeIsolated { $0.offer(leg, sdp: offer) }
    }

    /// Moves the far end of a call to a number, by REFER; false when that cannot be asked now.
    @discardableResult
    package func transfer(_ leg: SIPLegID, to number: String) -> Bool {
        guard !isOff else { return false }
        return endpoint.assumeIsolated { endpoint in
            endpoint.address(of: number, for: leg).map { endpoint.refer(leg, to: $0) } ?? false
        }
    }

    /// Joins the far ends of two of its calls, by REFER in the first.
    @discardableResult
    package func transfer(_ leg: SIPLegID, to other: SIPLegID) -> Bool {
        guard !isOff else { return false }
        return endpoint.assumeIsolated { endpoint in
            endpoint.address(of: "x", for: leg).map { endpoint.refer(leg, to: $0, replacing: other) } ?? false
        }
    }

    /// Presses a key, which goes out by INFO.
    package func press(_ digit: Character, on leg: SIPLegID) {
        guard !isOff else { return }
        endpoint.assumeIsolated { $0.sendInfo(leg, digit: digit) }
    }

    /// How somebody else would name one of its calls, to have it replaced.
    package func name(of leg: SIPLegID) -> Replaces? {
        // The far end's Replaces, seen from here, has the tags the other way round.
        endpoint.assumeIsolated { $0.replaces(naming: leg) }
    }

    /// Calls in order to take the place of a dialog that another phone, or it itself, has with the gateway.
    package func call(inPlaceOf dialog: Replaces) -> SIPLegID {
        var session = makeSession()
        let offer = session.offer(LocalAudioOffer(transport: transport, codecs: codecs, encryption: encryption))
        var invite = OutgoingInvite(
            target: .trunk(TrunkRoute(number: "x")), from: CallerIdentity(user: number), offer: offer)
        invite.replaces = dialog
        let leg = endpoint.assumeIsolated { $0.invite(invite) }
        begin(leg, session, to: "x")
        return leg
    }
}
