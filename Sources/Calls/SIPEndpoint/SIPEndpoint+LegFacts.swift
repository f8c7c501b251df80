package import SIP
package import Wire

/// What can be asked about a leg that is not over.
extension SIPEndpoint {
    /// The trunk it came or left by, of which it holds a channel; nil for a leg that leads elsewhere.
    package func trunkName(of leg: SIPLegID) -> String? { legs.trunk(leg) }

    /// Whether anything came back to its INVITE.
    package func isProceeding(_ leg: SIPLegID) -> Bool {
        // Not by `map`, which would take a copy of the whole agent along.
        guard let session = legs.session(leg) else { return false }
        return agent.isProceeding(session)
    }

    /// When somebody tried the account's user name with a wrong password last, if that was lately and the right one
    /// has not come since.
    package func latestWrongPassword(of username: String) -> Instant? {
        sources.guesses.latestFailure(username, now: now)
    }

    /// What its far end would write to have it replaced (RFC 3891); nil before there is a dialog.
    package func replaces(naming leg: SIPLegID) -> Replaces? {
        legs.session(leg).flatMap { agent.replaces(naming: $0) }
    }
}
