import SIP

/// Which leg is which session, until the leg's last event.
///
/// A leg that goes out may have several sessions, one after another, and none while its servers are looked up.
struct LegTable {
    private struct Entry {
        let callID: String
        var session: SessionID?
        /// The trunk whose channel it holds.
        var trunk: String?
    }

    private var entries: [SIPLegID: Entry] = [:]
    private var legs: [SessionID: SIPLegID] = [:]
    private var lastLeg: UInt64 = 0

    var count: Int { entries.count }

    mutating func add(_ session: SessionID?, callID: String, trunk: String? = nil) -> SIPLegID {
        lastLeg += 1
        let leg = SIPLegID(rawValue: lastLeg)
        entries[leg] = Entry(callID: callID, session: session, trunk: trunk)
        if let session { legs[session] = leg }
        return leg
    }

    func contains(_ leg: SIPLegID) -> Bool { entries[leg] != nil }
    func session(_ leg: SIPLegID) -> SessionID? { entries[leg]?.session }
    func callID(_ leg: SIPLegID) -> String? { entries[leg]?.callID }
    func leg(_ session: SessionID) -> SIPLegID? { legs[session] }

    /// Gives a leg its next session; what the one before does no longer concerns the leg.
    mutating func bind(_ leg: SIPLegID, to session: SessionID?, trunk: String?) {
        guard let entry = entries[leg] else { return }
        if let before = entry.session { legs[before] = nil }
        entries[leg] = Entry(callID: entry.callID, session: session, trunk: trunk)
        if let session { legs[session] = leg }
    }

    /// The trunk whose channel a leg holds.
    func trunk(_ leg: SIPLegID) -> String? { entries[leg]?.trunk }

    mutating func remove(_ leg: SIPLegID) {
        guard let entry = entries.removeValue(forKey: leg) else { return }
        if let session = entry.session { legs[session] = nil }
    }
}
