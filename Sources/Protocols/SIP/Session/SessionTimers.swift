import Wire

/// What a session may be waiting for.
enum SessionTimer: UInt8 {
    /// To send a 2xx again (RFC 3261 section 13.3.1.4).
    case successRetransmission
    /// The ACK of a 2xx.
    case acknowledgement
    /// A final response to an INVITE, in either direction (timer C).
    case ring
    /// To repeat a provisional response.
    case provisionalRefresh
    /// To send a reliable provisional response again (RFC 3262 section 3).
    case reliableRetransmission
    /// The PRACK of a reliable provisional response.
    case reliableLimit
    /// What a cancelled INVITE brings (section 9.1).
    case cancellation
    /// To try an offer again after 491 (section 14.1).
    case glare
    /// An answer to an offer, in either direction, after the session was set up.
    case offer
    /// To refresh the session (RFC 4028).
    case refresh
    /// The end of a session that nobody refreshed.
    case expiry
    /// What becomes of a REFER of ours.
    case transfer
    /// The end of everything a session that is over still does.
    case leftovers
}

/// The deadlines of one session; those that are not armed take no room.
struct SessionTimers: Sendable {
    private var armed: [(timer: SessionTimer, deadline: Instant)] = []

    subscript(timer: SessionTimer) -> Instant? {
        get { armed.first { $0.timer == timer }?.deadline }
        set {
            if let place = armed.firstIndex(where: { $0.timer == timer }) { armed.remove(at: place) }
            if let newValue { armed.append((timer, newValue)) } else if armed.isEmpty { armed = [] }
        }
    }

    var next: Instant { armed.lazy.map(\.deadline).min() ?? .never }

    /// Takes one timer that is due.
    mutating func popDue(_ now: Instant) -> SessionTimer? {
        guard let index = armed.indices.min(by: { armed[$0].deadline < armed[$1].deadline }),
            armed[index].deadline <= now
        else { return nil }
        return armed.remove(at: index).timer
    }
}
