import Directory
import Wire

/// One step of the schema, applied once and for ever: a published step is never edited, only followed.
struct Migration: Sendable {
    let version: Int
    /// Each engine has the same steps under the same numbers.
    let script: @Sendable (Dialect) -> String

    static let all = [
        Migration(version: 1) {
            Schema.directory($0) + Schema.calls($0) + Schema.server($0) + Schema.ownWays(of: $0)
        },
        Migration(version: 2, script: Schema.telephony),
        Migration(version: 3, script: Schema.diagnoses),
        Migration(version: 4, script: Schema.statistics),
        Migration(version: 5, script: Schema.mango),
        Migration(version: 6, script: Schema.outbox),
        Migration(version: 7, script: Schema.search),
        Migration(version: 8, script: Schema.totals),
        Migration(version: 9, script: Schema.words),
        Migration(version: 10) { Schema.directoryChanges(in: ["settings"], of: $0) },
        Migration(version: 11) { Schema.directoryChanges(in: ["companies", "company_phones"], of: $0) },
        Migration(version: 12, script: Schema.nodes),
        Migration(version: 13, script: Schema.diagnosesKept),
        Migration(version: 15, script: Schema.blocks),
        Migration(version: 16, script: Schema.searchOfNumbers),
        Migration(version: 17, script: Schema.answers),
    ]
}

extension Database {
    /// Only one program at a time may change a server's schema.
    private static let lock = "SELECT pg_advisory_xact_lock(7410838)"

    /// Brings the database to the newest version; other processes that open it meanwhile wait.
    func migrate(_ migrations: [Migration] = Migration.all, at now: WallTime) throws(StoreError) {
        let newer: Int?
        do throws(SQLFailure) {
            newer = try transaction { () throws(SQLFailure) in try apply(migrations, at: now) }
        } catch {
            throw error.storeError(place)
        }
        guard let newer else { return }
        throw .newerSchema(path: place, version: newer, supported: migrations.last?.version ?? 0)
    }

    /// The newest step that was applied; 0 before the first.
    func schemaVersion() throws(SQLFailure) -> Int {
        Int(try integer("SELECT max(version) FROM schema_migrations") ?? 0)
    }

    /// Answers the database's version when it is beyond the last migration, and then changes nothing.
    private func apply(_ migrations: [Migration], at now: WallTime) throws(SQLFailure) -> Int? {
        if dialect == .postgres { try execute(Self.lock) }
        try execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version INTEGER PRIMARY KEY, applied_at \(dialect.time) NOT NULL)
            """)
        let current = try schemaVersion()
        if current > migrations.last?.version ?? 0 { return current }
        for migration in migrations where migration.version > current {
            try execute(migration.script(dialect))
            try run(
                "INSERT INTO schema_migrations (version, applied_at) VALUES (?, ?)",
                [SQLValue(migration.version), SQLValue(now)])
        }
        return nil
    }
}
