package import SIP

/// What the endpoint did and holds, for metrics.
///
/// Counts only grow; the rest is as it is now.
package struct SIPStatistics: Sendable {
    /// Requests answered by us or by peers, by method and final status.
    package var requests: [AnsweredRequest: UInt64]
    package var transactions: TransactionCounts
    package var openTransactions: Int
    /// INVITE sessions with their leftovers.
    package var dialogs: Int
    /// Legs whose last event has not come.
    package var legs: Int
    /// Accounts with a live contact, and all live contacts.
    package var registeredAccounts: Int
    package var contacts: Int
    package var connections: Int
    /// Our registrations upstream that hold, of how many.
    package var upstreamRegistered: Int
    package var upstreamAccounts: Int
    /// In the order they were set.
    package var trunks: [TrunkStatistics]
    package var counters: SIPCounters
}

/// Counts of the endpoint itself.
package struct SIPCounters: Sendable, Equatable {
    /// What could not be read.
    package var malformed: UInt64 = 0
    package var authenticationFailures: UInt64 = 0
    /// Calls refused with 503 because of draining or want of room.
    package var refused: UInt64 = 0
    /// Messages dropped unanswered.
    package var dropped = DropCounts()
    /// Sources banned so far.
    package var bans: UInt64 = 0
}

extension SIPEndpoint {
    package func statistics() -> SIPStatistics {
        var counters = counters
        (counters.dropped, counters.bans) = (sources.dropped, sources.banCount)
        return SIPStatistics(
            requests: agent.counts.answered, transactions: agent.counts, openTransactions: agent.transactionCount,
            dialogs: agent.sessionCount, legs: legs.count, registeredAccounts: bindings.accountCount,
            contacts: bindings.bindingCount, connections: transports?.connectionCount ?? 0,
            upstreamRegistered: trunks.heldRegistrations, upstreamAccounts: trunks.wantedRegistrations,
            trunks: trunks.statistics,
            counters: counters)
    }
}
