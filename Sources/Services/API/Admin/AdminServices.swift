package import CallModel
package import Directory
package import Telemetry
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
    /// Nil: their routes are not offered.
    package var outbox: OutboxServices?
    package var webhooks: WebhookServices?
    package var settings: SettingsServices?
    package var logs: LogServices?
    package var running: RunningServices?

    package init(
        store: any DirectoryStore, reload: @escaping @Sendable () async -> Void,
        registrations: @escaping @Sendable (_ username: String) async -> Int,
        trunkStatus: @escaping @Sendable (_ name: String) async -> JSONValue?
    ) {
        (self.store, self.reload) = (store, reload)
        (self.registrations, self.trunkStatus) = (registrations, trunkStatus)
    }
}

/// What administrators do with the log.
package struct LogServices: Sendable {
    package let level: @Sendable () -> LogLevel
    package let setLevel: @Sendable (LogLevel) -> Void

    package init(level: @escaping @Sendable () -> LogLevel, setLevel: @escaping @Sendable (LogLevel) -> Void) {
        (self.level, self.setLevel) = (level, setLevel)
    }
}

/// What administrators see of what must reach servers of others.
package struct OutboxServices: Sendable {
    package let items: any Outbox
    /// Has what rests under an ordering key tried at once.
    package let hurry: @Sendable (_ orderingKey: String) async -> Void

    package init(items: any Outbox, hurry: @escaping @Sendable (_ orderingKey: String) async -> Void) {
        (self.items, self.hurry) = (items, hurry)
    }
}

/// What administrators do with webhooks besides keeping them.
package struct WebhookServices: Sendable {
    /// Sends a test; answers its event's id and what went wrong.
    package let test: @Sendable (Webhook) async -> (eventID: String, error: String?)
    /// Queues again what happened after an event; nil when that is not kept.
    package let replay: @Sendable (Webhook, _ after: String) async throws(StoreError) -> Int?

    package init(
        test: @escaping @Sendable (Webhook) async -> (eventID: String, error: String?),
        replay: @escaping @Sendable (Webhook, _ after: String) async throws(StoreError) -> Int?
    ) {
        (self.test, self.replay) = (test, replay)
    }
}
