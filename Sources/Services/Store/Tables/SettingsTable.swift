import Directory
import Wire

/// Reads and writes what the server keeps for itself, and what administrators set of it: a row for each value.
enum SettingsTable {
    private static let (firstPort, lastPort) = ("rtp_port_min", "rtp_port_max")

    /// Values that are none are passed over: the program is to start whatever somebody wrote there.
    static func read(_ database: Database) throws(SQLFailure) -> ServerSettings {
        let (first, last) = (try port(firstPort, in: database), try port(lastPort, in: database))
        guard let first, let last, first < last else { return ServerSettings() }
        return ServerSettings(rtpPorts: first...last)
    }

    static func write(_ settings: ServerSettings, to database: Database) throws(SQLFailure) {
        try set(firstPort, to: settings.rtpPorts.map { "\($0.lowerBound)" }, in: database)
        try set(lastPort, to: settings.rtpPorts.map { "\($0.upperBound)" }, in: database)
    }

    static func value(_ name: String, in database: Database) throws(SQLFailure) -> String? {
        try database.query("SELECT value FROM settings WHERE name = ?", [.text(name)]) { $0.text(0) }.first
    }

    /// Nil takes the value back.
    static func set(_ name: String, to value: String?, in database: Database) throws(SQLFailure) {
        guard let value else {
            try database.run("DELETE FROM settings WHERE name = ?", [.text(name)])
            return
        }
        try database.run(
            """
            INSERT INTO settings (name, value) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = \(Schema.now)
            """, [.text(name), .text(value)])
    }

    private static func port(_ name: String, in database: Database) throws(SQLFailure) -> UInt16? {
        try value(name, in: database).flatMap { ASCII.decimal($0.utf8, maximumDigits: 5) }.flatMap(
            UInt16.init(exactly:))
    }
}
