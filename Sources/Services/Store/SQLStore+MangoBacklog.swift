package import CallModel
package import Directory
import Telemetry

/// Of a server's store: events wait in the file in which its other changes wait.
extension SQLStore: MangoBacklog {
    package func postpone(_ event: StoredMangoEvent) throws(StoreError) -> KeptMangoEvent {
        guard let outbox else { throw .failed(reason: "an embedded store has no outbox") }
        return try count(outbox) { () throws(SQLFailure) in try outbox.postpone(event) }
    }

    package func nextPostponed() throws(StoreError) -> (number: Int64, event: StoredMangoEvent)? {
        guard let outbox else { return nil }
        return try count(outbox) { () throws(SQLFailure) in try outbox.nextPostponed() }
    }

    package func postponedCount() throws(StoreError) -> Int {
        guard let outbox else { return 0 }
        return try count(outbox) { () throws(SQLFailure) in outbox.eventCounts.waiting }
    }

    package func forgetPostponed(_ number: Int64) throws(StoreError) {
        guard let outbox else { return }
        try count(outbox) { () throws(SQLFailure) in try outbox.forgetPostponed(number) }
    }

    package func parkPostponed(_ number: Int64) throws(StoreError) {
        guard let outbox else { return }
        try count(outbox) { () throws(SQLFailure) in try outbox.parkPostponed(number) }
    }

    package func retryParked() throws(StoreError) {
        guard let outbox else { return }
        try count(outbox) { () throws(SQLFailure) in try outbox.retryParked() }
    }

    private var outbox: Outbox? {
        guard case .server(let link) = engine, !isClosed else { return nil }
        return link.outbox
    }

    /// Does something with the file, and shows how many events are in it then.
    private func count<Value>(_ outbox: Outbox, _ body: () throws(SQLFailure) -> Value) throws(StoreError) -> Value {
        do throws(SQLFailure) {
            let value = try body()
            metrics.postponedEvents.set(Int64(outbox.eventCounts.waiting))
            metrics.parkedEvents.set(Int64(outbox.eventCounts.parked))
            return value
        } catch {
            throw error.storeError("the outbox")
        }
    }
}
