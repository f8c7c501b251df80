package import Telemetry

/// `/metrics`: what belongs to the control loop is taken there, and the text is made on a thread of its own.
package actor MetricPage {
    private nonisolated let thread: any SerialExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let registry: MetricRegistry
    private var exposition: Exposition

    /// `thread`: where the text is made.
    package init(service: String, registry: MetricRegistry, thread: any SerialExecutor) {
        (self.registry, self.thread) = (registry, thread)
        exposition = Exposition(service: service)
    }

    /// The text of this moment; called on the control loop.
    package nonisolated func text() async -> [UInt8] {
        registry.gather()
        return await encode()
    }

    private func encode() -> [UInt8] { exposition.encode(registry) }
}
