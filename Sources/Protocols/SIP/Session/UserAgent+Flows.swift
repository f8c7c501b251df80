package import Wire

/// Who rests on which connection.
extension UserAgent {
    /// The way to the peer of a session, as it is now.
    package func flow(of session: SessionID) -> Flow? { sessions[session]?.value.peer.flow }

    /// Whether a session is reached over this very connection, which should therefore stay.
    package func hasSession(on flow: Flow) -> Bool { !flows.members(on: flow).isEmpty }

    /// Takes the calls of a device along to the flow it has just registered by: those whose connection broke, and those
    /// on the flows it was registered by before, which may be dead without our knowing.
    ///
    /// A page's library opens another WebSocket and registers, but says nothing within its calls.
    package mutating func follow(
        _ contact: SIPURI, of account: String, from former: Set<Flow>, to flow: Flow, now: Instant
    ) {
        let concerned = former.reduce(into: adrift) { $0.formUnion(flows.members(on: $1)) }
        let calls = concerned.filter { id in
            guard let session = sessions[id]?.value, session.peer.account == account,
                session.peer.flow.transport == flow.transport, session.peer.flow != flow
            else { return false }
            return session.dialog?.remoteTarget.isEquivalent(to: contact) ?? false
        }
        if !calls.isEmpty { move(calls.sorted { $0.rawValue < $1.rawValue }, to: flow, now: now) }
    }
}
