import Directory
import Reactor
import Wire

/// The connection that writes to a server, and the outbox for what comes while there is none.
final class PostgresLink {
    let address: PostgresAddress
    let outbox: Outbox
    /// Nil while the server is away.
    private(set) var database: Database?
    /// Grows with every change of the directory that is not our own, and with every new connection.
    private(set) var foreignChanges: Int64 = 0
    /// Grows with those of them that are of companies.
    private(set) var companyChanges: Int64 = 0
    /// Since when the server knows that this gateway is there; nil before the first connection.
    var attendance: Attendance?
    /// The number of the newest batch.
    private var number: Int64

    /// How long a write may take before the server counts as gone.
    private static let patience = Duration.seconds(10)
    /// How many kept batches are written in one transaction.
    private static let replayed = 100

    init(_ address: PostgresAddress, outbox: Outbox) {
        (self.address, self.outbox) = (address, outbox)
        number = outbox.lastNumber
    }

    /// Connects, brings the schema up to date and finds out which batches the server has.
    func connect(at now: WallTime) throws(StoreError) {
        // Only the first connection has the schema to bring up to date, which takes as long as it takes.
        let opened = try Self.open(address, patience: foreignChanges == 0 ? nil : Self.patience)
        try opened.migrate(at: now)
        do throws(SQLFailure) {
            guard case .postgres(let connection) = opened.engine else { return }
            connection.patience = Self.patience
            try opened.execute("LISTEN tandem_directory")
            try opened.run("DELETE FROM outboxes WHERE updated_at < now() - interval '90 days'")
            let renewedAt = try opened.renewLease(of: outbox.id)
            if let attendance, attendance.silence(at: renewedAt) >= SQLStore.lease {
                try opened.reopenSessions(of: outbox.id, closedSince: attendance.latest)
            }
            let position = try opened.integer("SELECT position FROM outboxes WHERE id = ?", [SQLValue(outbox.id)]) ?? 0
            try outbox.forget(through: position)
            number = max(number, position)
            (foreignChanges, companyChanges) = (foreignChanges + 1, companyChanges + 1)
            (opened.node, attendance) = (outbox.id, Attendance(at: renewedAt))
            database = opened
        } catch {
            throw error.storeError("\(address)")
        }
    }

    /// A new connection; without `patience` its answers may take as long as they like.
    static func open(_ address: PostgresAddress, patience: Duration? = nil) throws(StoreError) -> Database {
        do throws(SQLFailure) {
            return Database(.postgres(try PostgresConnection(address, patience: patience)))
        } catch {
            throw error.storeError("\(address)")
        }
    }

    /// The connection is given up; the next one is made by `connect`.
    func disconnect() { database = nil }

    /// Writes a batch, or keeps it when the server is away or older ones are waiting; fails when neither can be done.
    ///
    /// `refused` is told why the server did not take it, whatever becomes of the batch then.
    func write(
        _ batch: PendingWrites, by write: (PendingWrites, Database) throws(SQLFailure) -> Void,
        refused: (SQLFailure) -> Void
    ) throws(SQLFailure) {
        // One that is neither written nor kept is not used again: the server may have taken it and not said so.
        number += 1
        if let database, outbox.count == 0 {
            do throws(SQLFailure) {
                try take([(number, batch)], into: database, by: write)
                return
            } catch {
                refused(error)
            }
        }
        try outbox.keep(batch, number: number)
    }

    /// Writes everything that is kept.
    func replay(by write: (PendingWrites, Database) throws(SQLFailure) -> Void) throws(SQLFailure) {
        guard let database else { return }
        while outbox.count > 0 {
            let batches = try outbox.oldest(Self.replayed)
            guard let last = batches.last?.number else { return }
            try take(batches, into: database, by: write)
            try outbox.forget(through: last)
        }
    }

    /// First without savepoints; when a row is refused, once more with them, so that it alone is given up.
    private func take(
        _ batches: [(number: Int64, batch: PendingWrites)], into database: Database,
        by write: (PendingWrites, Database) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        guard case .postgres(let connection) = database.engine else { return }
        connection.usesSavepoints = false
        defer { connection.usesSavepoints = true }
        do throws(SQLFailure) {
            try transfer(batches, to: database, by: write)
        } catch  where error.kind == .spoiled {
            connection.usesSavepoints = true
            try transfer(batches, to: database, by: write)
        }
    }

    private func transfer(
        _ batches: [(number: Int64, batch: PendingWrites)], to database: Database,
        by write: (PendingWrites, Database) throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        try database.repeatedTransaction { () throws(SQLFailure) in
            for (number, batch) in batches {
                if try claim(number, in: database) { try write(batch, database) }
            }
        }
    }

    /// Moves the server's position on; answers whether the batch of this number is new to it.
    private func claim(_ number: Int64, in database: Database) throws(SQLFailure) -> Bool {
        try database.run(
            """
            INSERT INTO outboxes (id, position) VALUES (?, ?)
            ON CONFLICT (id) DO UPDATE SET position = excluded.position, updated_at = now()
            WHERE outboxes.position < excluded.position
            """, [SQLValue(outbox.id), .integer(number)]) > 0
    }

    /// Asks the server whether it is there, and takes note of what others have changed.
    func look() throws(SQLFailure) {
        guard let database, case .postgres(let connection) = database.engine else { return }
        try connection.execute("")
        let tables = connection.takeNotifications()
        foreignChanges += Int64(tables.count)
        companyChanges += Int64(tables.count { CompanyTable.tables.contains($0) })
    }
}
