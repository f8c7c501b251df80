package import CallModel
import Crypto
package import Directory
import Glibc
import Reactor
package import Telemetry
import Wire

/// The store: one SQLite file, or a PostgreSQL server, on a thread of its own.
///
/// Writes are queued and committed in groups: whatever has come while the database was busy goes into one transaction. A
/// committed write outlives the process, however it ends. A disk that refuses costs no call: the newest state of each
/// waits in memory, is tried again every second, and is counted in the metrics. What a server does not take waits in a
/// file (`Outbox`), also across our own end.
package actor SQLStore {
    enum Engine {
        case embedded(Database)
        case server(PostgresLink)
    }

    package nonisolated var nextCallID: Int64 { numbers.first }
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    nonisolated let thread: BlockingThread
    nonisolated let queue: WriteQueue
    nonisolated let metrics: StoreMetrics
    nonisolated let logger: Logger
    nonisolated let numbers: CallNumbers
    /// Why the server does not take anything; nil while it does.
    nonisolated let absence = Locked<String?>(nil)
    /// Of a server, lists are read by others than write.
    nonisolated let readers: PostgresReaders?
    let engine: Engine
    /// Set while the disk refuses writes: not before this moment is the next attempt.
    var retryAfter: Instant?
    var isClosed = false
    /// The pause before the next attempt to reach a server.
    var pause = SQLStore.firstPause
    /// The highest id that a call was written under.
    var newestCallID: Int64
    /// The companies' numbers as they were read last, and what they were read after.
    var companies: (mark: CompanyMark, book: CompanyBook)?
    private let keyFile: KeyFile?
    private var loadedKey: SealingKey?

    /// How long writes gather before they are committed.
    ///
    /// Most changes of a call come within moments of each other: they are written once, and the thread is not woken for
    /// each. Reads do not wait, they commit what there is.
    private static let gathering = Duration.milliseconds(100)
    /// How long a refused batch waits, and how long the thread rests between looking at it.
    private static let retryInterval = Duration.seconds(1)
    private static let retryPause: UInt32 = 20_000  // microseconds

    /// Opens the file or reaches the server, and brings its schema up to date; this blocks, so it is done before the loop
    /// runs.
    package init(
        _ location: StoreLocation, metrics: StoreMetrics = StoreMetrics(MetricRegistry()), logger: Logger = .silent
    ) throws(StoreError) {
        let path = try location.prepare()
        let database: Database
        if case .server(let address, let settings) = location {
            let link = PostgresLink(address, outbox: try Outbox(path: path, megabytes: settings.megabytes))
            database = try link.open(metrics: metrics, logger: logger)
            engine = .server(link)
            readers = PostgresReaders(address)
        } else {
            database = Database(.sqlite(try SQLiteConnection(path: path)))
            try database.migrate(at: SystemClock.wallTime())
            engine = .embedded(database)
            readers = nil
        }
        do throws(SQLFailure) {
            let block = try database.reserveCallNumbers()
            numbers = CallNumbers(block)
            newestCallID = block.lowerBound - 1
        } catch {
            throw error.storeError(database.place)
        }
        keyFile = location.keyPath.map { KeyFile(path: $0) }
        metrics.isUp.set(1)
        metrics.readers.set(readers == nil ? 1 : Int64(PostgresReaders.count))
        self.metrics = metrics
        self.logger = logger
        queue = WriteQueue(metrics: metrics)
        thread = BlockingThread(name: "store")
    }

    /// Writes what waits, then ends the thread; nothing may be asked of the store afterwards.
    package nonisolated func close() async {
        await finish()
        thread.stop()
        readers?.stop()
    }

    private func finish() {
        drain(isForced: true)
        isClosed = true
        returnNumbers()
    }

    package nonisolated func callID(after id: Int64) -> Int64 { numbers.next(after: id) }
}

// MARK: - Writing

extension SQLStore {
    package nonisolated func write(_ change: CallChange) {
        if queue.add(change) { scheduleDrain() }
    }

    nonisolated func write(_ row: PendingWrites.Row) {
        if queue.add(row) { scheduleDrain() }
    }

    private nonisolated func scheduleDrain() {
        thread.execute(after: Self.gathering) { self.assumeIsolated { $0.drain() } }
    }

    package func flush() { drain(isForced: true) }

    /// Writes everything that waits in one transaction, or leaves it waiting when the disk refuses.
    func drain(isForced: Bool = false) {
        queue.drainBegins()
        if let retryAfter, !isForced, SystemClock.now() < retryAfter { return pauseAndRetry() }
        let batch = queue.take()
        guard !batch.isEmpty else { return }
        let start = SystemClock.now()
        do throws(SQLFailure) {
            try commit(batch)
            if retryAfter != nil { logger.info("the store writes again") }
            retryAfter = nil
            metrics.commits.observe((SystemClock.now() - start).inSeconds)
        } catch {
            refused(batch, error)
        }
    }

    private func commit(_ batch: PendingWrites) throws(SQLFailure) {
        switch engine {
        case .embedded(let database):
            try database.transaction { () throws(SQLFailure) in
                newestCallID = try metrics.write(batch, to: database, newest: newestCallID, logger)
            }
        case .server(let link): try hand(batch, to: link)
        }
    }

    private func refused(_ batch: PendingWrites, _ failure: SQLFailure) {
        if retryAfter == nil {
            logger.error(
                "the store cannot write; calls go on and their records wait",
                [LogField("code", failure.code), LogField("reason", failure.message)])
        }
        metrics.failures.increment()
        queue.putBack(batch)
        retryAfter = SystemClock.now() + Self.retryInterval
        pauseAndRetry()
    }

    /// The thread has no timers, so it rests a little and looks again; reads come in between.
    private func pauseAndRetry() {
        guard !isClosed, queue.claimDrain() else { return }
        thread.execute {
            self.assumeIsolated { store in
                store.rest()
                store.drain()
            }
        }
    }

    private func rest() {
        if !isClosed { usleep(Self.retryPause) }
    }
}

extension StoreMetrics {
    /// Writes a batch, `newest` being the highest number of a call so far; answers the one afterwards.
    func write(
        _ batch: PendingWrites, to database: Database, newest: Int64, _ logger: Logger
    ) throws(SQLFailure) -> Int64 {
        let known = newest
        var newest = newest
        for snapshot in batch.snapshots {
            // Ids only grow.
            let isFirst = snapshot.record.id > newest
            newest = max(newest, snapshot.record.id)
            try unlessRefused(database, logger) { () throws(SQLFailure) in
                try CallTable.write(snapshot.record, isFirst: isFirst, to: database)
            }
        }
        for row in batch.rows {
            try unlessRefused(database, logger) { () throws(SQLFailure) in
                try row.write(to: database, isFirst: row.isFirst(after: known))
            }
        }
        return newest
    }

    /// A row that breaks a rule of the schema is given up alone; it would be refused again for ever.
    private func unlessRefused(
        _ database: Database, _ logger: Logger, _ body: () throws(SQLFailure) -> Void
    ) throws(SQLFailure) {
        do throws(SQLFailure) {
            try database.guarded(body)
        } catch  where error.isConstraint {
            refused.increment()
            logger.warn("the database refused a row", [LogField("reason", error.message)])
        }
    }
}

// MARK: - Secrets

extension SQLStore {
    /// The key of sealed passwords; a store in memory has one of its own.
    func sealingKey() throws(StoreError) -> SealingKey {
        if let loadedKey { return loadedKey }
        var entropy = Entropy.system
        let key = try keyFile?.key() ?? SealingKey(using: &entropy)
        loadedKey = key
        return key
    }
}

// MARK: - Reading

extension SQLStore {
    /// Reads after everything queued before is written.
    func read<Value: Sendable>(
        _ body: @Sendable (Database) throws(SQLFailure) -> Value
    ) async throws(StoreError) -> Value {
        let start = SystemClock.now()
        metrics.openReads.add(1)
        defer {
            metrics.openReads.add(-1)
            metrics.reads.observe((SystemClock.now() - start).inSeconds)
        }
        guard let scope = TraceContext.scope else { return try await readNow(body) }
        let system = readers == nil ? "sqlite" : "postgresql"
        return try await scope.measure("db.query", .client, [LogField("db.system.name", system)]) {
            () async throws(StoreError) in try await readNow(body)
        }
    }

    private func readNow<Value: Sendable>(
        _ body: @Sendable (Database) throws(SQLFailure) -> Value
    ) async throws(StoreError) -> Value {
        guard !isClosed else { throw .closed }
        drain()
        if case .embedded(let database) = engine { return try Self.attempt(database, body) }
        try requireServer()
        guard let readers else { throw .closed }
        return try await readers.read(body)
    }

    /// Changes something at once, as one transaction.
    ///
    /// What was queued before is written before; while the disk refuses that, so is this, or the older would come last.
    func change<Value>(_ body: (Database) throws(SQLFailure) -> Value) throws(StoreError) -> Value {
        guard !isClosed else { throw .closed }
        drain(isForced: true)
        guard retryAfter == nil else { throw .failed(reason: "earlier writes are still waiting for the disk") }
        let database: Database
        switch engine {
        case .embedded(let embedded): database = embedded
        case .server: database = try requireServer()
        }
        do throws(StoreError) {
            return try Self.attempt(database) { (database: Database) throws(SQLFailure) in
                try database.repeatedTransaction { () throws(SQLFailure) in try body(database) }
            }
        } catch {
            if case .unavailable(let reason) = error { lost(reason) }
            throw error
        }
    }

    private static func attempt<Value>(
        _ database: Database, _ body: (Database) throws(SQLFailure) -> Value
    ) throws(StoreError) -> Value {
        do throws(SQLFailure) {
            return try body(database)
        } catch {
            throw error.storeError(database.place)
        }
    }
}
