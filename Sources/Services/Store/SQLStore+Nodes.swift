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
    static let renewal = Duration.seconds(10)

    /// By which a server that several share knows this gateway; nil: the store is ours alone.
    package var gatewayID: UUID? { if case .server(let link) = engine { link.outbox.id } else { nil } }

    package func closeInterrupted(
        at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow]
    ) throws(StoreError) -> Int {
        let closed = try change { (database: Database) throws(SQLFailure) in
            try Interruption.own(in: database).close(database, at: now, following)
        }
        if case .server = engine { watchOthers(following) }
        return closed
    }

    /// Says that this gateway is there, and closes the calls of those that have not for the time of a lease; answers how
    /// many.
    ///
    /// While a server is away nobody can say anything to it, nor while a machine is frozen: who has not been there for as
    /// long judges nobody. Who was away for longer than the lease may have been thought gone: the sessions that others
    /// closed are open again, and so is each call with its next write.
    func renewLease(
        _ lease: Duration = SQLStore.lease, at now: WallTime, following: @Sendable (CallRecord) -> [CallRow]
    ) throws(StoreError) -> Int {
        guard case .server(let link) = engine else { return 0 }
        let (closed, attendance) = try change { (database: Database) throws(SQLFailure) -> (Int, Attendance) in
            let renewedAt = try database.renewLease(of: link.outbox.id)
            var attendance = link.attendance ?? Attendance(at: renewedAt)
            if attendance.silence(at: renewedAt) >= lease {
                try database.reopenSessions(of: link.outbox.id, closedSince: attendance.latest)
            }
            attendance.renew(at: renewedAt)
            guard attendance.lasts(lease) else { return (0, attendance) }
            return (try Interruption.gone(after: lease).close(database, at: now, following), attendance)
        }
        link.attendance = attendance
        return closed
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
    /// Also of a gateway that the server has not seen before; answers the server's time.
    func renewLease(of node: UUID) throws(SQLFailure) -> WallTime {
        let times = try query(
            """
            INSERT INTO outboxes (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET updated_at = now()
            RETURNING updated_at
            """, [SQLValue(node)]
        ) { $0.time(0) }
        return times.first ?? WallTime(milliseconds: 0)
    }

    /// Whether another gateway has said within the time of a lease that it is there.
    func hasCompany(within lease: Duration = SQLStore.lease) throws(SQLFailure) -> Bool {
        guard let node else { return false }
        let others = try integer(
            """
            SELECT count(*) FROM outboxes
            WHERE id <> ? AND updated_at >= now() - ? * interval '1 millisecond'
            """, [SQLValue(node), .real(Double(lease.wholeMilliseconds))])
        return others ?? 0 > 0
    }

    /// Opens the sessions that others closed together with this gateway's calls; some calls may be open again already.
    func reopenSessions(of node: UUID, closedSince moment: WallTime) throws(SQLFailure) {
        try run(
            """
            UPDATE call_sessions SET is_active = TRUE, ended_at = NULL, updated_at = now()
            FROM calls
            WHERE calls.id = call_pk AND NOT is_active AND call_sessions.ended_at = last_activity
                AND call_sessions.updated_at >= ? AND node_id = ?
                AND (calls.ended_at IS NULL OR end_reason = 'interrupted')
            """, [SQLValue(moment), SQLValue(node)])
    }
}
