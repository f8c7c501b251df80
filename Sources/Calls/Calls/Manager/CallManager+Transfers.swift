package import CallModel
import Directory
import Media
import SDP
import SIPEndpoint
package import Wire

/// Transfers across calls, and INVITEs that take the place of a leg.
extension CallManager {
    /// A phone asked by REFER to move its partner elsewhere.
    ///
    /// The trunk may not name numbers: its far side could make us dial any of them at our expense. It may join two of
    /// its own calls.
    func transferByLeg(_ call: Call, _ leg: LegID, _ order: TransferOrder) {
        guard let party = call.assumeIsolated({ $0.live.legs[leg]?.party }) else { return }
        let refuse = { (status: Int) in call.assumeIsolated { $0.refuseTransfer(leg, status: status) } }
        if order.isAttended {
            guard let replaced = order.replaces, let (other, otherLeg) = sipLegs[replaced] else { return refuse(481) }
            let otherParty = other.assumeIsolated { $0.live.legs[otherLeg]?.party }
            guard other !== call, let otherParty, party.isSame(as: otherParty) else { return refuse(403) }
            call.assumeIsolated { $0.referrer = leg }
            if join(call, by: .leg(leg), with: other, by: .leg(otherLeg), order.referredBy) == nil {
                refuse(480)
                call.assumeIsolated { $0.referrer = nil }
            }
            return
        }
        guard case .phone = party else { return refuse(403) }
        guard let route = route(order.target), route.leadsSomewhere else { return refuse(404) }
        var request = TransferRequest(
            by: .leg(leg), target: dialledUser(order.target), parties: route.parties, targetUserID: route.userID,
            reason: nil, referredBy: order.referredBy, queue: route.queue)
        request.refersFarEnd = refersFarEnd(request, in: call)
        call.assumeIsolated { $0.transfer(request, referredBy: leg) }
    }

    /// Whether the far end of the one who stays is to call the target itself: both are behind one trunk that wants it so.
    ///
    /// What leaves our hands cannot be counted or cut off: where anybody who pays has limits, we call the target.
    func refersFarEnd(_ request: TransferRequest, in call: Call) -> Bool {
        guard let name = call.assumeIsolated({ $0.trunkOfStayer(request.by) }), !request.parties.isEmpty,
            let trunk = services.roster.current.trunk(named: name), trunk.session.transfer == .refer,
            isUnlimited(trunk, paidBy: call.assumeIsolated { $0.payer(ofTransferBy: request.by) })
        else { return false }
        return request.parties.allSatisfy { party in
            guard case .outside(let trunk, _) = party else { return false }
            return trunk == nil || trunk == name
        }
    }

    /// Joins two calls of one user: whom they talk to, or ring, in the one is joined with whom they talk to in the
    /// other; the answer is the call that goes on.
    func join(_ call: Call, with other: Call, userID: Int64?) throws(CallError) -> CallRecord {
        guard call !== other else { throw .invalidState }
        let author = HoldAuthor.user(userID)
        if let kept = join(call, by: author, with: other, by: author, nil) { return kept }
        if let kept = join(other, by: author, with: call, by: author, nil) { return kept }
        throw .invalidState
    }

    /// Nil when the two are in no state to be joined.
    private func join(
        _ call: Call, by author: HoldAuthor, with other: Call, by otherAuthor: HoldAuthor, _ referredBy: String?
    ) -> CallRecord? {
        guard call.assumeIsolated({ $0.live.canAdopt(by: author) }),
            let surrender = other.assumeIsolated({ $0.live.surrender(by: otherAuthor) }),
            isWorthJoining(call, author, surrender.legs)
        else { return nil }
        let kept = surrender.legs.filter(\.keepsSession).map(\.id)
        let userID = surrender.legs.first?.party.userID
        let request = TransferRequest(
            by: author, target: other.assumeIsolated { $0.target }, parties: [], targetUserID: userID, reason: nil,
            referredBy: referredBy)
        let given = other.assumeIsolated { $0.giveAway(kept) }
        let adoption = Adoption(request: request, legs: surrender.legs)
        call.assumeIsolated { $0.adopt(adoption, given) }
        other.assumeIsolated { $0.perform(.yielded(kept)) }
        return call.assumeIsolated { $0.record }
    }

    /// Nothing is gained by joining two built-in numbers.
    private func isWorthJoining(_ call: Call, _ author: HoldAuthor, _ legs: [AdoptedLeg]) -> Bool {
        let stayer = call.assumeIsolated { call in call.live.surrender(by: author)?.legs.first?.party }
        guard let stayer else { return false }
        return !stayer.isBuiltIn || !legs.contains { $0.party.isBuiltIn }
    }

    /// The name of a live call's latest transfer; nil: there was none.
    package func latestTransfer(of key: CallKey) -> UUID? {
        switch entry(key) {
        case .call(let call): call.assumeIsolated { $0.transfers.latestID }
        case .room(let room): room.transfers.latestID
        case nil: nil
        }
    }

    // MARK: - INVITE with Replaces

    /// Puts the caller into the place of a leg, if it may have it (RFC 3891 section 3).
    func replace(_ replaced: SIPLegID, by leg: SIPLegID, _ invite: IncomingInvite) {
        guard let (call, id) = sipLegs[replaced], let former = call.assumeIsolated({ $0.live.legs[id] }),
            call.assumeIsolated({ $0.live.canReplace(id) })
        else { return refuse(leg, 481, "no such dialog to replace") }
        let party = party(of: invite)
        // A call that rings may be picked up by any phone of the house; one that is up belongs to its people.
        let isPickUp = !former.state.isEstablished && party.isPhone
        guard isPickUp || party.isSame(as: former.party) else { return refuse(leg, 403, "not the caller's dialog") }
        guard let offer = usableOffer(of: invite) else { return refuse(leg, 488, "the offer has no audio we can use") }
        call.assumeIsolated { $0.replace(id, by: party, leg, offer: offer.remote, of: invite) }
    }

    func party(of invite: IncomingInvite) -> Party {
        switch invite.source {
        case .account(let account): .phone(extension: account.extension, contact: "", userID: account.userID)
        case .trunk(let name): .outside(trunk: name, number: invite.from.user)
        }
    }

    // MARK: - Bookkeeping

    /// A leg's session and media belong to another call from now on.
    func move(_ link: LegLink, to call: Call) {
        if let sip = link.sip {
            if let (former, leg) = sipLegs[sip] {
                moveToll(TollKey(call: former.uuid, leg: leg), to: TollKey(call: call.uuid, leg: link.id))
            }
            registerSIP(sip, call: call, leg: link.id)
        }
        mediaLegs[link.mediaID] = (call, link.id)
        if let participant = link.participant { places[participant.participantID] = call.uuid }
    }

    /// Another media leg for the same leg of a call.
    func replaceMedia(_ former: MediaLegID, call: Call, leg: LegID) -> MediaLegID {
        mediaLegs[former] = nil
        return registerMedia(call: call, leg: leg)
    }
}

extension Party {
    /// Whether two legs belong to one party: to a person or account, or to a trunk.
    func isSame(as other: Party) -> Bool {
        switch (self, other) {
        case (.outside(let trunk?, _), .outside(let otherTrunk?, _)): return trunk == otherTrunk
        case (.phone(let number, _, _), .phone(let otherNumber, _, _)) where number == otherNumber: return true
        default: return userID != nil && userID == other.userID
        }
    }

    var isPhone: Bool {
        if case .phone = self { true } else { false }
    }
}
