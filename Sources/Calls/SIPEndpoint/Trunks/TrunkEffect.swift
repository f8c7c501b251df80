import Directory
import SIP
import Wire

/// What a trunk wants done.
enum TrunkEffect {
    /// Find the servers of one of its targets, and tell `TrunkTable.located`.
    case locate(trunk: String, TrunkTarget)
    case send(TrunkRequest)
}

/// A request a trunk makes for itself.
struct TrunkRequest {
    enum Purpose: Hashable {
        case registration(UInt64)
        case keepAlive(Flow)
    }

    let trunk: String
    let purpose: Purpose
    let request: SIPRequest
    let flow: Flow
}

/// What became of a request of a trunk.
enum TrunkOutcome {
    case answered(SIPResponse)
    case failed(TransactionFailure)
}

/// What trunks have to know of the endpoint they belong to.
struct TrunkSurroundings {
    /// How long a server may be silent while there is another to try.
    let patience: Duration
    /// The Contact of a user of ours, as the server at the other end of a flow reaches it.
    let contact: (_ user: String?, _ flow: Flow) -> NameAddress
    let entropy: () -> Entropy
}

/// One trunk for metrics.
package struct TrunkStatistics: Sendable {
    package var status: TrunkStatus
    /// Neither its servers nor its registrar are known to fail us; nil of a trunk that is switched off.
    package var isUp: Bool?
    package var counts: TrunkCounts
}

/// What passed through a trunk; it only grows.
package struct TrunkCounts: Sendable, Equatable {
    /// INVITEs sent, one for each server that was tried.
    package var attempts: UInt64 = 0
    package var answers: UInt64 = 0
    /// Ends that somebody behind the trunk meant: busy, declined, no such number.
    package var refusals: UInt64 = 0
    /// Ends that were the trunk's own fault: silence, 5xx, no way there.
    package var failures: UInt64 = 0
    /// INVITEs that came by it.
    package var received: UInt64 = 0
    /// Of those, the ones that found no free channel.
    package var crowded: UInt64 = 0

    package init(
        attempts: UInt64 = 0, answers: UInt64 = 0, refusals: UInt64 = 0, failures: UInt64 = 0, received: UInt64 = 0,
        crowded: UInt64 = 0
    ) {
        (self.attempts, self.answers, self.refusals, self.failures) = (attempts, answers, refusals, failures)
        (self.received, self.crowded) = (received, crowded)
    }
}
