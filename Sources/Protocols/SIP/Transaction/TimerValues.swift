/// The base values all SIP timers derive from (RFC 3261 section 17 and table 4).
///
/// | timer | value | where |
/// |---|---|---|
/// | A, B | T1 doubling, 64·T1 | INVITE client, Calling |
/// | C | `ringLimit` | INVITE session: an unanswered call that rings too long |
/// | D | `32 s` or 0 | INVITE client, Completed |
/// | E, F | T1 doubling to T2, 64·T1 | non-INVITE client, Trying and Proceeding |
/// | G, H | T1 doubling to T2, 64·T1 | INVITE server, Completed |
/// | I | T4 or 0 | INVITE server, Confirmed |
/// | J | 64·T1 or 0 | non-INVITE server, Completed |
/// | K | T4 or 0 | non-INVITE client, Completed |
/// | L | 64·T1 | INVITE server, Accepted (RFC 6026) |
/// | M | 64·T1 | INVITE client, Accepted (RFC 6026) |
package struct TimerValues: Hashable, Sendable {
    /// An estimate of the round-trip time.
    package var t1: Duration
    /// The longest interval between retransmissions of anything but an INVITE request.
    package var t2: Duration
    /// How long a message may stay in the network.
    package var t4: Duration
    /// Timer D over an unreliable transport.
    package var responseAbsorption: Duration
    /// Timer C, kept by the session: how long an INVITE may go without a final response.
    package var ringLimit: Duration
    /// How often a ringing callee repeats its provisional response (RFC 3261 section 13.3.1.1).
    package var provisionalRefresh: Duration

    package init(
        t1: Duration = .milliseconds(500), t2: Duration = .seconds(4), t4: Duration = .seconds(5),
        responseAbsorption: Duration = .seconds(32), ringLimit: Duration = .seconds(180),
        provisionalRefresh: Duration = .seconds(60)
    ) {
        self.t1 = t1
        self.t2 = t2
        self.t4 = t4
        self.responseAbsorption = responseAbsorption
        self.ringLimit = ringLimit
        self.provisionalRefresh = provisionalRefresh
    }

    /// 64·T1: how long anything waits for its answer.
    ///
    /// By doubling, for a multiplication of durations takes a hundred times as long.
    package var transactionTimeout: Duration {
        var time = t1
        for _ in 0..<6 { time += time }
        return time
    }

    /// The interval after `interval`: doubled, but never past `limit`.
    func doubled(_ interval: Duration, limit: Duration = .seconds(1 << 20)) -> Duration {
        min(interval + interval, limit)
    }
}
