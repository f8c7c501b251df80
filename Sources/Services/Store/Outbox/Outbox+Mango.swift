import CallModel
import Wire

/// Events of the exchange that wait for the server.
///
/// They are no batch of writes: what follows from them is only known when the server can be asked.
extension Outbox {
    func postpone(_ event: StoredMangoEvent) throws(SQLFailure) -> KeptMangoEvent {
        let key = SQLValue.text(event.dedupeKey)
        if let number = try database.integer("SELECT id FROM mango_events WHERE dedupe_key = ?", [key]) {
            return KeptMangoEvent(id: number, isKnown: true, reply: nil)
        }
        return KeptMangoEvent(
            id: try database.insert(MangoEventTable.insertion, MangoEventTable.values(of: event)), isKnown: false,
            reply: nil)
    }

    func nextPostponed() throws(SQLFailure) -> (number: Int64, event: StoredMangoEvent)? {
        try database.query(
            "SELECT \(MangoEventTable.columns), id FROM mango_events WHERE NOT is_parked ORDER BY id LIMIT 1"
        ) { row in (number: row.integer(10), event: MangoEventTable.event(from: row)) }.first
    }

    func postponedCount() throws(SQLFailure) -> Int {
        Int(try database.integer("SELECT count(*) FROM mango_events WHERE NOT is_parked") ?? 0)
    }

    func forgetPostponed(_ number: Int64) throws(SQLFailure) {
        try database.run("DELETE FROM mango_events WHERE id = ?", [.integer(number)])
    }

    func parkPostponed(_ number: Int64) throws(SQLFailure) {
        try database.run("UPDATE mango_events SET is_parked = 1 WHERE id = ?", [.integer(number)])
    }
}
