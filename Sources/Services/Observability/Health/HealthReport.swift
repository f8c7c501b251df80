import Wire

/// What the health endpoints say of the program at one moment.
package struct HealthReport: Sendable {
    package struct Check: Sendable, Equatable {
        package var isOK: Bool
        package var message: String

        package init(isOK: Bool, message: String) { (self.isOK, self.message) = (isOK, message) }

        package static let notConfigured = Check(isOK: true, message: "not configured")
    }

    package var isTrunkUp: Bool
    package var registeredUsers: Int
    package var uptime: Duration
    /// Why the program takes no calls; nil when it does.
    package var notReady: String?
    /// Parts that are down although calls go on.
    package var degraded: [String]
    /// Test mode: nothing is kept.
    package var isTest = false
    /// In the order they are printed.
    package var checks: [(name: String, check: Check)]

    package init(
        isTrunkUp: Bool, registeredUsers: Int, uptime: Duration, notReady: String?, degraded: [String],
        checks: [(name: String, check: Check)]
    ) {
        (self.isTrunkUp, self.registeredUsers, self.uptime) = (isTrunkUp, registeredUsers, uptime)
        (self.notReady, self.degraded, self.checks) = (notReady, degraded, checks)
    }

    /// Only these decide the overall status (contract §7).
    static let decisive: Set<String> = ["database", "redis", "callManager"]

    var isHealthy: Bool { checks.allSatisfy { $0.check.isOK || !Self.decisive.contains($0.name) } }
}
