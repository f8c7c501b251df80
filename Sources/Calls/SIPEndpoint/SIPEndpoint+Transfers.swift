import Directory
package import SIP

/// Transfers that we ask the far end for (RFC 3515).
extension SIPEndpoint {
    /// Asks the far end of a leg to call somebody itself, in the place of another leg of ours if one is named.
    ///
    /// How it goes comes as `transferProgress`; false when it cannot be asked now.
    package func refer(_ leg: SIPLegID, to target: SIPURI, replacing other: SIPLegID? = nil) -> Bool {
        guard let session = legs.session(leg) else { return false }
        defer { settle() }
        guard let other else { return agent.refer(session, to: target, now: now) }
        guard let replaces = legs.session(other).flatMap({ agent.replaces(naming: $0) }) else { return false }
        return agent.refer(session, to: target, replaces: replaces, now: now)
    }

    /// A number as the far end of a leg would dial it: behind its trunk, by the trunk's rules, or at our own address.
    package func address(of number: String, for leg: SIPLegID) -> SIPURI? {
        if let trunk = legs.trunk(leg), let state = trunks.states[trunk] {
            return state.address(user: state.trunk.numbers.outgoingCalled.rewrite(number))
        }
        return legs.session(leg).flatMap { agent.flow(of: $0) }.map { contact(user: number, facing: $0).uri }
    }
}
