package import Directory
package import Wire

/// What the settings page of document 003 sees of the running server and can try.
package struct SettingsServices: Sendable {
    /// Ports in which phones and trunks send their RTP, and how many legs they carry at once.
    package struct Ports: Sendable {
        package let range: ClosedRange<UInt16>
        package let legs: Int

        package init(range: ClosedRange<UInt16>, legs: Int) { (self.range, self.legs) = (range, legs) }
    }

    /// How an account of ours fares at a trunk.
    package struct Standing: Sendable {
        package let isRegistered: Bool
        package let failure: String?

        package init(isRegistered: Bool, failure: String?) {
            (self.isRegistered, self.failure) = (isRegistered, failure)
        }
    }

    /// Whether a trunk is up, and what there is to say of it.
    package let state: @Sendable (_ trunk: String) async -> (isUp: Bool, detail: String)
    package let ports: @Sendable () async -> Ports
    /// The environment says which ports: what is stored does not count.
    package let portsAreFixed: Bool
    /// Our accounts at a trunk, by their user names.
    package let accounts: @Sendable (_ trunk: String) async -> [String: Standing]
    /// The report of a trunk's examination; nil while another is under way.
    package let examine: @Sendable (Trunk) async -> JSONValue?
    /// What only a restart changes: variables and what they say now.
    package let startup: [(variable: String, value: String)]

    package init(
        state: @escaping @Sendable (_ trunk: String) async -> (isUp: Bool, detail: String),
        ports: @escaping @Sendable () async -> Ports, portsAreFixed: Bool,
        accounts: @escaping @Sendable (_ trunk: String) async -> [String: Standing],
        examine: @escaping @Sendable (Trunk) async -> JSONValue?, startup: [(variable: String, value: String)]
    ) {
        (self.state, self.ports, self.portsAreFixed) = (state, ports, portsAreFixed)
        (self.accounts, self.examine, self.startup) = (accounts, examine, startup)
    }
}
