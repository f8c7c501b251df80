package import CallModel
import Crypto
package import Directory
import Glibc
import Reactor
package import Telemetry
import Wire

/// The embedded store: one SQLite file, on a thread of its own.
///
/// Writes are queued and committed in groups: whatever has come while the disk was busy goes into one transaction. A
/// committed write outlives the process, however it ends. A disk that refuses costs no call: the newest state of each
/// waits in memory, is tried again every second, and is counted in the metrics.
package actor SQLiteStore {
    package nonisolated let nextCallID: Int64
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let thread: BlockingThread
    private nonisolated let queue: WriteQueue
    private nonisolated let metrics: StoreMetrics
    private let logger: Logger
    private let database: SQLiteConnection
    /// Set while the disk refuses writes: not before this moment is the next attempt.
    private var retryAfter: Instant?
    private var isClosed = false
    /// The highest id that a call was written under.
    private var newestCallID: Int64
    private let keyFile: KeyFile?
    private var loadedKey: SealingKey?

    /// How long writes gather before they are committed.
    ///
    /// Most changes of a call come within moments of each other: they are written once, and the thread is not woken for
    /// each. Reads do not wait, they commit what there is.
    private static let gathering = Duration.milliseconds(50)
    /// How long a refused batch waits, and how long the thread rests between looking at it.
    private static let retryInterval = Duration.seconds(1)
    private static let retryPause: UInt32 = 20_000  // microseconds

    /// Opens the file and brings its schema up to date; this blocks, so it is done before the loop runs.
    package init(
        _ location: StoreLocation, metrics: StoreMetrics = StoreMetrics(MetricRegistry()), logger: Logger = .silent
    ) throws(StoreError) {
        let path = try location.prepare()
        let database = try SQLiteConnection(path: path)
        try database.migrate(at: SystemClock.wallTime())
        do throws(SQLiteFailure) {
            let last = try database.integer("SELECT max(seq) FROM sqlite_sequence WHERE name = 'calls'")
            newestCallID = last ?? 0
            nextCallID = newestCallID + 1
        } catch {
            throw error.storeError(path: path)
        }
        self.database = database
        if case .file = location { keyFile = KeyFile(path: path + ".key") } else { keyFile = nil }
        self.metrics = metrics
        self.logger = logger
        queue = WriteQueue(metrics: metrics)
        thread = BlockingThread(name: "store")
    }

    /// Writes what waits, then ends the thread; nothing may be asked of the store afterwards.
    package nonisolated func close() async {
        await finish()
        thread.stop()
    }

    private func finish() {
        drain(isForced: true)
        isClosed = true
    }
}

// MARK: - Writing

extension SQLiteStore {
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
    private func drain(isForced: Bool = false) {
        queue.drainBegins()
        if let retryAfter, !isForced, SystemClock.now() < retryAfter { return pauseAndRetry() }
        let batch = queue.take()
        guard !batch.isEmpty else { return }
        let start = SystemClock.now()
        do throws(SQLiteFailure) {
            try database.transaction { () throws(SQLiteFailure) in try write(batch) }
            if retryAfter != nil { logger.info("the store writes again") }
            retryAfter = nil
            metrics.commits.observe((SystemClock.now() - start).inSeconds)
        } catch {
            refused(batch, error)
        }
    }

    private func refused(_ batch: PendingWrites, _ failure: SQLiteFailure) {
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

    private func write(_ batch: PendingWrites) throws(SQLiteFailure) {
        for record in batch.records {
            // Ids only grow.
            let isFirst = record.id > newestCallID
            newestCallID = max(newestCallID, record.id)
            try unlessRefused { () throws(SQLiteFailure) in
                try CallTable.write(record, isFirst: isFirst, to: database)
            }
        }
        for row in batch.rows {
            try unlessRefused { () throws(SQLiteFailure) in try row.write(to: database) }
        }
    }

    /// A row that breaks a rule of the schema is given up alone; it would be refused again for ever.
    private func unlessRefused(_ body: () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) {
        do throws(SQLiteFailure) {
            try body()
        } catch  where error.isConstraint {
            metrics.refused.increment()
            logger.warn("the database refused a row", [LogField("reason", error.message)])
        }
    }
}

// MARK: - Secrets

extension SQLiteStore {
    /// The key of sealed passwords; a store in memory has one of its own.
    func sealingKey() throws(StoreError) -> SealingKey {
        if let loadedKey { return loadedKey }
        var entropy = Entropy.system
        let key = try keyFile?.key() ?? SealingKey(using: &entropy)
        loadedKey = key
        return key
    }

    func warn(_ message: String, _ fields: [LogField]) { logger.warn(message, fields) }
}

// MARK: - Reading

extension SQLiteStore {
    /// Reads after everything queued before is written.
    func read<Value>(_ body: (SQLiteConnection) throws(SQLiteFailure) -> Value) throws(StoreError) -> Value {
        guard !isClosed else { throw .closed }
        drain()
        do throws(SQLiteFailure) {
            return try body(database)
        } catch {
            throw error.storeError(path: database.path)
        }
    }

    /// Changes something at once, as one transaction.
    ///
    /// What was queued before is written before; while the disk refuses that, so is this, or the older would come last.
    func change<Value>(_ body: (SQLiteConnection) throws(SQLiteFailure) -> Value) throws(StoreError) -> Value {
        drain(isForced: true)
        guard retryAfter == nil else { throw .failed(reason: "earlier writes are still waiting for the disk") }
        return try read { (database: SQLiteConnection) throws(SQLiteFailure) in
            try database.transaction { () throws(SQLiteFailure) in try body(database) }
        }
    }
}
