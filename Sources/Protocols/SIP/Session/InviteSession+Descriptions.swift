import Wire

/// What each side knows about the other's session, as far as later exchanges depend on it.
extension InviteSession {
    /// A description of ours was sent in a way that reaches the peer.
    mutating func noteLocal(_ sdp: [UInt8]) {
        localDescription = sdp
        descriptions &+= 1
    }

    mutating func noteRemote(_ sdp: [UInt8]?) {
        guard let sdp else { return }
        // The array's own hash takes one byte at a time.
        var hasher = Hasher()
        sdp.withUnsafeBytes { hasher.combine(bytes: $0) }
        remoteDescription = hasher.finalize()
    }

    /// What the peer says it takes; a message without Allow says nothing.
    mutating func noteAllowed(_ headers: SIPHeaders) {
        guard headers.contains(.allow) else { return }
        let allowed = headers.allow
        allowsInfo = allowed.contains(.info)
        if !refusesUpdate { allowsUpdate = allowed.contains(.update) }
    }

    /// The peer refused the method itself, whatever its Allow says.
    mutating func noteUpdateRefused() {
        refusesUpdate = true
        allowsUpdate = false
    }

    /// Ours is kept only to be said again: while a session is being set up, and for a refresh by re-INVITE.
    mutating func dropSettledDescription() {
        guard isEstablished, refresh?.isOurs != true || allowsUpdate == true else { return }
        localDescription = nil
    }
}

/// The dialogs of a session: the confirmed one, or those a forked INVITE made.
extension InviteSession {
    /// Changes the dialog with a peer's tag; nil when there is none.
    mutating func changeDialog<Result>(_ tag: String, _ change: (inout Dialog) -> Result) -> Result? {
        if dialog?.id.remoteTag == tag { return dialog?.apply(change) }
        return dialog == nil ? forks.early[tag]?.dialog.apply(change) : nil
    }

    /// Where requests within the dialog go: the first route or the target, and before there is a dialog the peer.
    var dialogFlow: Flow {
        guard let hop = dialog?.nextHop else { return peer.flow }
        return peer.flow(to: hop)
    }

    /// Where requests within the dialog with a peer's tag go.
    func flow(_ tag: String) -> Flow {
        guard dialog == nil, let fork = forks.early[tag] else { return dialogFlow }
        return peer.flow(to: fork.dialog.nextHop)
    }

    /// Puts credentials on a request before it is asked for any.
    mutating func authorize(_ request: inout SIPRequest, over flow: Flow, _ context: inout SessionContext) {
        guard mayAuthenticate(over: flow) else { return }
        authentication.authorize(&request, entropy: &context.entropy)
    }

    /// Credentials go to the host the session began with, and those pinned to a realm to the other hosts they are for.
    ///
    /// Elsewhere a dialog may lead by whatever the far end wrote into its Contact: to somebody who gathers digests.
    func mayAuthenticate(over flow: Flow) -> Bool {
        if flow.remote.ip == host { return true }
        return peer.credentials.map { $0.realm != nil && $0.hosts.contains(flow.remote.ip) } ?? false
    }
}
