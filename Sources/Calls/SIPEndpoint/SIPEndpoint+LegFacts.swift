package import SIP
package import Wire

/// What can be asked about a leg that is not over.
extension SIPEndpoint {
    /// The trunk it came or left by, of which it holds a channel; nil for a leg that leads elsewhere.
    package func trunkName(of leg: SIPLegID) -> String? { legs.trunk(leg) }

    /// Whether anything came back to its INVITE.
    package func isProceeding(_ leg: SIPLegID) -> Bool { legs.session(leg).map(agent.isProceeding) ?? false }

    /// When somebody tried the account's user name with a wrong password last, if that was lately.
    package func latestWrongPassword(of username: String) -> Instant? { sources.guesses.latestFailure(username) }

    /// What its far end would write to have it replaced (RFC 3891); nil before there is a dialog.
    package func replaces(naming leg: SIPLegID) -> Replaces? {
        legs.session(leg).flatMap { agent.replaces(naming: $0) }
    }
}
