import Directory
import Wire

/// Reads and writes what users may spend.
enum LimitsTable {
    static func read(_ database: Database) throws(SQLFailure) -> [Int64: TollLimits] {
        let rows = try database.query(
            "SELECT user_id, allowed, denied, concurrent_calls, calls_per_hour, minutes_per_hour FROM user_limits"
        ) { row in
            var limits = TollLimits()
            (limits.allowed, limits.denied) = (prefixes(row.text(1)), prefixes(row.text(2)))
            limits.concurrentCalls = row.integerIfPresent(3).map { Int($0) }
            limits.callsPerHour = row.integerIfPresent(4).map { Int($0) }
            limits.minutesPerHour = row.integerIfPresent(5).map { Int($0) }
            return (row.integer(0), limits)
        }
        return Dictionary(rows) { first, _ in first }
    }

    static func set(
        _ limits: TollLimits, ofUser id: Int64, in database: Database
    ) throws(SQLFailure) {
        guard !limits.isEmpty else {
            try database.run("DELETE FROM user_limits WHERE user_id = ?", [.integer(id)])
            return
        }
        try database.run(
            """
            INSERT INTO user_limits (user_id, allowed, denied, concurrent_calls, calls_per_hour, minutes_per_hour)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (user_id) DO UPDATE SET allowed = excluded.allowed, denied = excluded.denied,
                concurrent_calls = excluded.concurrent_calls, calls_per_hour = excluded.calls_per_hour,
                minutes_per_hour = excluded.minutes_per_hour, updated_at = \(Schema.now)
            """,
            [
                .integer(id), .text(JSONValue(limits.allowed).text), .text(JSONValue(limits.denied).text),
                SQLValue(limits.concurrentCalls), SQLValue(limits.callsPerHour),
                SQLValue(limits.minutesPerHour),
            ])
    }

    private static func prefixes(_ text: String) -> [String] {
        ((try? JSONValue(parsing: Array(text.utf8)))?.arrayValue ?? []).compactMap(\.stringValue)
    }
}
