/// Where a call that leaves shall go: a number, and by which trunk.
package struct TrunkRoute: Hashable, Sendable {
    /// Nil: by any trunk that accepts the number, in the order of their priorities and weights.
    package var trunk: String?
    /// As it was dialled; each trunk's rules rewrite it.
    package var number: String
    /// Trunks that shall not be used, for what they may spend is spent.
    package var excluded: Set<String> = []
    /// Only this number may be dialled, whatever a redirection says: somebody who pays has lists of prefixes.
    package var isFixed = false

    package init(trunk: String? = nil, number: String) { (self.trunk, self.number) = (trunk, number) }
}

/// A trunk as it is now.
package struct TrunkStatus: Hashable, Sendable {
    package var name: String
    /// Whether an account of ours is registered there; nil when none is meant to be.
    package var isRegistered: Bool?
    /// Whether a server of it answers; nil while that is not known.
    package var isReachable: Bool?
    /// Calls in both directions.
    package var channels: Int
    /// What is the matter, or how many registrations hold; for people.
    package var detail: String

    package init(name: String, isRegistered: Bool?, isReachable: Bool?, channels: Int, detail: String) {
        self.name = name
        self.isRegistered = isRegistered
        self.isReachable = isReachable
        self.channels = channels
        self.detail = detail
    }
}

/// How one account of ours fares at a trunk.
package struct AccountStanding: Hashable, Sendable {
    package let isRegistered: Bool
    /// Why the registrar does not take it; nil while nothing speaks against it.
    package let failure: String?
}
