/// What an INVITE with Replaces is to do (RFC 3891 section 3).
package enum ReplacementVerdict: Sendable, Equatable {
    /// The INVITE carries no Replaces.
    case none
    /// Once its call is accepted, this session is to be hung up.
    case session(SessionID)
    /// What the INVITE is to be answered with.
    case refused(status: Int)
}

extension UserAgent {
    /// The session of ours that the Replaces in a REFER names; nil when there is none, or it is over.
    ///
    /// Whoever refers may name an early dialog it began itself, unlike whoever invites.
    package func session(replacing replaces: Replaces) -> SessionID? {
        guard let id = session(callID: replaces.callID, localTag: replaces.toTag), let session = sessions[id]?.value,
            !session.isOver, session.hasDialog(remoteTag: replaces.fromTag)
        else { return nil }
        return replaces.isEarlyOnly && session.isEstablished ? nil : id
    }

    /// Judges the Replaces of an INVITE.
    ///
    /// 400 for one that cannot be read or does not stand alone, 481 when nothing matches, 603 when what it names is
    /// over, 486 when it may replace an early dialog only and the call is up.
    package mutating func replacement(for invite: SIPRequest) -> ReplacementVerdict {
        let count = invite.headers.all(.replaces).count
        if count == 0 { return .none }
        guard count == 1, let replaces = invite.headers.replaces, invite.headers["Join"] == nil else {
            return .refused(status: 400)
        }
        return verdict(on: replaces)
    }

    /// The Replaces by which the peer of a session names it; nil before there is a dialog.
    ///
    /// For the Refer-To of a transfer to that peer, or an INVITE to it.
    package func replaces(naming id: SessionID) -> Replaces? {
        guard let session = sessions[id]?.value else { return nil }
        let onlyFork = session.forks.early.count == 1 ? session.forks.early.values.first?.dialog : nil
        guard let dialog = session.dialog ?? onlyFork else { return nil }
        let remoteTag = dialog.id.remoteTag.isEmpty ? "0" : dialog.id.remoteTag
        return Replaces(callID: dialog.id.callID, toTag: remoteTag, fromTag: dialog.id.localTag)
    }

    private func verdict(on replaces: Replaces) -> ReplacementVerdict {
        guard let id = session(callID: replaces.callID, localTag: replaces.toTag),
            let session = sessions[id]?.value, session.hasDialog(remoteTag: replaces.fromTag)
        else { return .refused(status: 481) }
        if session.isOver { return .refused(status: 603) }
        switch session.phase {
        case .established, .accepted, .answering: return replaces.isEarlyOnly ? .refused(status: 486) : .session(id)
        case .calling: return .session(id)
        // An early dialog that the other side began is not there to be replaced.
        case .incoming, .over: return .refused(status: 481)
        }
    }
}

extension InviteSession {
    /// Whether the session has a dialog, early or confirmed, with that tag of the peer; `0` stands for none.
    fileprivate func hasDialog(remoteTag: String) -> Bool {
        let known = dialog.map { [$0.id.remoteTag] } ?? Array(forks.early.keys)
        return known.contains { $0 == remoteTag || ($0.isEmpty && remoteTag == "0") }
    }
}
