import Directory
import Reactor
import Synchronization
import Wire

/// A few connections that only read, each on a thread of its own, so that a long list holds up neither writes nor others.
final class PostgresReaders: Sendable {
    /// What is being asked at the same time.
    static let count = 3

    private let readers: [PostgresReader]
    private let next = Atomic(0)

    init(_ address: PostgresAddress) {
        readers = (1...Self.count).map { PostgresReader(address, name: "store-reader-\($0)") }
    }

    func read<Value: Sendable>(
        _ body: @Sendable (Database) throws(SQLFailure) -> Value
    ) async throws(StoreError) -> Value {
        let turn = next.add(1, ordering: .relaxed).oldValue
        return try await readers[turn % readers.count].read(body)
    }

    func stop() {
        for reader in readers { reader.stop() }
    }
}

/// One of them; connected when it is first asked, and again after a failure.
private actor PostgresReader {
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let thread: BlockingThread
    private let address: PostgresAddress
    private var connection: PostgresConnection?

    /// How long one answer may take; the longest lists of a million calls come in a fraction of it.
    private static let patience = Duration.seconds(30)

    init(_ address: PostgresAddress, name: String) {
        self.address = address
        thread = BlockingThread(name: name)
    }

    func read<Value: Sendable>(_ body: (Database) throws(SQLFailure) -> Value) throws(StoreError) -> Value {
        do throws(SQLFailure) {
            let isFresh = connection == nil
            do throws(SQLFailure) {
                return try attempt(body)
            } catch  where error.kind == .unreachable && !isFresh {
                // The server was started anew since the last question, which a new connection does not notice.
                return try attempt(body)
            }
        } catch {
            throw error.storeError("\(address)")
        }
    }

    private func attempt<Value>(_ body: (Database) throws(SQLFailure) -> Value) throws(SQLFailure) -> Value {
        let open: PostgresConnection
        if let connection { open = connection } else { open = try connect() }
        connection = open
        do throws(SQLFailure) {
            return try body(Database(.postgres(open)))
        } catch {
            if open.isBroken { connection = nil }
            throw error
        }
    }

    /// A plan that is good for one caller or text reads every call for another, so each question has a plan of its own; and
    /// none takes so long that it would be worth compiling.
    private func connect() throws(SQLFailure) -> PostgresConnection {
        let connection = try PostgresConnection(address, patience: Self.patience)
        try connection.execute("SET plan_cache_mode = force_custom_plan; SET jit = off; SET work_mem = '16MB'")
        return connection
    }

    nonisolated func stop() { thread.stop() }
}
