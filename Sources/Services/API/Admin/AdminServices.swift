package import Directory
package import Wire

/// What the administrators' routes work with besides the store.
package struct AdminServices: Sendable {
    package let store: any DirectoryStore
    /// Lets the running exchange follow what the store says now.
    package let reload: @Sendable () async -> Void
    /// How many phones are registered for an account, by its user name.
    package let registrations: @Sendable (_ username: String) async -> Int
    /// How a trunk fares, by its name; nil when it does not run.
    package let trunkStatus: @Sendable (_ name: String) async -> JSONValue?

    package init(
        store: any DirectoryStore, reload: @escaping @Sendable () async -> Void,
        registrations: @escaping @Sendable (_ username: String) async -> Int,
        trunkStatus: @escaping @Sendable (_ name: String) async -> JSONValue?
    ) {
        (self.store, self.reload) = (store, reload)
        (self.registrations, self.trunkStatus) = (registrations, trunkStatus)
    }
}
