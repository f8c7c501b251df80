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
        let number = try database.insert(MangoEventTable.insertion, MangoEventTable.values(of: event))
        eventCounts.waiting += 1
        return KeptMangoEvent(id: number, isKnown: false, reply: nil)
    }

    func nextPostponed() throws(SQLFailure) -> (number: Int64, event: StoredMangoEvent)? {
        try database.query(
            "SELECT \(MangoEventTable.columns), id FROM mango_events WHERE NOT is_parked ORDER BY id LIMIT 1"
        ) { row in (number: row.integer(10), event: MangoEventTable.event(from: row)) }.first
    }

    /// Looks how many there are; from then on they are counted as they come and go.
    func countEvents() throws(SQLFailure) {
        let all = Int(try database.integer("SELECT count(*) FROM mango_events") ?? 0)
        let parked = Int(try database.integer("SELECT count(*) FROM mango_events WHERE is_parked") ?? 0)
        eventCounts = (all - parked, parked)
    }

    func forgetPostponed(_ number: Int64) throws(SQLFailure) {
        eventCounts.waiting -= try database.run(
            "DELETE FROM mango_events WHERE id = ? AND NOT is_parked", [.integer(number)])
    }

    func parkPostponed(_ number: Int64) throws(SQLFailure) {
        let parked = try database.run(
            "UPDATE mango_events SET is_parked = 1 WHERE id = ? AND NOT is_parked", [.integer(number)])
        eventCounts = (eventCounts.waiting - parked, eventCounts.parked + parked)
    }

    /// Lets those wait again that were refused, in their old places.
    func retryParked() throws(SQLFailure) {
        try database.run("UPDATE mango_events SET is_parked = 0 WHERE is_parked")
        eventCounts = (eventCounts.waiting + eventCounts.parked, 0)
    }
}
