import Directory
import Wire

/// One step of the schema, applied once and for ever: a published step is never edited, only followed.
struct Migration: Sendable {
    let version: Int
    let script: String

    static let all = [
        Migration(version: 1, script: Schema.directory + Schema.calls + Schema.server),
        Migration(version: 2, script: Schema.telephony),
        Migration(version: 3, script: Schema.diagnoses),
        Migration(version: 4, script: Schema.statistics),
    ]
}

extension SQLiteConnection {
    /// Brings the file to the newest version; other processes that open it meanwhile wait for the write lock.
    func migrate(_ migrations: [Migration] = Migration.all, at now: WallTime) throws(StoreError) {
        let newer: Int?
        do throws(SQLiteFailure) {
            newer = try transaction { () throws(SQLiteFailure) in try apply(migrations, at: now) }
        } catch {
            throw error.storeError(path: path)
        }
        guard let newer else { return }
        throw .newerSchema(path: path, version: newer, supported: migrations.last?.version ?? 0)
    }

    /// Answers the file's version when it is beyond the last migration, and then changes nothing.
    private func apply(_ migrations: [Migration], at now: WallTime) throws(SQLiteFailure) -> Int? {
        try run(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)")
        let current = Int(try integer("SELECT max(version) FROM schema_migrations") ?? 0)
        if current > migrations.last?.version ?? 0 { return current }
        for migration in migrations where migration.version > current {
            try execute(migration.script)
            try run(
                "INSERT INTO schema_migrations (version, applied_at) VALUES (?, ?)",
                [SQLiteValue(migration.version), SQLiteValue(now)])
        }
        return nil
    }
}
