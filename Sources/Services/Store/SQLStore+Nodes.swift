package import CallModel
package import Directory
import Reactor
import Telemetry
package import Wire

/// What is done about calls whose gateway died.
///
/// Where several gateways share a server, each has its own calls: it closes them at its next start. Each says every few
/// seconds that it is there (`outboxes.updated_at`); the calls of one that says so no more are closed by the others.
extension SQLStore {
    /// How long a gateway that says nothing still counts as there.
    static let lease = Duration.seconds(60)
    private static let renewal = Duration.seconds(10)

    package func closeInterrupted(
        at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow]
    ) throws(StoreError) -> Int {
        let closed = try change { (database: Database) throws(SQLFailure) in
            try Interruption.own(database.node).close(database, at: now, following)
        }
        if case .server = engine { watchOthers(following) }
        return closed
    }

    /// Says that this gateway is there, and closes the calls of those that have not for the time of a lease; answers how
    /// many.
    ///
    /// While a server is away nobody can say anything to it: who has not been connected for as long judges nobody.
    func renewLease(
        _ lease: Duration = SQLStore.lease, at now: WallTime, following: @Sendable (CallRecord) -> [CallRow]
    ) throws(StoreError) -> Int {
        guard case .server(let link) = engine else { return 0 }
        let canJudge = SystemClock.now() - link.connectedAt >= lease
        return try change { (database: Database) throws(SQLFailure) in
            try database.renewLease(of: link.outbox.id)
            return canJudge ? try Interruption.gone(after: lease).close(database, at: now, following) : 0
        }
    }

    private func watchOthers(_ following: @escaping @Sendable (CallRecord) -> [CallRow]) {
        thread.execute(after: Self.renewal) {
            self.assumeIsolated { store in
                guard !store.isClosed else { return }
                store.closeGone(following)
                store.watchOthers(following)
            }
        }
    }

    private func closeGone(_ following: @Sendable (CallRecord) -> [CallRow]) {
        // Nothing can be said to a server that is away; whoever connects again says so, too.
        guard absence.withLock({ $0 }) == nil else { return }
        do throws(StoreError) {
            let closed = try renewLease(at: SystemClock.wallTime(), following: following)
            if closed > 0 { logger.warn("calls of a gateway that is gone were cut off", [LogField("calls", closed)]) }
        } catch {
            logger.warn("the database was not told that this gateway is there", [LogField("reason", "\(error)")])
        }
    }
}

extension Database {
    /// Also of a gateway that the server has not seen before.
    func renewLease(of node: UUID) throws(SQLFailure) {
        try run(
            "INSERT INTO outboxes (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET updated_at = now()", [SQLValue(node)])
    }
}
