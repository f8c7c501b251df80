import Directory
import Reactor
import Telemetry
import Wire

/// What was written down to explain calls goes after a while; their records stay.
extension SQLStore {
    /// Calls whose details go in one transaction: a step that others hardly wait for.
    private static let step = 200
    /// Between two steps while there is more, and before the next look when there is not.
    private static let pause = Duration.milliseconds(500)
    private static let interval = Duration.seconds(600)

    /// Deletes traces and diagnoses once they are `days` old, from now on and as long as the store is open.
    package nonisolated func keepDetails(forDays days: Int) { look(after: Self.pause, forDays: days) }

    private nonisolated func look(after pause: Duration, forDays days: Int) {
        thread.execute(after: pause) { self.assumeIsolated { $0.forgetDetails(olderThan: days) } }
    }

    private func forgetDetails(olderThan days: Int) {
        guard !isClosed else { return }
        var count = 0
        do throws(StoreError) {
            let day: Int64 = 86_400_000
            let moment = WallTime(milliseconds: SystemClock.wallTime().milliseconds - Int64(days) * day)
            count = try forgetDetails(before: moment, limit: Self.step)
        } catch {
            logger.debug("old diagnoses stay for now", [LogField("reason", "\(error)")])
        }
        look(after: count == Self.step ? Self.pause : Self.interval, forDays: days)
    }

    /// Deletes the traces and the diagnoses that were written before a moment, at most `limit` of each; answers the larger
    /// number of the two.
    func forgetDetails(before moment: WallTime, limit: Int) throws(StoreError) -> Int {
        try change { (database: Database) throws(SQLFailure) in
            let oldest: [SQLValue] = [SQLValue(moment), SQLValue(limit)]
            let traces = try database.run(
                """
                DELETE FROM call_traces WHERE call_pk IN (
                    SELECT call_pk FROM call_traces WHERE created_at < ? ORDER BY created_at LIMIT ?)
                """, oldest)
            let diagnoses = try database.run(
                """
                UPDATE call_diagnoses SET diagnosis = '', updated_at = \(Schema.now) WHERE call_pk IN (
                    SELECT call_pk FROM call_diagnoses WHERE created_at < ? AND diagnosis <> ''
                    ORDER BY created_at LIMIT ?)
                """, oldest)
            return max(traces, diagnoses)
        }
    }
}
