import CallModel
import Directory
import Reactor
import Telemetry
import Wire

/// What a store does about a server that comes and goes.
extension SQLStore {
    static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)

    /// Gives a batch to the server, or to the outbox while there is none.
    func hand(_ batch: PendingWrites, to link: PostgresLink) throws(SQLFailure) {
        try link.write(batch) { (batch, database) throws(SQLFailure) in
            newestCallID = try metrics.write(batch, to: database, newest: newestCallID, logger)
        } refused: {
            lost($0.message)
        }
        newestCallID = batch.snapshots.reduce(newestCallID) { max($0, $1.record.id) }
        metrics.outbox.set(Int64(link.outbox.count))
        extendNumbers(link)
    }

    /// The server, once it has everything that was kept for it.
    @discardableResult
    func requireServer() throws(StoreError) -> Database {
        guard case .server(let link) = engine, let database = link.database, absence.withLock({ $0 }) == nil else {
            throw .unavailable(reason: absence.withLock { $0 } ?? "the database server is away")
        }
        return database
    }

    /// The server is gone, or refuses everything: it is tried again and again, ever more seldom.
    func lost(_ reason: String) {
        guard case .server(let link) = engine else { return }
        link.disconnect()
        let isNew = absence.withLock { absence in
            defer { absence = reason }
            return absence == nil
        }
        guard isNew else { return }
        logger.error(
            "the database server is away; calls go on and their records wait in the outbox",
            [LogField("reason", reason)])
        metrics.isUp.set(0)
        pause = Self.firstPause
        scheduleConnecting()
    }

    private func scheduleConnecting() {
        thread.execute(after: pause) { self.assumeIsolated { $0.connectAgain() } }
    }

    private func connectAgain() {
        guard !isClosed, case .server(let link) = engine else { return }
        do throws(StoreError) {
            try link.connect(at: SystemClock.wallTime())
            try replay(link)
            absence.withLock { $0 = nil }
            metrics.isUp.set(1)
            logger.info("the database server is back and has everything")
        } catch {
            link.disconnect()
            absence.withLock { $0 = "\(error)" }
            pause = min(pause * 2, Self.longestPause)
            scheduleConnecting()
        }
        metrics.outbox.set(Int64(link.outbox.count))
    }

    private func replay(_ link: PostgresLink) throws(StoreError) {
        do throws(SQLFailure) {
            try link.replay { (batch, database) throws(SQLFailure) in
                // Whether a call is new to the server is not known any more: it is tried as if it were.
                _ = try metrics.write(batch, to: database, newest: 0, logger)
            }
        } catch {
            throw error.storeError("\(link.address)")
        }
    }

    /// Takes another block of numbers while half of the last is left.
    private func extendNumbers(_ link: PostgresLink) {
        guard let database = link.database, newestCallID > numbers.last - 500_000 else { return }
        do throws(SQLFailure) {
            numbers.add(try database.reserveCallNumbers())
        } catch {
            lost(error.message)
        }
    }

    func returnNumbers() {
        guard case .server(let link) = engine, let database = link.database else { return }
        // The sequence keeps them: that is all a failure costs.
        try? database.returnCallNumbers(after: newestCallID, of: numbers.last)
    }

    /// A number that differs from the last one when others have changed the directory at the server.
    func foreignChanges(at link: PostgresLink) throws(StoreError) -> Int64 {
        try requireServer()
        do throws(SQLFailure) {
            try link.look()
        } catch {
            lost(error.message)
            throw error.storeError("\(link.address)")
        }
        return link.foreignChanges
    }
}

extension PostgresLink {
    /// Reaches the server for the first time, and gives it what an earlier run could not.
    func open(metrics: StoreMetrics, logger: Logger) throws(StoreError) -> Database {
        try connect(at: SystemClock.wallTime())
        do throws(SQLFailure) {
            let kept = outbox.count
            try replay { (batch, database) throws(SQLFailure) in
                _ = try metrics.write(batch, to: database, newest: 0, logger)
            }
            if kept > 0 { logger.info("the outbox of an earlier run is written", [LogField("batches", kept)]) }
        } catch {
            throw error.storeError("\(address)")
        }
        guard let database else { throw .unavailable(reason: "the connection is lost") }
        return database
    }
}

// MARK: - Health

/// How the store is, for whoever asks.
package struct StoreHealth: Sendable {
    package let isUp: Bool
    package let message: String
}

extension SQLStore {
    /// Never waits for a server that does not answer.
    package nonisolated func health() async -> StoreHealth {
        if readers != nil {
            if let reason = absence.withLock({ $0 }) {
                return StoreHealth(isUp: false, message: "PostgreSQL is away, records wait in the outbox (\(reason))")
            }
            return StoreHealth(isUp: true, message: "PostgreSQL answers")
        }
        do throws(StoreError) {
            _ = try await setting("schema")
            return StoreHealth(isUp: true, message: "embedded store answers")
        } catch {
            return StoreHealth(isUp: false, message: "embedded store does not answer")
        }
    }
}
