import Reactor
import Testing
import Wire

/// Runs a real loop on the test's own thread until the test stops it; a test that never does fails after half a minute.
func run(_ loop: ControlLoop, sourceLocation: SourceLocation = #_sourceLocation) {
    loop.schedule(after: .seconds(30)) {
        Issue.record("the loop was never stopped", sourceLocation: sourceLocation)
        loop.stop()
    }
    loop.run()
}

/// An actor of the control plane, as small as it can be.
actor Ledger {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var entries: [Int] = []

    init(on loop: any EventLoop) { self.loop = loop }

    func add(_ entry: Int) { entries.append(entry) }

    /// Enters the actor from wherever the caller is.
    nonisolated func intrude() { assumeIsolated { $0.add(0) } }

    /// Whether an asynchronous call of its own stays on the loop.
    func staysOnLoop(with other: Ledger) async -> Bool {
        let before = loop.isCurrent
        await other.add(0)
        return before && loop.isCurrent
    }
}
